"""What modules have against the revocation of an organisation: every installed one is asked, on or off."""

from __future__ import annotations

import structlog

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.plugins import manager

HOOK = "banyan_org_revocable"
log = structlog.get_logger(__name__)


def obstacles(ctx: Context, org: OrgRef) -> list[Text]:
    """All reasons of all modules. A module that cannot answer stands in the way itself: it may hold unremitted money.

    Each is asked behind a savepoint, so that one that fails in the database costs only its own answer.
    """
    plugins = manager.current()
    reasons: list[Text] = []
    for name, manifest in plugins.manifests.items():
        if getattr(plugins.module(name), HOOK, None) is None:
            continue
        try:
            with ctx.session.begin_nested():
                reasons.extend(plugins.tell(HOOK, name, ctx=ctx, org=org) or ())
        except Exception:
            log.exception("hook failed", hook=HOOK, plugin=name)
            reasons.append(lazy("The module “%(name)s” could not say whether it agrees.", name=manifest.label))
    return reasons
