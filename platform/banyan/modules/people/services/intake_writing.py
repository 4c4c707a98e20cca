"""The bulk form of `members.admit`: the same rows in few statements, a chunk in the transaction of its caller.

A test holds both forms to the same result. Whoever calls has checked the rows (`intake_checking`) in the same
transaction.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, text

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.counting import count
from banyan.kernel.db.base import new_id
from banyan.kernel.errors import Refused
from banyan.kernel.events import publish
from banyan.kernel.imports import ImportRow, Written
from banyan.kernel.values import OrgRef
from banyan.modules.accounts.services import in_bulk
from banyan.modules.accounts.services.in_bulk import Wanted
from banyan.modules.audit.services import Subject, record
from banyan.modules.people.events import MembersImported
from banyan.modules.people.rules import records
from banyan.modules.people.services import intake_fields, members, persons, values
from banyan.modules.people.services.periods import ENDED
from banyan.modules.people.stats import MEMBERS
from banyan.modules.tenancy.models import Org

ACTION = "people.members.import"
_BYTES = ("document_sealed", "document_index", "phone_sealed", "phone_index", "email_sealed", "email_index")
BYTES = (*_BYTES, "address_sealed")
_DATES = ("birth_date", "joined_on", "admitted_on")
_TEXTS = tuple(key for key in records.PLAIN if key not in _DATES)
_PERSONS = text("""
INSERT INTO person (id, root_id, document_index, created_at)
SELECT r.person_id, CAST(:root AS uuid), decode(r.document_index, 'base64'), :now
FROM json_to_recordset(CAST(:rows AS json)) AS r(person_id uuid, document_index text, fresh boolean) WHERE r.fresh
""")
_MEMBERS = text(f"""
INSERT INTO member (
    id, org_id, org_path, person_id, account_id, exclusive, sort_name, {", ".join(_TEXTS)}, {", ".join(_DATES)},
    {", ".join(BYTES)}, created_at, created_by, updated_at, version
)
SELECT r.id, r.org_id, r.org_path, r.person_id, r.account_id, r.exclusive, r.sort_name,
    {", ".join(f"COALESCE(r.{key}, '')" for key in _TEXTS)}, {", ".join(f"r.{key}" for key in _DATES)},
    {", ".join(f"decode(r.{key}, 'base64')" for key in BYTES)}, :now, CAST(:who AS uuid), :now, 1
FROM json_to_recordset(CAST(:rows AS json)) AS r(
    id uuid, org_id uuid, org_path text, person_id uuid, account_id uuid, exclusive boolean, sort_name text,
    {", ".join(f"{key} text" for key in _TEXTS)}, {", ".join(f"{key} date" for key in _DATES)},
    {", ".join(f"{key} text" for key in BYTES)}
)
""")  # noqa: S608 - built of our own names
_MEMBERSHIPS = text("""
INSERT INTO membership (id, org_id, org_path, member_id, person_id, began_on, began_by)
SELECT r.period_id, r.org_id, r.org_path, r.id, r.person_id, r.admitted_on, 'import'
FROM json_to_recordset(CAST(:rows AS json)) AS r(
    id uuid, period_id uuid, org_id uuid, org_path text, person_id uuid, admitted_on date
)
""")
_TOKENS = text("""
INSERT INTO member_token (token, org_path, member_id)
SELECT t.token, r.org_path, r.id
FROM json_to_recordset(CAST(:rows AS json)) AS r(id uuid, org_path text, tokens json)
CROSS JOIN LATERAL json_array_elements_text(r.tokens) AS t(token) ORDER BY t.token, r.org_path
""")


def write(ctx: Context, rows: Sequence[ImportRow]) -> Written:
    """Admit those who are new, edit those that changed."""
    fresh = [row for row in rows if row.kind == "new"]
    changed = [row for row in rows if row.kind == "changed"]
    made = _admit(ctx, fresh) if fresh else []
    for row in changed:
        data = {key: value for key, value in row.data.items() if key in (row.before or {})}
        own = intake_fields.data(row)
        data = {**data, "fields": own} if own else data
        members.edit(ctx, UUID(row.memo["id"]), data, row.memo["version"])
    ids = tuple(str(one["id"]) for one in made)
    label = str((fresh or changed)[0].data["name"])
    after = {"created": len(fresh), "changed": len(changed)}
    record(ctx, ACTION, Subject("member", ids[0] if ids else changed[0].memo["id"], label), after=after)
    publish(ctx, ctx.here, MembersImported(ids, len(changed)))
    accounts = sum(1 for one in made if one["account_id"] is not None)
    return Written({"accounts": accounts} if accounts else {}, fresh if accounts else ())


def _admit(ctx: Context, rows: Sequence[ImportRow]) -> list[dict[str, Any]]:
    places = _held(ctx, rows)
    day = today(ctx.clock)
    made = [_made(row, places[row.memo["org"]].ref, day) for row in rows]
    if rows[0].options.get("accounts"):
        wanted = [
            Wanted(places[row.memo["org"]].ref, places[row.memo["org"]].code, one["name"], one["person_id"])
            for row, one in zip(rows, made, strict=True)
        ]
        fresh = [one for one in made if one["fresh"]]
        _insert(ctx, _PERSONS, fresh, root=persons.root_of(ctx, ctx.here), now=ctx.clock.now())
        for row, one, account in zip(rows, made, in_bulk.open_for_persons(ctx, wanted), strict=True):
            one["account_id"] = account
            row.memo = {**row.memo, "account": str(account)}
    else:
        _insert(ctx, _PERSONS, made, root=persons.root_of(ctx, ctx.here), now=ctx.clock.now())
    _insert(ctx, _MEMBERS, made, now=ctx.clock.now(), who=ctx.actor.account_id)
    _insert(ctx, _MEMBERSHIPS, made)
    _insert(ctx, _TOKENS, made)
    intake_fields.write(ctx, rows, made)
    for org, number in Counter(row.memo["org"] for row in rows).items():
        count(ctx.session, places[org].ref, MEMBERS, number)
    return made


def _held(ctx: Context, rows: Sequence[ImportRow]) -> dict[str, Org]:
    """The organisations of the rows, kept from being revoked until the transaction ends."""
    ids = sorted({UUID(row.memo["org"]) for row in rows})
    statement = select(Org).where(Org.id.in_(ids)).order_by(Org.path).with_for_update(read=True)
    found = ctx.session.scalars(statement.execution_options(populate_existing=True)).all()
    if any(org.status != "active" for org in found):
        raise Refused(ENDED)
    return {str(org.id): org for org in found}


def _made(row: ImportRow, org: OrgRef, day: Any) -> dict[str, Any]:
    identity = new_id()
    known = row.memo["person"]
    made: dict[str, Any] = {"admitted_on": day, **values.columns(identity, row.data)}
    for key in BYTES:
        if made.get(key) is not None:
            made[key] = base64.b64encode(made[key]).decode()
    made |= {
        "id": identity,
        "org_id": org.id,
        "org_path": org.path,
        "person_id": UUID(known) if known else new_id(),
        "fresh": not known,
        "period_id": new_id(),
        "exclusive": row.memo["exclusive"],
        "account_id": None,
        "tokens": sorted(values.name_tokens(made["name"], made["sort_name"])),
    }
    return made


def _insert(ctx: Context, statement: Any, rows: Sequence[Mapping[str, Any]], **more: Any) -> None:
    ctx.session.execute(statement, {"rows": orjson.dumps(list(rows), default=str).decode(), **more})
