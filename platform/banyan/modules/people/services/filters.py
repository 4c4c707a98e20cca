"""Saved filters: questions about members that somebody kept, for oneself or for the organisation and all below it.

What a filter finds is asked anew each time, with the fields that hold at the filter's own organisation and within what
the reader may see. A filter that names a field which is gone says so instead of finding too many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Select, or_, select

from banyan.kernel import tables
from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused, Text
from banyan.kernel.i18n import _, lazy
from banyan.kernel.tables import Query, TableDef
from banyan.kernel.treepath import lineage
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import may, require
from banyan.modules.audit.services import Subject, changes, record
from banyan.modules.people.field_lists import members_table, table_of
from banyan.modules.people.field_models import MemberFilter
from banyan.modules.people.permissions import FILTER_CREATE, MEMBER_READ
from banyan.modules.people.services.field_reading import fields_of
from banyan.plugins import manager

MOST = 50
_USES = "banyan_filter_uses"
# Rooms of this module that use saved filters say so here; modules above through the hook.
USES: list[Callable[[Context, UUID], Iterable[Text]]] = []
log = structlog.get_logger(__name__)
_NOWHERE = lazy("There is nothing here, or it is not within your reach.")
_STALE = lazy("Somebody else changed this meanwhile. Load the page again and repeat your change.")


@dataclass(frozen=True, slots=True)
class FilterView:
    """A saved filter as it is offered.

    :ivar own: whether the reader kept it. :ivar changeable: whether the reader may change it here.
    :ivar gone: names of filters that the list does not have any more.
    """

    row: MemberFilter
    own: bool
    changeable: bool
    gone: tuple[str, ...]


def offered(ctx: Context) -> list[FilterView]:
    """The filters that the reader can use at the organisation of the request: shared ones, then one's own."""
    line = MemberFilter.org_path.in_(lineage(ctx.here.path))
    rows = ctx.session.scalars(
        select(MemberFilter)
        .where(line, or_(MemberFilter.shared, MemberFilter.owner_id == ctx.actor.account_id))
        .order_by(MemberFilter.shared.desc(), MemberFilter.org_path, MemberFilter.name, MemberFilter.id)
    ).all()
    known = _names(members_table(ctx))
    return [_view(ctx, row, known) for row in rows]


def view(ctx: Context, row: MemberFilter) -> FilterView:
    """A saved filter as it is offered."""
    return _view(ctx, row, _names(members_table(ctx)))


def _view(ctx: Context, row: MemberFilter, known: frozenset[str]) -> FilterView:
    own = ctx.actor.account_id is not None and row.owner_id == ctx.actor.account_id
    here = row.org_path == ctx.here.path
    changeable = here and may(ctx, FILTER_CREATE.name) and (own or row.shared)
    return FilterView(row, own, changeable, tuple(sorted(row.filters.keys() - known)))


def _names(table: TableDef) -> frozenset[str]:
    return frozenset(item.name for item in table.filters)


def find(ctx: Context, filter_id: UUID) -> MemberFilter:
    """A filter that the reader can use at the organisation of the request.

    :raises NotFound: there is none, or it is somebody else's own.
    """
    require(ctx, MEMBER_READ.name, ctx.here)
    return usable(ctx, filter_id, ctx.here)


def usable(ctx: Context, filter_id: UUID, place: OrgRef) -> MemberFilter:
    """A filter that the actor may use at ``place``: shared there or above, or the actor's own.

    :raises NotFound: there is none. :raises Refused: it names a field that is gone.
    """
    row = ctx.session.get(MemberFilter, filter_id)
    mine = row is not None and row.owner_id is not None and row.owner_id == ctx.actor.account_id
    if row is None or not (row.shared or mine or _nobody(ctx)) or not place.path.startswith(row.org_path):
        raise NotFound(_NOWHERE)
    _asked(ctx, row)
    return row


def _nobody(ctx: Context) -> bool:
    return ctx.actor.account_id is None and ctx.actor.via in ("job", "cli")


def _table(ctx: Context, row: MemberFilter) -> TableDef:
    """The list that a filter asks, as at the filter's own organisation."""
    return table_of(fields_of(ctx, row.org), reveal=False)


def _asked(ctx: Context, row: MemberFilter) -> tuple[TableDef, Query]:
    table = _table(ctx, row)
    gone = sorted(row.filters.keys() - _names(table))
    if gone:
        said = lazy("The filter “%(name)s” names a field that is gone: %(gone)s.", name=row.name, gone="、".join(gone))
        raise Refused(said)
    return table, tables.looked_up(ctx.session, table, tables.parse(table, row.filters))


def narrowed(ctx: Context, filter_id: UUID, statement: Select[Any]) -> Select[Any]:
    """``statement`` over those whom a filter finds. Who may use it the caller has asked.

    :raises NotFound: it is gone. :raises Refused: it names a field that is gone.
    """
    row = ctx.session.get(MemberFilter, filter_id)
    if row is None:
        raise NotFound(_NOWHERE)
    table, query = _asked(ctx, row)
    return tables.narrowed(table, statement, query)


def name_of(ctx: Context, filter_id: UUID) -> str:
    """What a filter is called."""
    row = ctx.session.get(MemberFilter, filter_id)
    return row.name if row is not None else _("(deleted)")


