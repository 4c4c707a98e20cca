"""The keys of this installation: drawn at random, kept in the table ``data_key`` wrapped by the installation's secret.

A table, since every web process and worker must know the same keys, and since a backup of the database then holds
what is needed to read it, except for the secret. Changing the secret wraps the keys anew and touches no data. Keys are
never deleted: a value that comes back with an old backup or file can still be opened.

Each process reads the ring again after `FRESH_SECONDS`, and at once when it meets a key that it does not know. It does
so on a connection of its own: a transaction that has failed, or a pool that is used up, keeps nobody from reading.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

import psycopg
import structlog
from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.crypto import DERIVED, MATERIAL, TAG, DataKey, Unreadable, Vault, header_of
from banyan.kernel.db.base import Base, Identified, c_text, new_id
from banyan.kernel.runtime import runtime

Kind = Literal["seal", "index"]
KINDS: tuple[Kind, ...] = ("seal", "index")
FRESH_SECONDS = 15.0
UNKNOWN_SECONDS = 1.0
CONNECT_TIMEOUT = 10
_WRAPPING = "data-key"
log = structlog.get_logger(__name__)


class SecretChanged(RuntimeError):
    """The keys of this installation cannot be opened with the secret that was given."""

    def __init__(self, tags: Sequence[str]) -> None:
        super().__init__(
            f"The keys of this installation ({', '.join(tags)}) cannot be opened with BANYAN_SECRET_KEY (or the file "
            "`secret` under BANYAN_HOME): it is not the secret they were made with, and nothing that is sealed could "
            "be read. Give the right one; or, if you changed it on purpose, run `banyan keys rewrap` once with the "
            "former one in BANYAN_OLD_SECRET_KEY."
        )


class StoredKey(Identified, Base):
    """A key, wrapped.

    :ivar kind: it seals, or makes blind indexes. :ivar state: ``current`` makes new values; ``coming`` and ``old``
        still open and are looked up; ``retired``: nothing uses it any more. :ivar tag: its public name.
    """

    __tablename__ = "data_key"
    __table_args__ = (
        CheckConstraint("kind IN ('seal', 'index')", name="kind"),
        CheckConstraint("state IN ('coming', 'current', 'old', 'retired')", name="state"),
        Index("uq_data_key_current", "kind", unique=True, postgresql_where=text("state = 'current'")),
        Index("uq_data_key_tag", "tag", unique=True),
    )

    kind: Mapped[str] = c_text()
    state: Mapped[str] = c_text()
    tag: Mapped[bytes] = mapped_column(LargeBinary)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Known:
    """A key of the ring, opened."""

    kind: str
    state: str
    key: DataKey


@dataclass(frozen=True, slots=True)
class _Ring:
    read_at: float
    by_header: dict[bytes, DataKey]
    current: dict[str, DataKey]
    indexes: tuple[DataKey, ...]


class Keyring:
    """The keys as one process knows them.

    :param url: connection of the database; ``banyan_app`` may read keys and add the first ones.
    :param secret: what they are wrapped with. :param older: former secrets, for values sealed under them directly.
    """

    def __init__(self, url: str, secret: str, *older: str) -> None:
        self._url = url
        self.vault = Vault(secret, *older)
        self._lock = threading.Lock()
        self._ring: _Ring | None = None

    def seal(self, purpose: str, plain: bytes, about: bytes) -> bytes:
        """``plain`` sealed with the current key."""
        return self._now().current["seal"].seal(purpose, plain, about)

    def open(self, purpose: str, sealed: bytes, about: bytes) -> bytes:
        """What `seal` made, whichever key it names; raises `Unreadable`."""
        header = header_of(sealed)
        if header.startswith(DERIVED):
            return self.vault.decrypt(purpose, sealed, about)
        key = self._now().by_header.get(header)
        if key is None:
            key = self._read(UNKNOWN_SECONDS).by_header.get(header)
        if key is None:
            raise Unreadable(f"sealed with a key that is not known here: {header[-TAG:].hex()}")
        return key.open(purpose, sealed, about)

    def index(self, purpose: str, plain: bytes) -> bytes:
        """The blind index of ``plain`` under the current index key."""
        return self._now().current["index"].index(purpose, plain)

    def indexes(self, purpose: str, plain: bytes) -> tuple[bytes, ...]:
        """The blind indexes of ``plain`` under all keys in use, the current one first."""
        return tuple(key.index(purpose, plain) for key in self._now().indexes)

    def current(self, kind: Kind) -> DataKey:
        """The key that makes new values."""
        return self._now().current[kind]

    def forget(self) -> None:
        """Read the ring again before the next use."""
        self._ring = None

    def _now(self) -> _Ring:
        ring = self._ring
        if ring is not None and time.monotonic() - ring.read_at < FRESH_SECONDS:
            return ring
        return self._read(FRESH_SECONDS)

    def _read(self, oldest: float) -> _Ring:
        """The ring, read anew unless another thread did so within ``oldest`` seconds."""
        with self._lock:
            ring = self._ring
            if ring is None or time.monotonic() - ring.read_at >= oldest:
                ring = self._ring = self._fetched(ring)
            return ring

    def _fetched(self, known: _Ring | None) -> _Ring:
        """The ring as it stands in the database; what is known goes on while that cannot be had."""
        try:
            with psycopg.connect(self._url, autocommit=True, connect_timeout=CONNECT_TIMEOUT) as connection:
                return _ring(ensure(connection, self.vault))
        except (psycopg.OperationalError, SecretChanged):
            if known is None:
                raise
            log.exception("the keys cannot be read again; this process goes on with those it knows")
            return replace(known, read_at=time.monotonic())


def _ring(known: Sequence[Known]) -> _Ring:
    order = {"current": 0, "coming": 1, "old": 2}
    indexes = [one for one in known if one.kind == "index" and one.state in order]
    return _Ring(
        time.monotonic(),
        {one.key.header: one.key for one in known if one.kind == "seal"},
        {one.kind: one.key for one in known if one.state == "current"},
        tuple(one.key for one in sorted(indexes, key=lambda one: order[one.state])),
    )


def ensure(connection: psycopg.Connection[Any], vault: Vault) -> list[Known]:
    """All keys, opened; the first ones are made where there are none, by whichever process comes first.

    :param connection: in autocommit. :raises SecretChanged: they were wrapped with another secret.
    """
    known = read(connection, vault)
    missing = [kind for kind in KINDS if not any(one.kind == kind and one.state == "current" for one in known)]
    for kind in missing:
        add(connection, vault, kind, "current")
    return read(connection, vault) if missing else known


def read(connection: psycopg.Connection[Any], vault: Vault) -> list[Known]:
    """All keys there are, opened, the oldest first; raises `SecretChanged`."""
    rows = connection.execute("SELECT kind, state, tag, wrapped FROM data_key ORDER BY made_at, id").fetchall()
    known, closed = [], []
    for kind, state, tag, wrapped in rows:
        try:
            known.append(Known(kind, state, DataKey(tag, vault.decrypt(_WRAPPING, wrapped, _bound(kind, tag)))))
        except Unreadable:
            closed.append(bytes(tag).hex())
    if closed:
        raise SecretChanged(closed)
    return known


def add(connection: psycopg.Connection[Any], vault: Vault, kind: Kind, state: str) -> bytes:
    """Draw a key and keep it, unless another process made the current one first.

    :return: its tag.
    """
    tag, material = secrets.token_bytes(TAG), secrets.token_bytes(MATERIAL)
    wrapped = vault.encrypt(_WRAPPING, material, _bound(kind, tag))
    connection.execute(
        "INSERT INTO data_key (id, kind, state, tag, wrapped, made_at) VALUES (%s, %s, %s, %s, %s, now())"
        " ON CONFLICT DO NOTHING",
        [new_id(), kind, state, tag, wrapped],
    )
    return tag


def rewrap(connection: psycopg.Connection[Any], vault: Vault) -> int:
    """Wrap every key with the newest secret of ``vault``; all or nothing.

    :return: how many were wrapped anew; 0 where all were already. :raises SecretChanged: no secret given opens them.
    """
    done = 0
    with connection.transaction():
        connection.execute("LOCK TABLE data_key IN SHARE ROW EXCLUSIVE MODE")
        read(connection, vault)
        for kind, tag, wrapped in connection.execute("SELECT kind, tag, wrapped FROM data_key").fetchall():
            if vault.newest(_WRAPPING, wrapped):
                continue
            plain = vault.decrypt(_WRAPPING, wrapped, _bound(kind, tag))
            again = vault.encrypt(_WRAPPING, plain, _bound(kind, tag))
            connection.execute("UPDATE data_key SET wrapped = %s WHERE tag = %s", [again, tag])
            done += 1
    return done


def check(url: str, secret: str) -> None:
    """Refuse to serve with a secret that opens nothing; a database without the table is told of elsewhere.

    :param url: connection of ``banyan_app``. :raises SecretChanged: with what to do.
    """
    with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT) as connection:
        if connection.execute("SELECT to_regclass('public.data_key') IS NOT NULL").fetchone() == (True,):
            read(connection, Vault(secret))


def keyring() -> Keyring:
    """The ring of the running installation."""
    held = runtime()
    return ring_at(held.db.url, held.settings.secret_key)


@lru_cache(maxsize=8)
def ring_at(url: str, secret: str) -> Keyring:
    """The one ring of this process for a database and a secret."""
    return Keyring(url, secret)


def _bound(kind: str, tag: bytes) -> bytes:
    return kind.encode() + bytes(tag)
