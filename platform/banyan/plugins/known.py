"""Which plugins have ever had tables here: what a plugin leaves behind when it is uninstalled can still be found."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session

from banyan.kernel.db.base import Base, c_text
from banyan.plugins.manager import Plugins


class PluginKnown(Base):
    """A plugin whose tables were made here. Written by migrations, read by operators. A directory table.

    :ivar prefix: of its tables. :ivar source: distribution and version it came in.
    """

    __tablename__ = "plugin_known"

    module: Mapped[str] = c_text(primary_key=True)
    prefix: Mapped[str]
    version: Mapped[str]
    source: Mapped[str]
    migrated_at: Mapped[datetime]


def remember(connection: Connection, plugins: Plugins, name: str) -> None:
    """Write down that the tables of plugin ``name`` are here."""
    manifest = plugins.manifests[name]
    row = insert(PluginKnown).values(
        module=name,
        prefix=manifest.prefix,
        version=manifest.version,
        source=plugins.sources.get(name, ""),
        migrated_at=func.now(),
    )
    newer = {key: getattr(row.excluded, key) for key in ("prefix", "version", "source", "migrated_at")}
    connection.execute(row.on_conflict_do_update(index_elements=["module"], set_=newer))


def left_behind(session: Session, plugins: Plugins) -> list[PluginKnown]:
    """Plugins whose tables are here and whose code is not."""
    here = plugins.manifests.keys() | plugins.failures.keys()
    rows = session.execute(select(*PluginKnown.__table__.columns).order_by(PluginKnown.module))
    return [PluginKnown(**row._mapping) for row in rows if row.module not in here]