def subject(row: MemberFilter) -> Subject:
    """A filter as the audit log names it."""
    return Subject("member_filter", str(row.id), row.name)


def snapshot(row: MemberFilter) -> dict[str, Any]:
    """What the log shows of a filter."""
    return {"filter_name": row.name, "filters": row.filters, "columns": row.columns, "shared": row.shared}


def save(ctx: Context, data: Mapping[str, Any]) -> MemberFilter:
    """Keep a filter at the organisation of the request.

    :param data: of `FilterSave`. :raises Invalid: with every reason; what names a person is not kept.
    """
    require(ctx, FILTER_CREATE.name, ctx.here)
    kept = ctx.session.scalars(
        select(MemberFilter.id).where(
            MemberFilter.org_id == ctx.here.id,
            or_(MemberFilter.shared, MemberFilter.owner_id == ctx.actor.account_id),
        )
    ).all()
    if len(kept) >= MOST:
        raise Refused(lazy("No more than %(most)s filters can be kept here. Delete one first.", most=MOST))
    row = MemberFilter(
        org_id=ctx.here.id,
        org_path=ctx.here.path,
        published=True,
        owner_id=ctx.actor.account_id,
        created_at=ctx.clock.now(),
        **_checked(ctx, data),
    )
    ctx.session.add(row)
    ctx.session.flush()
    record(ctx, "people.filter.create", subject(row), after=snapshot(row))
    return row


def update(ctx: Context, filter_id: UUID, data: Mapping[str, Any]) -> MemberFilter:
    """Change a filter; whoever uses it asks the new question from then on.

    :raises Refused: it would be one's own alone, while something else uses it. :raises Conflict: changed meanwhile.
    """
    row = changeable(ctx, filter_id)
    ctx.session.refresh(row, with_for_update=True)
    if row.version != data["version"]:
        raise Conflict(_STALE)
    before = snapshot(row)
    if row.shared and not data["shared"]:
        _unused(ctx, row)
    for key, value in _checked(ctx, data).items():
        setattr(row, key, value)
    old, new = changes(before, snapshot(row))
    if new:
        ctx.session.flush()
        record(ctx, "people.filter.update", subject(row), org=row.org, before=old, after=new)
    return row


def delete(ctx: Context, filter_id: UUID) -> None:
    """Delete a filter.

    :raises Refused: with everything that still uses it.
    """
    row = changeable(ctx, filter_id)
    ctx.session.refresh(row, with_for_update=True)
    _unused(ctx, row)
    record(ctx, "people.filter.delete", subject(row), org=row.org, before=snapshot(row))
    ctx.session.delete(row)
    ctx.session.flush()


def changeable(ctx: Context, filter_id: UUID) -> MemberFilter:
    """A filter of the organisation of the request that the actor may change.

    :raises NotFound: there is none. :raises Forbidden: it belongs to an organisation above.
    """
    row = ctx.session.get(MemberFilter, filter_id)
    mine = row is not None and row.owner_id == ctx.actor.account_id and row.owner_id is not None
    if row is None or not (row.shared or mine) or not ctx.here.path.startswith(row.org_path):
        raise NotFound(_NOWHERE)
    if row.org_path != ctx.here.path:
        raise Forbidden(lazy("This filter belongs to an organisation above; it is changed there."))
    require(ctx, FILTER_CREATE.name, row.org)
    return row


def uses(ctx: Context, filter_id: UUID) -> list[Text]:
    """Everything that still uses a filter, as every installed module says; one that cannot say stands in the way."""
    plugins, reasons = manager.current(), list[Text]()
    for name, manifest in plugins.manifests.items():
        if name not in plugins.implementing(_USES):
            continue
        try:
            with ctx.session.begin_nested():
                reasons.extend(plugins.tell(_USES, name, ctx=ctx, filter_id=str(filter_id)) or ())
        except Exception:
            log.exception("hook failed", hook=_USES, plugin=name)
            reasons.append(lazy("The module “%(name)s” could not say whether it agrees.", name=manifest.label))
    return reasons


def _unused(ctx: Context, row: MemberFilter) -> None:
    reasons = uses(ctx, row.id)
    if reasons:
        raise Refused(*reasons)


def _checked(ctx: Context, data: Mapping[str, Any]) -> dict[str, Any]:
    table = members_table(ctx)
    asked = {name: str(value).strip() for name, value in data["filters"].items() if str(value).strip()}
    problems: dict[str, list[Text]] = {
        f"filters.{name}": [lazy("Unknown field.")] for name in sorted(asked.keys() - _names(table))
    }
    problems |= {f"filters.{name}": said for name, said in tables.unkept(table, asked).items()}
    try:
        tables.parse(table, {**asked, "sort": data["sort"]})
    except Invalid as error:
        problems |= {(f"filters.{name}" if name in asked else name): list(said) for name, said in error.fields.items()}
    columns = [column.key for column in table.columns]
    if set(data["columns"]) - set(columns):
        problems["columns"] = [lazy("Choose from the listed values only.")]
    if problems:
        raise Invalid(problems)
    return {
        "name": data["name"],
        "filters": asked,
        "sort": data["sort"],
        "columns": [key for key in columns if key in set(data["columns"])],
        "shared": data["shared"],
    }
