"""The bulk form of `organisations.create` and `organisations.update`: the same rows in few statements.

A test holds both forms to the same result. Whoever calls has checked the rows (`comparing`) in the same transaction.
COPY is refused under row security and needs no temporary table here: rows travel as one JSON value a statement.
"""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, text

from banyan.kernel import treepath
from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.errors import Conflict
from banyan.kernel.events import publish
from banyan.kernel.files import StoredFile, keep, produced
from banyan.kernel.i18n import lazy
from banyan.kernel.pinyin import sort_name, tokens, tokens_of
from banyan.kernel.runtime import runtime
from banyan.modules.access.decision import require
from banyan.modules.audit.services import Subject, changes, record
from banyan.modules.tenancy.events import OrganisationsImported, OrgChanged
from banyan.modules.tenancy.manifest.cells import guarded
from banyan.modules.tenancy.manifest.rollups import own_metrics
from banyan.modules.tenancy.manifest.sql import uuid7
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.permissions import ORG_UPDATE
from banyan.modules.tenancy.services.organisations import EDITABLE, NAMES, among, keep_correction, snapshot, subject

AT_ONCE = 5_000
ACTION = "tenancy.organisations.import"
_INSERT = text(f"""
INSERT INTO org (
    id, parent_id, path, depth, ordinal, last_ordinal, code, level, type, sort_name, {", ".join(EDITABLE)},
    status, created_at, created_by, updated_at, version
)
SELECT r.id, r.parent_id, r.path, r.depth, r.ordinal, r.last_ordinal, r.code, r.level, r.type, r.sort_name,
    {", ".join(f"r.{key}" for key in EDITABLE)}, 'active', :now, CAST(:who AS uuid), :now, 1
FROM json_to_recordset(CAST(:rows AS json)) AS r(
    id uuid, parent_id uuid, path text, depth bigint, ordinal bigint, last_ordinal bigint, code text, level text,
    type text, sort_name text, name text, short_name text, founded_on date, person_in_charge text, phone text,
    division_code text
)
""")  # noqa: S608 - built of our own names
_ORDINALS = text("""
UPDATE org o SET last_ordinal = r.last FROM json_to_recordset(CAST(:rows AS json)) AS r(id uuid, last bigint)
WHERE o.id = r.id
""")
_TOKENS = text("""
INSERT INTO org_token (token, org_path, org_id)
SELECT t.token, r.path, r.id FROM json_to_recordset(CAST(:rows AS json)) AS r(id uuid, path text, tokens json)
CROSS JOIN LATERAL json_array_elements_text(r.tokens) AS t(token) ORDER BY t.token, r.path
""")
_NO_TOKENS = text("""
DELETE FROM org_token t USING json_to_recordset(CAST(:rows AS json)) AS r(id uuid, path text, tokens json)
CROSS JOIN LATERAL json_array_elements_text(r.tokens) AS g(token)
WHERE t.token = g.token AND t.org_path = r.path AND t.org_id = r.id
""")
_DELTAS = text(f"""
INSERT INTO stat_delta (id, org_id, org_path, metric, n)
SELECT {uuid7("row_number() OVER ()")}, r.id, r.path, m.metric, 1
FROM json_to_recordset(CAST(:rows AS json)) AS r(id uuid, path text, level text)
CROSS JOIN LATERAL (VALUES (CAST(:active AS text)), (:level || r.level), (:opened)) AS m(metric)
""")  # noqa: S608 - built of our own expressions


