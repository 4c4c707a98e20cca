"""Accounts and their credentials. Directory tables: read before any scope exists. Secrets are kept as hashes only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from banyan.kernel.db.base import Base, Identified, Versioned, c_text
from banyan.kernel.db.scoped import OrgPair
from banyan.kernel.i18n import lazy

# What is over at an instant was good until the one before: midnight is the end of a day, not the next day.
INSTANT = timedelta(seconds=1)


class Account(Identified, Versioned, OrgPair, Base):
    """A sign-in; not a member, not a post. ``org_id`` is the home: the organisation that opened it.

    :ivar sign_in_name: globally unique, case-folded, 3 to 64 characters.
    :ivar person_id: the human being behind it, empty until the registry comes.
    :ivar password_hash: Argon2id; None until the account is set up.
    :ivar status: ``active``, ``suspended`` (by an administrator) or ``frozen`` (by its holder, who suspects theft).
    :ivar operator: may see to the installation itself; given and taken on the command line alone.
    :ivar password_policy: version of the rules that the password was seen to meet (`strength.POLICY`).
    :ivar password_due: an administrator asks for a new password at the next sign-in.
    :ivar closed_with_membership: it was suspended because its holder is a member no more.
    :ivar second_factor_asked_at: since when a second factor is demanded; the grace period begins here.
    """

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint(
            "sign_in_name",
            name="uq_account_sign_in_name",
            info={"field": "sign_in_name", "message": lazy("This sign-in name is already taken.")},
        ),
        CheckConstraint("status IN ('active', 'suspended', 'frozen')", name="status"),
        Index("ix_account_display_name", "display_name"),
        Index("ix_account_frozen", "org_path", postgresql_where=text("status = 'frozen'")),
    )

    sign_in_name: Mapped[str] = c_text()
    display_name: Mapped[str] = c_text()
    phone: Mapped[str] = mapped_column(default="", server_default="")
    person_id: Mapped[UUID | None]
    password_hash: Mapped[str | None]
    password_changed_at: Mapped[datetime | None]
    language: Mapped[str | None]
    status: Mapped[str] = c_text(default="active", server_default="active")
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    last_sign_in_at: Mapped[datetime | None]
    operator: Mapped[bool] = mapped_column(default=False, server_default=false())
    frozen_at: Mapped[datetime | None]
    password_policy: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    password_due: Mapped[bool] = mapped_column(default=False, server_default=false())
    second_factor_asked_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    closed_with_membership: Mapped[bool] = mapped_column(default=False, server_default=false())


class AccountSession(Identified, Base):
    """A signed-in browser. The cookie holds a random value of which only the hash is kept.

    :ivar seen_at: last use, written at most once a minute. :ivar expires_at: the end whatever happens.
    :ivar verified_at: when its holder last proved who it is; dangerous acts ask again after a while.
    :ivar obligation: what has to be done first, and nothing else: a key of `duties.OBLIGATIONS`, or empty.
    :ivar notice: what its holder is told above every page, as `duties.Notice` keeps it.
    """

    __tablename__ = "account_session"
    __table_args__ = (
        Index("ix_account_session_account_id", "account_id"),
        Index("ix_account_session_live", "seen_at", "id", postgresql_where=text("ended_at IS NULL")),
    )

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str]
    user_agent: Mapped[str]
    verified_at: Mapped[datetime | None]
    obligation: Mapped[str] = c_text(default="", server_default="")
    notice: Mapped[dict[str, Any] | None]


class ApiToken(Identified, OrgPair, Base):
    """A bearer token for the API, made in the console and shown once.

    A personal token acts for its account, with what is left of the account's rights. A service token belongs to the
    organisation of ``org_id`` and is nobody's: it has what its limits name, and outlives whoever made it.

    :ivar account_id: whom it acts for; None: a service token. :ivar org_id: of a personal token the account's home.
    :ivar hint: its last four characters, to tell tokens apart. :ivar made_by: the account that made it.
    :ivar permissions: what it is limited to; None: whatever the account may do.
    :ivar everywhere: not limited to the organisations of its `TokenPlace` rows.
    :ivar used_from: address of the last use. :ivar warned_at: when it was told that its end is near.
    """

    __tablename__ = "api_token"
    __table_args__ = (
        Index("ix_api_token_account_id", "account_id"),
        Index("ix_api_token_created_at_id", "created_at", "id"),
        CheckConstraint(
            "account_id IS NOT NULL OR (expires_at IS NOT NULL AND permissions IS NOT NULL AND NOT everywhere)",
            name="service",
        ),
    )

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str]
    hint: Mapped[str]
    made_by: Mapped[UUID | None]
    permissions: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    everywhere: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    used_from: Mapped[str | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[UUID | None]
    places: Mapped[list[TokenPlace]] = relationship(cascade="all, delete-orphan", passive_deletes=True)

    @property
    def last_at(self) -> datetime | None:
        """The last instant at which it is good, of the day that people chose; None: for ever."""
        return self.expires_at - INSTANT if self.expires_at is not None else None


class TokenPlace(OrgPair, Base):
    """An organisation that a token is limited to. :ivar reach: ``self`` or ``subtree``."""

    __tablename__ = "token_place"
    __table_args__ = (CheckConstraint("reach IN ('self', 'subtree')", name="reach"),)

    token_id: Mapped[UUID] = mapped_column(ForeignKey("api_token.id", ondelete="CASCADE"), primary_key=True)
    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    reach: Mapped[str] = c_text()


class RegistrationCode(Identified, OrgPair, Base):
    """Eight characters with which a lower organisation's person sets up an account there, once, within 20 days.

    :ivar role: the role the account gets at the organisation. :ivar reach: with which reach.
    :ivar account_id: an account that has been opened already and waits for its password; None: the code opens one.
    """

    __tablename__ = "registration_code"

    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    hint: Mapped[str]
    role: Mapped[str] = c_text()
    reach: Mapped[str] = c_text()
    note: Mapped[str] = mapped_column(default="", server_default="")
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))


class Throttle(Base):
    """Failures of one kind from one source, to slow down guessing.

    :ivar key: ``<kind>:<source>``, hashed. :ivar locked_until: no tries before.
    """

    __tablename__ = "throttle"

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failures: Mapped[int]
    since: Mapped[datetime]
    locked_until: Mapped[datetime | None]
