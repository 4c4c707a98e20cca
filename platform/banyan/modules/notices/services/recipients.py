"""Whom a notice is for, frozen in rows: one INSERT … SELECT for each audience."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, func, literal, null, select
from sqlalchemy.dialects.postgresql import TIMESTAMP, insert

from banyan.kernel.context import Context
from banyan.kernel.treepath import upper
from banyan.kernel.values import OrgRef
from banyan.modules.accounts.models import Account
from banyan.modules.notices.models import Notice, NoticeRecipient
from banyan.modules.notices.permissions import PUBLISH
from banyan.modules.people.models import Member
from banyan.modules.people.services import audience
from banyan.modules.tenancy.models import Org

EVERYBODY = "everybody"
COLUMNS = ("notice_id", "reader_id", "org_id", "org_path", "member_id", "person_id", "account_id", "at")


def everybody(org: OrgRef) -> dict[str, Any]:
    """The audience of an emergency: members and accounts of an organisation and of all below, whatever the links."""
    return {EVERYBODY: True, "org_id": str(org.id)}


def meant(ctx: Context, held: Mapping[str, Any]) -> Select[Any]:
    """Those whom a kept audience means: ``member_id, person_id, account_id, org_id, org_path``."""
    if not held.get(EVERYBODY):
        return audience.of(ctx, audience.from_json(ctx, held), permission=PUBLISH.name)
    lo = ctx.session.scalar(select(Org.path).where(Org.id == UUID(held["org_id"]))) or "~"
    columns: tuple[Any, ...] = (Member.id.label("member_id"), Member.person_id, Member.account_id, Member.org_id)
    members: Select[Any] = select(*columns, Member.org_path)
    members = members.where(Member.org_path >= lo, Member.org_path < upper(lo), Member.status == "active")
    of_member = select(Member.id).where(Member.account_id == Account.id, Member.status == "active").exists()
    of_account: tuple[Any, ...] = (null().cast(Uuid), Account.person_id, Account.id, Account.org_id, Account.org_path)
    others: Select[Any] = select(*of_account)
    others = others.where(Account.org_path >= lo, Account.org_path < upper(lo), Account.status == "active", ~of_member)
    both = members.union_all(others).subquery()
    return select(*both.c)


def freeze(ctx: Context, notice: Notice, held: Mapping[str, Any]) -> None:
    """Write whom an audience of a notice means now; those who are there already stay as they are."""
    found = meant(ctx, held).subquery()
    moment = literal(notice.published_at, TIMESTAMP(timezone=True))
    reader = func.coalesce(found.c.member_id, found.c.account_id)
    rows = select(literal(notice.id, Uuid), reader, found.c.org_id, found.c.org_path, found.c.member_id,
                  found.c.person_id, found.c.account_id, moment)  # fmt: skip
    statement = insert(NoticeRecipient.__table__).from_select(COLUMNS, rows).on_conflict_do_nothing()  # type: ignore[arg-type]  # a table
    ctx.session.connection().execute(statement)


def add(ctx: Context, notice: Notice, member: Member) -> None:
    """Tell one more member, who joined after it was published."""
    values = {
        "notice_id": notice.id,
        "reader_id": member.id,
        "org_id": member.org_id,
        "org_path": member.org_path,
        "member_id": member.id,
        "person_id": member.person_id,
        "account_id": member.account_id,
        "at": notice.published_at,
    }
    ctx.session.connection().execute(insert(NoticeRecipient.__table__).values(values).on_conflict_do_nothing())  # type: ignore[arg-type]  # as above


def add_accounts(ctx: Context, notice: Notice, accounts: list[UUID]) -> None:
    """Tell accounts, each at its home."""
    rows = select(literal(notice.id, Uuid), Account.id, Account.org_id, Account.org_path, null().cast(Uuid),
                  Account.person_id, Account.id, literal(notice.published_at, TIMESTAMP(timezone=True)))  # fmt: skip
    rows = rows.where(Account.id.in_(accounts), Account.status == "active")
    statement = insert(NoticeRecipient.__table__).from_select(COLUMNS, rows).on_conflict_do_nothing()  # type: ignore[arg-type]  # as above
    ctx.session.connection().execute(statement)


def counted(ctx: Context, audiences: list[Mapping[str, Any]]) -> tuple[int, int]:
    """How many some audiences mean together, and how many of them have an account. Each reader once."""
    if not audiences:
        return 0, 0
    parts = [meant(ctx, held).subquery() for held in audiences]
    readers = [select(func.coalesce(p.c.member_id, p.c.account_id).label("reader"), p.c.account_id) for p in parts]
    first, *rest = readers
    whole = first.union(*rest).subquery() if rest else first.subquery()
    row = ctx.session.connection().execute(select(func.count(), func.count(whole.c.account_id))).one()
    return row[0], row[1]


def described(ctx: Context, audiences: list[Mapping[str, Any]]) -> list[str]:
    """Each audience in a sentence."""
    return [audience.describe(ctx, audience.from_json(ctx, held)) for held in audiences if not held.get(EVERYBODY)]
