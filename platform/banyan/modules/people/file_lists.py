"""The list of awards, disciplinary measures and certificates.

Plans, as ``banyan_app``: of a narrow subtree ``(org_path, day, id)``, of a wide one ``(day, id)``; what expires by
``(until_order, id)`` of what was not withdrawn, of which expired ones are the beginning.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, Date, and_, case, cast, func, or_

from banyan.kernel.context import Context
from banyan.kernel.exports import Exportable
from banyan.kernel.i18n import lazy
from banyan.kernel.tables import NOW, Column, Filter, Sort, TableDef
from banyan.modules.access.decision import visible
from banyan.modules.people.file_models import FileEntry
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import MEMBER_EXPORT
from banyan.modules.people.rules.entries import KINDS, SOON, STATE_TONES, STATES
from banyan.modules.people.services import file_entries
from banyan.modules.tenancy.models import Org

TODAY: ColumnElement[date] = cast(func.timezone("Asia/Shanghai", NOW), Date)
STANDS = FileEntry.withdrawn_at.is_(None)
EXPIRED = and_(STANDS, FileEntry.until_order < TODAY)
EXPIRING = and_(STANDS, FileEntry.until_order >= TODAY, FileEntry.until_order <= TODAY + SOON.days)
HOLDS = and_(STANDS, FileEntry.until_order >= TODAY)
STATE: ColumnElement[str] = case(
    (FileEntry.withdrawn_at.is_not(None), "withdrawn"), (EXPIRED, "expired"), (EXPIRING, "expiring"), else_="holds"
)
_WHERE = {
    "holds": HOLDS,
    "expiring": EXPIRING,
    "expired": EXPIRED,
    "withdrawn": FileEntry.withdrawn_at.is_not(None),
}


def _in_state(value: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = _WHERE.get(value, FileEntry.org_path < "")
    return found


def seen(ctx: Context) -> ColumnElement[bool]:
    """The entries at the organisation of the request and below that the reader may know of."""
    return file_entries.known(ctx)


def _exported(ctx: Context) -> ColumnElement[bool]:
    return and_(seen(ctx), visible(ctx, MEMBER_EXPORT.name, FileEntry.org_path, within=ctx.here))


FILE_ENTRIES = TableDef(
    name="file_entries",
    title=lazy("Awards, measures, certificates"),
    source=FileEntry.__table__.join(Member, Member.id == FileEntry.member_id).join(Org, Org.id == FileEntry.org_id),
    identity=FileEntry.id,
    columns=(
        Column("title", lazy("Title"), FileEntry.title, "link"),
        Column("kind", lazy("Kind of entry"), FileEntry.kind, "badge", KINDS, {"measure": "warn"}),
        Column("member", lazy("Member"), Member.name),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column("issued_by", lazy("Issued by"), FileEntry.issued_by),
        Column("number", lazy("Number"), FileEntry.number, "code", shown=False),
        Column("day", lazy("Day"), FileEntry.day, "date"),
        Column("until", lazy("Holds until"), FileEntry.until, "date"),
        Column("state", lazy("State"), STATE, "badge", STATES, STATE_TONES),
    ),
    sorts=(
        Sort("-day", (FileEntry.day, FileEntry.id), descending=True),
        Sort("day", (FileEntry.day, FileEntry.id)),
        Sort("until", (FileEntry.until_order, FileEntry.id)),
        Sort("tree", (FileEntry.org_path, FileEntry.day, FileEntry.id)),
    ),
    filters=(
        Filter(
            "q",
            lazy("Title or member"),
            "text",
            lambda text: or_(
                FileEntry.title.contains(text, autoescape=True), Member.name.contains(text, autoescape=True)
            ),
        ),
        Filter(
            "kind",
            lazy("Kind of entry"),
            "choice",
            lambda value: FileEntry.kind == value,
            lambda _s: list(KINDS.items()),
        ),
        Filter("state", lazy("State"), "choice", _in_state, lambda _session: list(STATES.items())),
    ),
)
EXPORTS = (Exportable(FILE_ENTRIES, MEMBER_EXPORT.name, _exported),)
