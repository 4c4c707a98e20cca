"""An import and its rows. Both hold what people typed, personal data among it, and are deleted by rule (`jobs`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, Versioned, c_text
from banyan.kernel.db.scoped import Scoped
from banyan.kernel.sealing import sealed

STATES = ("uploaded", "checking", "checked", "writing", "done", "stopped", "failed", "discarded")


class Import(Identified, Versioned, Scoped, Base):
    """A file on its way in.

    :ivar kind: name of the `Importable`. :ivar sheets: of the workbook. :ivar head: the first rows of the chosen sheet.
    :ivar heading_row: number of the row with the headings. :ivar mapping: column → position in the file.
    :ivar new: and the other kinds: how many rows of each. :ivar written: of new and changed ones, so far.
    :ivar written_to: the last row that was looked at while writing. :ivar failed: wrong only when they were written.
    :ivar options: what was asked for beside the rows.
    :ivar said: what happened last, as a `Reason`. :ivar purged_at: its rows and its file are gone.
    """

    __tablename__ = "import_run"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(state) for state in STATES)})", name="state"),
        Index("ix_import_run_created_at_id", "created_at", "id"),
        Index("ix_import_run_file_id", "file_id"),
        Index("ix_import_run_task_id", "task_id"),
    )

    kind: Mapped[str] = c_text()
    state: Mapped[str] = c_text(default="uploaded")
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("stored_file.id", ondelete="SET NULL"))
    file_name: Mapped[str]
    sha256: Mapped[str] = c_text()
    book: Mapped[dict[str, Any]]
    sheet: Mapped[int] = mapped_column(default=0)
    head: Mapped[list[Any]]
    heading_row: Mapped[int] = mapped_column(default=1)
    headings: Mapped[list[Any]]
    mapping: Mapped[dict[str, Any]]
    total: Mapped[int] = mapped_column(default=0)
    new: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    same: Mapped[int] = mapped_column(default=0)
    wrong: Mapped[int] = mapped_column(default=0)
    written: Mapped[int] = mapped_column(default=0)
    written_to: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    options: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    said: Mapped[list[Any]] = mapped_column(default=list)
    task_id: Mapped[UUID | None] = mapped_column(ForeignKey("long_task.id", ondelete="SET NULL"))
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    confirmed_by: Mapped[UUID | None]
    confirmed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    handed_out_at: Mapped[datetime | None]
    purged_at: Mapped[datetime | None]


class StagedRow(Scoped, Base):
    """A row of an import, as it was checked.

    :ivar number: as people see it in the file. :ivar cells: what its cells show. :ivar data: what they mean.
    :ivar before: values it would change. :ivar memo: what `check` tells `write`.
    """

    __tablename__ = "import_row"
    ORG_ID_LEADS_AN_INDEX = True
    __table_args__ = (Index("ix_import_row_kind", "org_id", "import_id", "kind", "number"),)

    import_id: Mapped[UUID] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = c_text()
    cells: Mapped[list[Any]]
    data: Mapped[dict[str, Any]]
    reasons: Mapped[list[Any]] = mapped_column(default=list)
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    memo: Mapped[Any] = mapped_column(JSONB(none_as_null=True), nullable=True)


class StagedSecret(Identified, Scoped, Base):
    """What sensitive columns of staged rows hold, a piece of the file in one value; once an import has ended, of its
    wrong rows alone.

    :ivar first: number of its first row. :ivar last: of its last.
    """

    __tablename__ = "import_secret"
    __table_args__ = (Index("ix_import_secret_rows", "import_id", "first"),)

    import_id: Mapped[UUID] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"))
    first: Mapped[int]
    last: Mapped[int]
    held: Mapped[bytes | None] = sealed("imports.rows")
