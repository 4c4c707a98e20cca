"""The declarative base that every table of the platform and its plugins stands on."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, MetaData, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

__all__ = ["Base", "Identified", "Versioned", "c_text", "new_id"]


def new_id() -> UUID:
    """A UUIDv7: ordered by time, not guessable, made without asking the database."""
    return uuid7()


def c_text(**options: Any) -> Any:
    """A text column that sorts and filters by bytes, as indexes under row security need."""
    return mapped_column(Text(collation="C"), **options)


class Base(DeclarativeBase):
    """Base of all tables; names of constraints are predictable, so that a violated one can be explained."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        int: BigInteger(),
        UUID: Uuid(),
        datetime: TIMESTAMP(timezone=True),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
    }


class Identified:
    """Mixin: a UUIDv7 primary key."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


class Versioned:
    """Mixin: optimistic locking; two editors of one row do not overwrite each other."""

    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}
