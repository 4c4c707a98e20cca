"""What ids in an entry are called, and where the page of a thing is: names of modules above, without an import."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import has_request_context, url_for
from sqlalchemy import select
from werkzeug.routing import BuildError

from banyan.kernel.context import Context
from banyan.modules.audit.models import AuditEntry
from banyan.modules.audit.neighbours import ACCOUNT, ORG
from banyan.modules.audit.permissions import ENTRY_READ
from banyan.modules.audit.reading import reading

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOST = 200
# Kind of a subject → its page, and what the page calls the id. An organisation's page is the one of its own code.
_PAGES: Mapping[str, tuple[str, str]] = {
    "org": ("tenancy_pages.profile", ""),
    "account": ("accounts_pages.account", "account_id"),
    "grant": ("access_pages.grant", "grant_id"),
    "role": ("access_pages.own_role", "role_id"),
    "task": ("tasks_pages.task", "task_id"),
}


def of_ids(ctx: Context, entries: Sequence[AuditEntry]) -> dict[str, str]:
    """The names of organisations and accounts whose ids stand in ``entries``, as far as the reader may see them."""
    found = {one for entry in entries for value in (entry.before, entry.after) for one in _ids(value)}
    ids = [UUID(one) for one in sorted(found)[:MOST]]
    if not ids:
        return {}
    told = {}
    for table, name in ((ORG, ORG.c.name), (ACCOUNT, ACCOUNT.c.sign_in_name)):
        path = ORG.c.path if table is ORG else ACCOUNT.c.org_path
        visible = reading().visible(ctx, ENTRY_READ.name, path)
        rows = ctx.session.execute(select(table.c.id, name).where(table.c.id.in_(ids), visible))
        told.update({str(identity): called for identity, called in rows})
    return told


def _ids(value: Any) -> Iterator[str]:
    if isinstance(value, str) and _ID.fullmatch(value):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _ids(item)
    elif isinstance(value, list):
        for item in value:
            yield from _ids(item)


def page(kind: str, identity: str, code: str) -> str | None:
    """The address of a thing's page at the organisation ``code``; None where things of its kind have none."""
    known = _PAGES.get(kind)
    if known is None or not identity or not has_request_context():
        return None
    endpoint, argument = known
    if argument and not _ID.fullmatch(identity):
        return None
    values: dict[str, Any] = {"code": code, argument: identity} if argument else {"code": code}
    try:
        return url_for(endpoint, **values)
    except BuildError:
        return None
