"""Sealed columns: what identifies or reaches a person is kept as AES-256-GCM values, bound to their row and purpose.

A model declares ``document_sealed: Mapped[bytes | None] = sealed("people.document")`` and, where equality must be asked
for, ``document_index: Mapped[bytes | None] = indexed("people.document")``. From these declarations `banyan keys rotate`
finds every column of core and plugins. Values are sealed and opened by services, for one row at a time, so that nothing
readable lies in a session, a log line or an audit entry by accident (PPL-05).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import LargeBinary
from sqlalchemy.orm import mapped_column

from banyan.kernel.crypto import Unreadable
from banyan.kernel.i18n import LazyText, lazy
from banyan.kernel.keyring import keyring

__all__ = [
    "CANNOT_BE_READ",
    "Unreadable",
    "blind_index",
    "blind_indexes",
    "indexed",
    "opened",
    "seal",
    "sealed",
    "unseal",
]

log = structlog.get_logger(__name__)
CANNOT_BE_READ: LazyText = lazy("cannot be read")
# What a blind index is made of: the opened text and the row it stands in.
MakeText = Callable[[str, Mapping[str, Any]], str]


def sealed(purpose: str, *, nullable: bool = True, **options: Any) -> Any:
    """A column of values sealed for ``purpose``; the table's primary key, one UUID, is what they are bound to."""
    return mapped_column(LargeBinary, nullable=nullable, info={"sealed": purpose}, **options)


def indexed(
    purpose: str, *, of: str = "", made_of: MakeText | None = None, nullable: bool = True, **options: Any
) -> Any:
    """A column of blind indexes: the same text has the same value, and nobody without the key can tell which text.

    :param of: the sealed column of the same table that it is made of; "" for the one named ``…_sealed`` where this is
        ``…_index``. Where the table has none, its values follow those of the tables that do.
    :param made_of: the text that is indexed, from the opened text and the row; None: the opened text itself. A change
        of the index key makes the index anew with it.
    """
    info = {"indexed": purpose, "of": of, "made_of": made_of}
    return mapped_column(LargeBinary, nullable=nullable, info=info, **options)


def seal(purpose: str, text: str, about: UUID) -> bytes:
    """``text`` sealed with the installation's current key.

    :param purpose: what it is for, such as ``people.phone``. :param about: the primary key of its row; put into
        another row, or another column, the value cannot be opened.
    """
    return keyring().seal(purpose, text.encode(), about.bytes)


def unseal(purpose: str, sealed: bytes, about: UUID) -> str:
    """What `seal` sealed for the same purpose and row; raises `Unreadable`. For pages see `opened`."""
    return keyring().open(purpose, sealed, about.bytes).decode()


def opened(purpose: str, sealed: bytes | None, about: UUID) -> str | None:
    """What was sealed, "" for nothing; None when it cannot be opened, which is logged: show `CANNOT_BE_READ` then."""
    if sealed is None:
        return ""
    try:
        return unseal(purpose, sealed, about)
    except Unreadable as error:
        log.error("a sealed value cannot be read", purpose=purpose, about=str(about), reason=str(error))
        return None


def blind_index(purpose: str, text: str) -> bytes:
    """The value that is stored so that ``text``, which the caller has normalised, can be found again."""
    return keyring().index(purpose, text.encode())


def blind_indexes(purpose: str, text: str) -> tuple[bytes, ...]:
    """All values under which ``text`` may be stored: several while the index key is being changed.

    Look-ups use ``column.in_(blind_indexes(…))``.
    """
    return keyring().indexes(purpose, text.encode())
