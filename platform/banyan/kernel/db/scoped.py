"""Wall 1 between tenants: rows that belong to an organisation, and the scope that a session sees of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKeyConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.treepath import ancestors, upper
from banyan.kernel.values import OrgRef


@dataclass(frozen=True, slots=True)
class Scope:
    """The half-open range of paths that a session may read and write, fixed for its life.

    :ivar up: paths of the ancestors whose published rows may be read as well.
    :ivar reason: why a session sees everything; empty for all others.
    :ivar me: id of the account it works for: its own requests are seen wherever they were made; empty for nobody.
    """

    lo: str
    hi: str
    up: tuple[str, ...] = ()
    reason: str = ""
    me: str = ""

    def holds(self, path: str) -> bool:
        """Whether a row at ``path`` is inside."""
        return self.lo <= path < self.hi


NOWHERE = Scope("", "")


def Exact(org: OrgRef) -> Scope:  # noqa: N802 - reads as the kind of scope it makes
    """Rows of one organisation alone."""
    return Scope(org.path, org.path + "!", tuple(ancestors(org.path)))


def Subtree(org: OrgRef) -> Scope:  # noqa: N802 - as above
    """Rows of an organisation and of all below it."""
    return Scope(org.path, upper(org.path), tuple(ancestors(org.path)))


def Whole(reason: str) -> Scope:  # noqa: N802 - as above
    """Everything: for sign-in, scheduler and command line, never nested in a request's session.

    :param reason: why this is needed; kept with the session.
    """
    if not reason:
        raise ValueError("a session over everything states its reason")
    return Scope("", "~", (), reason)


class OrgPair:
    """Mixin: the organisation a row belongs to, as a pair that cannot lie.

    ``(org_id, org_path)`` references ``org (id, path)`` with ON UPDATE CASCADE, so that moving an organisation
    updates ``org`` alone and a row written while its organisation moves ends in a foreign-key error.
    """

    ORG_ID_LEADS_AN_INDEX: ClassVar[bool] = False

    org_id: Mapped[UUID] = mapped_column()
    org_path: Mapped[str] = mapped_column(Text(collation="C"))

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        table = cls.__dict__.get("__table__")
        if table is not None:
            table.append_constraint(
                ForeignKeyConstraint(
                    ["org_id", "org_path"], ["org.id", "org.path"], onupdate="CASCADE", name=f"fk_{table.name}_org"
                )
            )
            Index(f"ix_{table.name}_org_path", table.c.org_path)
            if not cls.ORG_ID_LEADS_AN_INDEX:
                Index(f"ix_{table.name}_org_id", table.c.org_id)

    @property
    def org(self) -> OrgRef:
        """The organisation as a value."""
        return OrgRef(self.org_id, self.org_path)


class Scoped(OrgPair):
    """Mixin of every table that belongs to an organisation, plugins' too: both walls stand around it."""

    @classmethod
    def seen_beyond(cls, scope: Scope) -> ColumnElement[bool] | None:
        """Which rows a session sees beside those inside its scope; row security of the table says the same.

        For the few tables in which people see what is their own. Nothing is written there.
        """
        return None


class Owned(Scoped):
    """Mixin: rows that belong to an account, which sees its own wherever they stand; it writes them only inside."""

    account_id: Mapped[UUID | None]

    @classmethod
    def seen_beyond(cls, scope: Scope) -> ColumnElement[bool] | None:
        """One's own."""
        return cls.account_id == UUID(scope.me) if scope.me else None


class Published(Scoped):
    """Mixin: rows that an organisation publishes downward; those below may read them once ``published`` is set."""

    published: Mapped[bool] = mapped_column(default=False)
