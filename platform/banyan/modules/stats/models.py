"""Rolled-up numbers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel.db.base import Base, Identified, c_text
from banyan.kernel.db.scoped import Scoped


class Stat(Identified, Scoped, Base):
    """One number over an organisation and all below it.

    :ivar value: of the subtree. :ivar own: of the organisation alone.
    """

    __tablename__ = "stat"
    ORG_ID_LEADS_AN_INDEX = True
    __table_args__ = (UniqueConstraint("org_id", "metric"),)

    metric: Mapped[str] = c_text()
    value: Mapped[int]
    own: Mapped[int] = mapped_column(default=0, server_default="0")
    folded_at: Mapped[datetime]
