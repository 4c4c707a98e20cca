"""A session cookie that comes back from another kind of browser was copied: its session ends.

A browser keeps its kind and its system for as long as it runs, also through updates. Who copies the cookie and lies
about the browser as well is not found by this; the end of idle sessions, asking again before what is dangerous, and the
list of one's own sessions are there for that.
"""

from __future__ import annotations

from banyan.kernel.context import Context
from banyan.kernel.db.scoped import NOWHERE
from banyan.kernel.runtime import runtime
from banyan.kernel.values import Actor
from banyan.modules.accounts import rules
from banyan.modules.accounts.services import sessions
from banyan.modules.accounts.services.identity import Identity
from banyan.modules.audit.services import Subject


def elsewhere(found: Identity, user_agent: str, address: str, request_id: str) -> bool:
    """Whether the session of ``found`` is used in another kind of browser than it began in; it ends then.

    What is not known as a browser to begin with (a program, a very old one) is not held to anything.
    """
    family = rules.browser_family(found.user_agent)
    if not family or family == rules.browser_family(user_agent):
        return False
    running = runtime()
    with running.db.session(NOWHERE) as session:
        actor = Actor(found.account_id, found.sign_in_name, "session", found.home, address=address)
        ctx = Context(session, actor, None, running.clock, request_id)
        subject = Subject("account", str(found.account_id), found.sign_in_name)
        sessions.end_copied(ctx, found.credential_id, subject, found.home, user_agent[:300])
        session.commit()
    return True
