"""Rows of an import against the tree: what is new, same or changed, and everything that is wrong, in few statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.imports import ImportRow
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import decide
from banyan.modules.tenancy import links, rules
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.permissions import ORG_CREATE, ORG_UPDATE
from banyan.modules.tenancy.services.linking import territorial
from banyan.modules.tenancy.services.organisations import EDITABLE, Placing, among, placing

AT_ONCE = 5_000
NAMED = 6
_NOWHERE = lazy("There is no such organisation within your reach.")


@dataclass(frozen=True, slots=True)
class _There:
    """An organisation that is there already."""

    id: UUID
    path: str
    level: str
    type: str
    status: str
    version: int
    link: str
    parent: str | None
    values: dict[str, Any]


def check(ctx: Context, rows: Sequence[ImportRow]) -> None:
    """Say of every row what it is, and all that is wrong with it.

    :param rows: all of the file: parents are looked for among them first.
    """
    by_code = {row.data["code"]: row for row in reversed(rows) if row.data.get("code")}
    parents = {row.data["parent"] for row in rows if row.data.get("parent")}
    there = dict(_there(ctx, by_code.keys() | parents))
    places = placing(ctx)
    fresh: list[ImportRow] = []
    for row in rows:
        if rules.in_future(row.data.get("founded_on"), today(ctx.clock)):
            row.reject("founded_on", lazy("This date lies in the future."))
        known = there.get(row.data.get("code", ""))
        if known is not None:
            _compare(ctx, row, known)
        else:
            fresh.append(row)
    _refuse_circles(fresh, by_code, there)
    for row in fresh:
        _place(ctx, row, by_code, there, places)
    _refuse_below_wrong(fresh, by_code, there)


def _there(ctx: Context, codes: Iterable[str]) -> Iterator[tuple[str, _There]]:
    parent = aliased(Org)
    columns = (Org.code, Org.id, Org.path, Org.level, Org.type, Org.status, Org.version, Org.link, parent.code)
    editable = [getattr(Org, key) for key in EDITABLE]
    wanted = sorted(codes)
    for start in range(0, len(wanted), AT_ONCE):
        statement = select(*columns, *editable).outerjoin(parent, parent.id == Org.parent_id)
        for row in ctx.session.execute(statement.where(Org.code == among(wanted[start : start + AT_ONCE]))):
            code, identity, path, level, kind, status, version, link, above, *values = tuple(row)
            held = dict(zip(EDITABLE, values, strict=True))
            yield code, _There(identity, path, level, kind, status, version, link, above, held)


def _compare(ctx: Context, row: ImportRow, known: _There) -> None:
    org = OrgRef(known.id, known.path)
    if not org.path.startswith(ctx.here.path) or decide(ctx, ORG_UPDATE.name, org).reason == "no_grant":
        row.reject("code", lazy("This code is already taken."))
        return
    if not decide(ctx, ORG_UPDATE.name, org).allowed:
        row.reject("", lazy("Your role does not allow this here."))
    if known.status != "active":
        row.reject("code", lazy("This organisation has been revoked."))
    data = row.data
    for key in ("level", "type"):
        if key in data and data[key] != getattr(known, key):
            row.reject(key, lazy("An import changes neither level nor type of an organisation."))
    if "parent" in data and data["parent"] != known.parent:
        row.reject("parent", lazy("It stands below another organisation. An import moves nothing."))
    if known.link == "branch_office" and data.get("name", known.values["name"]) != known.values["name"]:
        _check_office(ctx, row, known)
    row.found(known.values, {"id": str(known.id), "version": known.version})


def _check_office(ctx: Context, row: ImportRow, known: _There) -> None:
    parent = ctx.session.scalar(select(Org).where(Org.code == known.parent))
    for reason in territorial(ctx, known.link, row.data["name"], parent) if parent is not None else ():
        row.reject("name", reason)


def _place(
    ctx: Context, row: ImportRow, by_code: Mapping[str, ImportRow], there: Mapping[str, _There], places: Placing
) -> None:
    code = row.data.get("parent")
    if code is None:
        return
    above, known = by_code.get(code), there.get(code)
    if known is not None:
        org = OrgRef(known.id, known.path)
        if not org.path.startswith(ctx.here.path) or not decide(ctx, ORG_CREATE.name, org).allowed:
            row.reject("parent", _NOWHERE)
            return
        if known.status != "active":
            row.reject("parent", lazy("This organisation has been revoked."))
        level, kind = known.level, known.type
    elif above is not None:
        level, kind = above.data.get("level", ""), above.data.get("type", "")
    else:
        row.reject("parent", _NOWHERE)
        return
    if "type" in row.data:
        # A link of another kind is decided one by one, once there is an administrator.
        for reason in links.problems("leadership", places.links.get(row.data["type"], ()), "leadership"):
            row.reject("type", reason)
    if "level" in row.data and "type" in row.data and level and kind:
        for key, reasons in rules.misplaced(
            row.data["level"], row.data["type"], level, kind, places.ranks, places.kinds
        ).items():
            for reason in reasons:
                row.reject(key, reason)


def _refuse_circles(fresh: Sequence[ImportRow], by_code: Mapping[str, ImportRow], there: Mapping[str, _There]) -> None:
    """New rows that stand below each other hang on nothing."""
    done: set[str] = set()
    for start in fresh:
        trail: dict[str, None] = {}
        code = start.data.get("code")
        while code and code in by_code and code not in there and code not in done and code not in trail:
            trail[code] = None
            code = by_code[code].data.get("parent")
        if code in trail:
            members = list(trail)[list(trail).index(code) :]
            shown = " → ".join([*members[:NAMED], *(["…"] if len(members) > NAMED else []), members[0]])
            for member in members:
                by_code[member].reject("parent", lazy("These stand below each other: %(circle)s.", circle=shown))
        done.update(trail)


def _refuse_below_wrong(
    fresh: Sequence[ImportRow], by_code: Mapping[str, ImportRow], there: Mapping[str, _There]
) -> None:
    """What stands below a wrong row has no place either; told from the top down."""
    below: dict[str, list[ImportRow]] = {}
    for row in fresh:
        if row.data.get("parent") in by_code and row.data["parent"] not in there:
            below.setdefault(row.data["parent"], []).append(row)
    wrong = [row for row in fresh if row.wrong]
    while wrong:
        above = wrong.pop()
        for row in below.pop(above.data.get("code", ""), ()):
            if row is above:
                continue
            new = not row.wrong
            row.reject("parent", lazy("Row %(row)s, its parent organisation, cannot be taken.", row=above.number))
            if new:
                wrong.append(row)
