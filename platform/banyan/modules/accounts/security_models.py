"""What signing in leaves behind: second factors, known browsers, the log. Directory tables, like accounts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, c_text
from banyan.kernel.sealing import sealed

SECOND_FACTOR = "second-factor"
"""What the shared secrets of authenticator apps are sealed for."""


class FormerPassword(Identified, Base):
    """A password that an account had, so that it is not used again. The last few are kept.

    :ivar replaced_at: when another one took its place.
    """

    __tablename__ = "former_password"
    __table_args__ = (Index("ix_former_password_account_id", "account_id"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    password_hash: Mapped[str]
    replaced_at: Mapped[datetime]


class SecondFactor(Base):
    """The secret that an account's authenticator app shares with us, sealed.

    :ivar confirmed_at: None while it is being set up. :ivar last_step: of the code used last; none is taken twice.
    """

    __tablename__ = "second_factor"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    sealed: Mapped[bytes] = sealed(SECOND_FACTOR, nullable=False)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(default=0, server_default="0")


class RecoveryCode(Identified, Base):
    """A code that stands in for the authenticator app, once."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("account_id", "code_hash", name="uq_recovery_code_account_id_code_hash"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime | None]


class KnownDevice(Identified, Base):
    """A browser in which an account has signed in; it keeps a random value of which only the hash is here.

    :ivar trusted_until: its holder chose not to be asked for the second factor here before.
    :ivar noticed_at: when its holder said "that was me"; None: still told of on the own page.
    """

    __tablename__ = "known_device"
    __table_args__ = (UniqueConstraint("account_id", "token_hash", name="uq_known_device_account_id_token_hash"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    first_seen_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    address: Mapped[str]
    user_agent: Mapped[str]
    trusted_until: Mapped[datetime | None]
    noticed_at: Mapped[datetime | None]


class KnownAddress(Base):
    """A network from which an account has signed in: an IPv4 address or a /64 of IPv6."""

    __tablename__ = "known_address"
    __table_args__ = (Index("ix_known_address_seen_at", "seen_at"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    network: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    seen_at: Mapped[datetime]


class ResetCode(Identified, Base):
    """A code with which somebody who cannot sign in any more sets a new password, once, within a day.

    :ivar second_factor: it takes the second factor away as well.
    """

    __tablename__ = "reset_code"
    __table_args__ = (Index("ix_reset_code_account_id", "account_id"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    second_factor: Mapped[bool]
    issued_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class SignIn(Identified, Base):
    """One try to sign in to an account that exists. Tries for names that do not are in the audit log, for operators.

    Its place in the tree is the account's, so that a move writes nothing here.

    :ivar outcome: a key of `security_lists.OUTCOMES`.
    """

    __tablename__ = "sign_in"
    __table_args__ = (
        Index("ix_sign_in_at_id", "at", "id"),
        Index("ix_sign_in_account_id_at", "account_id", "at", "id"),
    )

    at: Mapped[datetime]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    outcome: Mapped[str] = c_text()
    address: Mapped[str]
    user_agent: Mapped[str]
    new_device: Mapped[bool] = mapped_column(default=False, server_default=false())


ALL = (FormerPassword, SecondFactor, RecoveryCode, KnownDevice, KnownAddress, ResetCode, SignIn)
