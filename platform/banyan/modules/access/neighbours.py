"""Tables of modules above this one, by the columns that are needed: names without an import."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Text, Uuid, column, or_, select, table
from sqlalchemy.orm import Session

from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound, Refused
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef

C = Text(collation="C")
ORG = table(
    "org",
    column("id", Uuid),
    column("path", C),
    column("code", C),
    column("name", Text),
    column("link", C),
    column("status", C),
)
ACCOUNT = table(
    "account",
    column("id", Uuid),
    column("org_id", Uuid),
    column("org_path", C),
    column("sign_in_name", C),
    column("display_name", Text),
    column("status", C),
)


class AccountRow(NamedTuple):
    """An account as grants need it. ``home`` is the organisation that opened it."""

    id: UUID
    sign_in_name: str
    display_name: str
    status: str
    home: OrgRef


class Place(NamedTuple):
    """An organisation with its names."""

    ref: OrgRef
    code: str
    name: str


_ACCOUNT = (
    ACCOUNT.c.id,
    ACCOUNT.c.sign_in_name,
    ACCOUNT.c.display_name,
    ACCOUNT.c.status,
    ACCOUNT.c.org_id,
    ACCOUNT.c.org_path,
)
_PLACE = (ORG.c.id, ORG.c.path, ORG.c.code, ORG.c.name)


def account(ctx: Context, identity: UUID, *, lock: bool = False) -> AccountRow | None:
    """The account with ``identity``, whoever asks; the caller decides whether they may know.

    :param lock: hold its row, so that two grants to one account do not pass each other unseen.
    """
    statement = select(*_ACCOUNT).where(ACCOUNT.c.id == identity)
    if lock:
        statement = statement.with_for_update(key_share=True)
    row = ctx.session.execute(statement).first()
    return AccountRow(row[0], row[1], row[2], row[3], OrgRef(row[4], row[5])) if row else None


def account_named(ctx: Context, name: str) -> AccountRow | None:
    """The account with a sign-in name, whoever asks."""
    row = ctx.session.execute(select(*_ACCOUNT).where(ACCOUNT.c.sign_in_name == name.strip().casefold())).first()
    return AccountRow(row[0], row[1], row[2], row[3], OrgRef(row[4], row[5])) if row else None


def accounts_like(ctx: Context, text: str, within: ColumnElement[bool], limit: int) -> list[tuple[str, str]]:
    """Sign-in name and name of active accounts whose sign-in name begins with ``text`` or whose name holds it.

    :param within: the predicate of accounts the reader may see.
    """
    text = text.replace("\x00", "")
    named = or_(
        ACCOUNT.c.sign_in_name.startswith(text.casefold(), autoescape=True),
        ACCOUNT.c.display_name.contains(text, autoescape=True),
    )
    statement = select(ACCOUNT.c.sign_in_name, ACCOUNT.c.display_name).where(
        named, within, ACCOUNT.c.status == "active"
    )
    return [(row[0], row[1]) for row in ctx.session.execute(statement.order_by(ACCOUNT.c.sign_in_name).limit(limit))]


def place(ctx: Context, org: OrgRef) -> Place:
    """An organisation by reference."""
    row = ctx.session.execute(select(*_PLACE).where(ORG.c.id == org.id)).one()
    return Place(OrgRef(row[0], row[1]), row[2], row[3])


def place_called(ctx: Context, code: str) -> Place | None:
    """The organisation called ``code``, whoever asks; the caller decides whether they may know."""
    row = ctx.session.execute(select(*_PLACE).where(ORG.c.code == code.strip().lower())).first()
    return Place(OrgRef(row[0], row[1]), row[2], row[3]) if row else None


def place_at(ctx: Context, path: str) -> Place:
    """The organisation at ``path``."""
    row = ctx.session.execute(select(*_PLACE).where(ORG.c.path == path)).one()
    return Place(OrgRef(row[0], row[1]), row[2], row[3])


def guided_paths(session: Session | Connection) -> list[str]:
    """Paths of the organisations that their parent only guides; by an index of these alone."""
    return [row[0] for row in session.execute(select(ORG.c.path).where(ORG.c.link == "guidance"))]


def require_standing(ctx: Context, org: OrgRef) -> None:
    """Refuse to give anything at an organisation that has ended; it cannot end while this transaction lasts.

    :raises Refused: saying which.
    """
    statement = select(ORG.c.name, ORG.c.status).where(ORG.c.id == org.id).with_for_update(read=True)
    row = ctx.session.execute(statement).first()
    if row is not None and row.status != "active":
        raise Refused(lazy("%(name)s has been revoked: no role can be held there.", name=row.name))


def lock_places(ctx: Context, ids: set[UUID]) -> None:
    """Hold the rows of these organisations, in the order of the tree: whoever else decides by them waits."""
    statement = select(ORG.c.id).where(ORG.c.id.in_(ids)).order_by(ORG.c.path).with_for_update(key_share=True)
    ctx.session.execute(statement).all()


def nothing_here() -> NotFound:
    """What does not exist and what is out of reach are answered with."""
    return NotFound(lazy("There is nothing here, or it is not within your reach."))
