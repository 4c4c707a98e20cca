"""Accounts by the thousand: opened without password, and one-time codes for those that wait for their holders.

Names are made of the organisation's code and a number. Codes are made when they are handed out and kept nowhere. COPY
is refused under row security, so rows travel as one JSON value.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, text

from banyan.kernel.context import Context
from banyan.kernel.counting import count
from banyan.kernel.db.base import new_id
from banyan.kernel.values import OrgRef
from banyan.modules.accounts import rules, strength
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.services import codes
from banyan.modules.accounts.services.accounts import METRIC
from banyan.modules.audit.services import Subject, record
from banyan.modules.tenancy.services.organisations import among

MEMBER_ROLE, MEMBER_REACH = "member", "self"
_LAST = text("""
SELECT org_id, max(CAST(substring(sign_in_name FROM '-([0-9]{1,9})$') AS bigint)) FROM account
WHERE org_id = ANY (CAST(:orgs AS uuid[])) AND sign_in_name ~ '-[0-9]{1,9}$' GROUP BY org_id
""")
_INSERT = text("""
INSERT INTO account (id, org_id, org_path, sign_in_name, display_name, phone, person_id, password_policy, status,
    created_at, created_by, version, operator, password_due)
SELECT r.id, r.org_id, r.org_path, r.sign_in_name, r.display_name, '', r.person_id, :policy, 'active',
    :now, CAST(:who AS uuid), 1, false, false
FROM json_to_recordset(CAST(:rows AS json)) AS r(
    id uuid, org_id uuid, org_path text, sign_in_name text, display_name text, person_id uuid
)
""")
_CODES = text("""
INSERT INTO registration_code (id, org_id, org_path, code_hash, hint, role, reach, note, created_by, created_at,
    expires_at, account_id)
SELECT r.id, r.org_id, r.org_path, decode(r.hash, 'base64'), r.hint, :role, :reach, r.note, CAST(:who AS uuid), :now,
    :expires, r.account_id
FROM json_to_recordset(CAST(:rows AS json)) AS r(
    id uuid, org_id uuid, org_path text, hash text, hint text, note text, account_id uuid
)
""")
_WITHDRAW = text("""
UPDATE registration_code SET withdrawn_at = :now
WHERE account_id = ANY (CAST(:accounts AS uuid[])) AND used_at IS NULL AND withdrawn_at IS NULL
""")


@dataclass(frozen=True, slots=True)
class Wanted:
    """An account to be opened. :ivar org: its home. :ivar code: of the home. :ivar person_id: whose it is."""

    org: OrgRef
    code: str
    display_name: str
    person_id: UUID


@dataclass(frozen=True, slots=True)
class Handed:
    """A code for an account, which nobody will see again."""

    account_id: UUID
    sign_in_name: str
    code: str


def open_for_persons(ctx: Context, wanted: Sequence[Wanted]) -> list[UUID]:
    """Open an account for each of ``wanted``, in their order; a person who has one keeps it. They hold no roles.

    Whoever calls has decided that it may be.
    """
    persons = [one.person_id for one in wanted]
    known: dict[UUID | None, UUID] = {
        person: account
        for account, person in ctx.session.execute(
            select(Account.id, Account.person_id).where(Account.person_id.in_(persons)).order_by(Account.id.desc())
        )
    }
    fresh = [one for one in wanted if one.person_id not in known]
    if fresh:
        rows = _named(ctx, fresh)
        values = {"policy": strength.POLICY, "now": ctx.clock.now(), "who": ctx.actor.account_id}
        ctx.session.execute(_INSERT, {**_json(rows), **values})
        for one, row in zip(fresh, rows, strict=True):
            known[one.person_id] = row["id"]
        _tell(ctx, fresh)
    return [known[person] for person in persons]


def _tell(ctx: Context, fresh: Sequence[Wanted]) -> None:
    for org, number in Counter(one.org for one in fresh).items():
        count(ctx.session, org, METRIC, number)
    after = {"accounts": len(fresh)}
    record(ctx, "accounts.members.open", Subject("account", "", fresh[0].display_name), org=fresh[0].org, after=after)


def _named(ctx: Context, wanted: Sequence[Wanted]) -> list[dict[str, Any]]:
    """Rows with names that nobody has; two who open accounts in one tree take turns."""
    key = f"account-names:{wanted[0].org.path.partition('.')[0]}"
    ctx.session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), {"key": key})
    orgs = sorted({one.org.id for one in wanted})
    last = Counter({org: number or 0 for org, number in ctx.session.execute(_LAST, {"orgs": orgs})})
    rows = [
        {
            "id": new_id(),
            "org_id": one.org.id,
            "org_path": one.org.path,
            "sign_in_name": _next(last, one),
            "display_name": one.display_name,
            "person_id": one.person_id,
        }
        for one in wanted
    ]
    while taken := _taken(ctx, rows):
        for one, row in zip(wanted, rows, strict=True):
            if row["sign_in_name"] in taken:
                row["sign_in_name"] = _next(last, one)
    return rows


def _next(last: Counter[UUID], one: Wanted) -> str:
    last[one.org.id] += 1
    return f"{one.code}-{last[one.org.id]:04d}"


def _taken(ctx: Context, rows: Iterable[Mapping[str, Any]]) -> set[str]:
    names = sorted(row["sign_in_name"] for row in rows)
    return set(ctx.session.scalars(select(Account.sign_in_name).where(Account.sign_in_name == among(names))))


def issue_codes(ctx: Context, accounts: Sequence[Account]) -> list[Handed]:
    """A fresh one-time code for each account that has no password yet; earlier ones open nothing any more.

    Whoever calls has decided that it may be.
    """
    waiting = [account for account in accounts if account.password_hash is None and account.status == "active"]
    if not waiting:
        return []
    now = ctx.clock.now()
    ctx.session.execute(_WITHDRAW, {"now": now, "accounts": [account.id for account in waiting]})
    made = [(account, rules.new_code()) for account in waiting]
    rows = [
        {
            "id": new_id(),
            "org_id": account.org_id,
            "org_path": account.org_path,
            "hash": base64.b64encode(codes.hashed(code)).decode(),
            "hint": code[-2:],
            "note": account.display_name,
            "account_id": account.id,
        }
        for account, code in made
    ]
    values = {"role": MEMBER_ROLE, "reach": MEMBER_REACH, "who": ctx.actor.account_id, "now": now}
    ctx.session.execute(_CODES, {**_json(rows), **values, "expires": rules.code_expiry(now)})
    subject = Subject("account", str(waiting[0].id), waiting[0].sign_in_name)
    record(ctx, "accounts.members.codes", subject, org=waiting[0].org, after={"codes": len(waiting)})
    return [Handed(account.id, account.sign_in_name, rules.shown_code(code)) for account, code in made]


def _json(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {"rows": orjson.dumps(list(rows), default=str).decode()}
