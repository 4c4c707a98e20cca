"""Tables of what organisations add to the record of a member, and of the questions they keep.

Definitions and saved filters are `Published`: those below read what is laid down above them. A value stands behind row
security by its path alone and follows its member: the pair (member, path) is one foreign key, as that of the tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, Versioned, c_text
from banyan.kernel.db.scoped import Published
from banyan.kernel.i18n import lazy
from banyan.kernel.sealing import indexed, sealed
from banyan.modules.people.rules.fields import FILLED_BY, KINDS, blind_form

PURPOSE = "people.field"
_TAKEN = {"field": "fields", "message": lazy("Another member has this value already.")}


def indexed_text(value: str, _row: Mapping[str, Any]) -> str:
    """What the blind index of a value is made of."""
    return blind_form(value)


def _one_of(column: str, values: Any) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class MemberField(Identified, Versioned, Published, Base):
    """A field that an organisation adds to the record of its members and of those of all below it.

    :ivar key: its name in addresses, files and the API; kept for ever. :ivar labels: label by language, where it has
        others. :ivar choices: ``{"value", "label"}`` of each option. :ivar pattern: of `rules.fields.matches`.
    :ivar is_unique: no two members have the same value. :ivar sensitive: kept sealed, shown masked.
    :ivar searchable: of a sensitive one, whether whole values can be looked up.
    :ivar filled_by: ``branch``, or ``member``: then on the member's own page. :ivar position: its place in forms.
    """

    __tablename__ = "member_field"
    ORG_ID_LEADS_AN_INDEX = True
    __table_args__ = (
        UniqueConstraint("org_id", "key"),
        CheckConstraint(_one_of("kind", KINDS), name="kind"),
        CheckConstraint(_one_of("filled_by", FILLED_BY), name="filled_by"),
    )

    key: Mapped[str] = c_text()
    label: Mapped[str]
    labels: Mapped[dict[str, Any]] = mapped_column(default=dict)
    kind: Mapped[str] = c_text()
    choices: Mapped[list[Any]] = mapped_column(default=list)
    pattern: Mapped[str] = mapped_column(default="")
    help: Mapped[str] = mapped_column(default="")
    required: Mapped[bool] = mapped_column(default=False)
    is_unique: Mapped[bool] = mapped_column(default=False)
    sensitive: Mapped[bool] = mapped_column(default=False)
    searchable: Mapped[bool] = mapped_column(default=False)
    filled_by: Mapped[str] = c_text(default="branch")
    position: Mapped[int] = mapped_column(default=0)
    archived_at: Mapped[datetime | None]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]


class MemberFieldValue(Identified, Base):
    """What a member's record holds in one field; of several choices each is a row.

    :ivar item: its place among several choices. :ivar value: as text; of a sensitive field the mask.
    :ivar key: what is compared: without case, numbers and dates in their order; empty where nothing may be compared.
    :ivar single: whether nobody else may have it: the field is unique and the member within its organisation's subtree.
    """

    __tablename__ = "member_field_value"
    __table_args__ = (
        UniqueConstraint("member_id", "field_id", "item"),
        ForeignKeyConstraint(
            ["member_id", "org_path"],
            ["member.id", "member.org_path"],
            onupdate="CASCADE",
            ondelete="CASCADE",
            name="fk_member_field_value_member",
        ),
        Index(
            "ix_member_field_value_key", "field_id", "key", "org_path", "member_id", postgresql_where=text("key <> ''")
        ),
        Index(
            "ix_member_field_value_index", "field_id", "value_index", postgresql_where=text("value_index IS NOT NULL")
        ),
        Index(
            "uq_member_field_value_key",
            "field_id",
            "key",
            unique=True,
            postgresql_where=text("single AND key <> ''"),
            info=_TAKEN,
        ),
        Index(
            "uq_member_field_value_index",
            "field_id",
            "value_index",
            unique=True,
            postgresql_where=text("single AND value_index IS NOT NULL"),
            info=_TAKEN,
        ),
    )

    org_path: Mapped[str] = c_text()
    member_id: Mapped[UUID]
    field_id: Mapped[UUID] = mapped_column(ForeignKey("member_field.id"))
    item: Mapped[int] = mapped_column(default=0)
    value: Mapped[str] = c_text()
    key: Mapped[str] = c_text(default="")
    value_sealed: Mapped[bytes | None] = sealed(PURPOSE)
    value_index: Mapped[bytes | None] = indexed(PURPOSE, made_of=indexed_text)
    single: Mapped[bool] = mapped_column(default=False)


class MemberFilter(Identified, Versioned, Published, Base):
    """A question about members that somebody kept: filters, columns and order of the list.

    :ivar filters: value by name of the filter, as in the list's address. :ivar columns: keys; empty: the usual ones.
    :ivar shared: with the organisation and all below it; else for whoever kept it alone.
    """

    __tablename__ = "member_filter"
    __table_args__ = (Index("ix_member_filter_owner", "owner_id"),)

    name: Mapped[str]
    filters: Mapped[dict[str, Any]]
    columns: Mapped[list[Any]] = mapped_column(default=list)
    sort: Mapped[str] = c_text(default="")
    shared: Mapped[bool] = mapped_column(default=False)
    owner_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