def _rows(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {"rows": orjson.dumps(rows, default=str).decode()}


def create(ctx: Context, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Create organisations, parents first, whatever their order; returns what was written.

    :param rows: of `OrgRow`; a parent is another of them or there already, and then locked here.
    """
    placed = _placed(ctx, rows)
    now = ctx.clock.now()
    active, level, opened = own_metrics("", now)
    for start in range(0, len(placed), AT_ONCE):
        piece = placed[start : start + AT_ONCE]
        ctx.session.execute(_INSERT, {**_rows(piece), "now": now, "who": ctx.actor.account_id})
        cut = [{**_at(org), "tokens": list(tokens_of(org["name"], org["sort_name"]))} for org in piece]
        ctx.session.execute(_TOKENS, _rows(cut))
        deltas = [{**_at(org), "level": org["level"]} for org in piece]
        ctx.session.execute(_DELTAS, {**_rows(deltas), "active": active, "level": level, "opened": opened})
    return placed


def _at(org: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": org["id"], "path": org["path"]}


def _placed(ctx: Context, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Path and ordinal of each, below parents that are locked: two people who open below one get two ordinals."""
    own = {row["code"] for row in rows}
    outer = sorted({row["parent"] for row in rows} - own)
    places: dict[str, tuple[UUID, str, int]] = {}
    last: dict[str, int] = {}
    for start in range(0, len(outer), AT_ONCE):
        statement = select(Org.code, Org.id, Org.path, Org.depth, Org.last_ordinal)
        for code, identity, path, depth, ordinal in ctx.session.execute(
            statement.where(Org.code == among(outer[start : start + AT_ONCE])).order_by(Org.path).with_for_update()
        ):
            places[code], last[code] = (identity, path, depth), ordinal
    below: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        below.setdefault(row["parent"], []).append(row)
    placed: list[dict[str, Any]] = []
    open_ = [code for code in outer if code in places]
    while open_:
        above = open_.pop()
        parent, path, depth = places[above]
        for row in below.pop(above, ()):
            last[above] = ordinal = last.get(above, 0) + 1
            org = {**row, "id": new_id(), "parent_id": parent, "path": treepath.child(path, ordinal)}
            org |= {"depth": depth + 1, "ordinal": ordinal, "sort_name": sort_name(row["name"])}
            placed.append(org)
            places[row["code"]] = (org["id"], org["path"], depth + 1)
            open_.append(row["code"])
    if len(placed) != len(rows):
        raise Conflict(lazy("Something this depends on changed at the same moment. Please try again."))
    placed.sort(key=lambda org: str(org["path"]))
    for org in placed:
        org["last_ordinal"] = last.get(org["code"], 0)
        for key in EDITABLE:
            org.setdefault(key, None if key == "founded_on" else "")
    told = [{"id": places[code][0], "last": last[code]} for code in outer if code in places]
    ctx.session.execute(_ORDINALS, _rows(told))
    return placed


def update(ctx: Context, wanted: Mapping[str, Mapping[str, Any]]) -> list[tuple[Org, dict[str, Any], dict[str, Any]]]:
    """Edit organisations; returns each with what it was and what it is. Each keeps a history of its own.

    :param wanted: id → values by name; names that are not `EDITABLE` are left alone.
    :raises NotFound: :raises Forbidden: as everywhere.
    """
    found: list[tuple[Org, dict[str, Any], dict[str, Any]]] = []
    ids = sorted(wanted)
    for start in range(0, len(ids), AT_ONCE):
        piece = [UUID(one) for one in ids[start : start + AT_ONCE]]
        statement = select(Org).where(Org.id.in_(piece)).order_by(Org.path).with_for_update()
        orgs = ctx.session.scalars(statement.execution_options(populate_existing=True)).all()
        found += [_edited(ctx, org, wanted[str(org.id)]) for org in orgs]
        ctx.session.flush()
    _reindex(ctx, found)
    for org, old, new in found:
        named = {key: value for key, value in new.items() if key in NAMES}
        if named:
            keep_correction(ctx, org, {key: old[key] for key in named}, named)
        record(ctx, "tenancy.org.update", subject(org), org=org.ref, before=old, after=new)
        publish(ctx, org.ref, OrgChanged(str(org.id), tuple(new)))
    ctx.session.flush()
    return found


def _edited(ctx: Context, org: Org, data: Mapping[str, Any]) -> tuple[Org, dict[str, Any], dict[str, Any]]:
    require(ctx, ORG_UPDATE.name, org.ref)
    before = snapshot(org)
    for key in EDITABLE:
        if key in data:
            setattr(org, key, data[key])
    old, new = changes(before, snapshot(org))
    org.updated_at = ctx.clock.now()
    if "name" in new:
        org.sort_name = sort_name(org.name)
    return org, old, new


def _reindex(ctx: Context, found: Sequence[tuple[Org, dict[str, Any], dict[str, Any]]]) -> None:
    renamed = [(org, tokens(old["name"]), tokens(org.name)) for org, old, new in found if "name" in new]
    for statement, side in ((_NO_TOKENS, -1), (_TOKENS, 1)):
        cut = [
            {"id": org.id, "path": org.path, "tokens": list(was - now if side < 0 else now - was)}
            for org, was, now in renamed
        ]
        if cut:
            ctx.session.execute(statement, _rows(cut))


def tell(
    ctx: Context,
    created: Sequence[Mapping[str, Any]],
    changed: Sequence[tuple[Org, dict[str, Any], dict[str, Any]]],
) -> StoredFile | None:
    """One audit entry, one event and the list of changes as a file, at the organisation of the import."""
    if not created and not changed:
        return None
    with tempfile.TemporaryDirectory(prefix="banyan-import-") as folder:
        path = Path(folder) / "changes.zip"
        _list(path, created, changed)
        file = keep(ctx, runtime().store, ctx.here, produced(path, "changes.zip"))
    ctx.session.flush()
    after = {"created": len(created), "changed": len(changed), "file": str(file.id)}
    label = str(created[0]["name"] if created else changed[0][0].name)
    record(ctx, ACTION, Subject("org", str(ctx.here.id), label), after=after)
    publish(ctx, ctx.here, OrganisationsImported(len(created), len(changed), str(file.id)))
    return file


def _list(
    path: Path,
    created: Sequence[Mapping[str, Any]],
    changed: Sequence[tuple[Org, dict[str, Any], dict[str, Any]]],
) -> None:
    """A line for each organisation created, a line for each field changed."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        lines = io.StringIO(newline="")
        out = csv.writer(lines, lineterminator="\n")
        out.writerow(("change", "code", "name", "field", "before", "after"))
        for org in created:
            out.writerow(("create", org["code"], guarded(org["name"]), "parent", "", org["parent"]))
        for row, old, new in changed:
            for key, value in new.items():
                was = "" if old[key] is None else str(old[key])
                told = "" if value is None else str(value)
                out.writerow(("change", row.code, guarded(row.name), key, guarded(was), guarded(told)))
        archive.writestr("changes.csv", "\ufeff" + lines.getvalue())
