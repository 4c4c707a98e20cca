"""What an applied manifest leaves behind: one audit entry, one event, and the list of changes as a file."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar

from sqlalchemy import text
from sqlalchemy.orm import Session

from banyan.kernel.context import Context
from banyan.kernel.events import Event, publish
from banyan.kernel.files import FileStore, StoredFile, keep, produced
from banyan.kernel.values import OrgRef
from banyan.modules.audit.services import Subject, record
from banyan.modules.tenancy.manifest.cells import guarded
from banyan.modules.tenancy.manifest.plan import Change, Plan, changed
from banyan.modules.tenancy.manifest.staging import driver
from banyan.modules.tenancy.manifest.values import Manifest

ACTION = "tenancy.manifest.apply"
HEADER = ("thing", "change", "key", "name", "field", "before", "after")
# What `guarded` does, for what the database writes by itself.
_NAME = r"CASE WHEN r.name ~ '^''*[=+@\t\r\n-]' THEN '''' || r.name ELSE r.name END"
_CREATED = f"""
COPY (
    SELECT 'organisation', 'create', p.code, {_NAME}, '', '',
        concat_ws(', ', 'parent=' || nullif(r.parent, ''), 'level=' || r.level, 'type=' || r.type,
            'division_code=' || nullif(r.division_code, ''), 'founded_on=' || nullif(r.founded_on, ''))
    FROM man_place p JOIN man_row r ON r.n = p.n ORDER BY p.path
) TO STDOUT WITH (FORMAT csv)
"""  # noqa: S608 - built of our own expressions
_TOP = "SELECT o.id, o.path FROM man_row r JOIN org o ON o.code = r.code ORDER BY o.path LIMIT 1"


@dataclass(frozen=True, slots=True)
class OrganisationsApplied(Event):
    """A manifest was applied at an organisation and below; the file holds every change.

    :ivar file_id: a `banyan.kernel.files.StoredFile` of the organisation.
    """

    NAME: ClassVar[str] = "tenancy.manifest.applied"
    title: str
    created: int
    changed: int
    file_id: str


def tell(ctx: Context, manifest: Manifest, plan: Plan, store: FileStore) -> StoredFile | None:
    """Write file, audit entry and event at the topmost organisation of the manifest."""
    top = ctx.session.execute(text(_TOP)).first()
    figures = {"created": plan.created, "changed": plan.changed, "definitions": len(plan.definitions)}
    subject = Subject("manifest", manifest.title, manifest.title)
    if top is None:
        record(ctx, ACTION, subject, after=figures)
        return None
    org = OrgRef(top.id, top.path)
    file = _file(ctx, plan, store, org)
    record(ctx, ACTION, subject, org=org, after={**figures, "accounts": len(plan.accounts), "file": str(file.id)})
    publish(ctx, org, OrganisationsApplied(manifest.title, plan.created, plan.changed, str(file.id)))
    return file


def _file(ctx: Context, plan: Plan, store: FileStore, org: OrgRef) -> StoredFile:
    with tempfile.TemporaryDirectory(prefix="banyan-manifest-") as folder:
        path = Path(folder) / "changes.zip"
        _write(path, ctx.session, plan)
        row = keep(ctx, store, org, produced(path, "changes.zip"))
    ctx.session.flush()
    return row


def _write(path: Path, session: Session, plan: Plan) -> None:
    """A CSV inside a ZIP: a line for each field changed, a line for each organisation created. Written as a stream."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("changes.csv", "w", force_zip64=True) as raw,
    ):
        raw.write("\ufeff".encode())
        _as_csv(raw, [HEADER])
        for change in (*plan.definitions, *changed(session)):
            _as_csv(raw, _lines(change))
        with driver(session).cursor() as cursor, cursor.copy(_CREATED) as copy:
            for block in copy:
                raw.write(block)


def _as_csv(raw: IO[bytes], lines: Iterable[tuple[str, ...]]) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(lines)
    raw.write(buffer.getvalue().encode())


def _lines(change: Change) -> Iterable[tuple[str, ...]]:
    start = (change.thing, change.kind, change.key, guarded(change.name))
    for field, (before, after) in change.fields.items():
        yield (*start, field, guarded(_shown(before)), guarded(_shown(after)))


def _shown(value: object) -> str:
    return "" if value is None else str(value)
