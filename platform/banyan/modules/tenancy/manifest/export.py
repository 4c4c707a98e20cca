"""Writing a tree back as a manifest: YAML for levels, types and accounts, CSV for organisations, no secrets."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from banyan.kernel.errors import NotFound
from banyan.kernel.i18n import lazy
from banyan.kernel.treepath import upper
from banyan.modules.tenancy.manifest.cells import guarded
from banyan.modules.tenancy.manifest.values import COLUMNS, FIELDS
from banyan.modules.tenancy.models import Level, Org, OrgType

MANIFEST = "tenant.yaml"
TABLE = "organisations.csv"
_PART = 5_000

AccountsBelow = Callable[[Session, str, str], Iterable[Mapping[str, Any]]]


def export(session: Session, code: str, folder: Path, accounts: AccountsBelow | None = None) -> int:
    """Write the organisation ``code`` and all below it to ``folder``; returns how many organisations were written.

    Applied again it changes nothing. Its topmost organisation is written as a root when it is one, else below its
    parent, which has to be there already.

    :param accounts: tells the accounts of a range of paths, as entries of the manifest.
    :raises NotFound: there is no such organisation.
    """
    top = session.scalar(select(Org).where(Org.code == code))
    if top is None:
        raise NotFound(lazy("There is no organisation “%(code)s”.", code=code))
    folder.mkdir(parents=True, exist_ok=True)
    document: dict[str, Any] = {"banyan": 1, "title": top.name}
    document["levels"] = [
        {"key": level.key, "rank": level.rank, "mark": level.mark, "label": dict(level.label)}
        for level in session.scalars(select(Level).order_by(Level.rank))
    ]
    document["types"] = [
        {"key": kind.key, "root": kind.root, "parents": list(kind.parents), "links": list(kind.links)}
        | {"ending": kind.ending, "label": dict(kind.label)}
        for kind in session.scalars(select(OrgType).order_by(OrgType.key))
    ]
    document["tables"] = [{"file": TABLE, "encoding": "utf-8"}]
    if accounts is not None and (found := list(accounts(session, top.path, upper(top.path)))):
        document["accounts"] = found
    number = _table(session, top.path, folder / TABLE)
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 120
    with (folder / MANIFEST).open("w", encoding="utf-8") as stream:
        yaml.dump(document, stream)
    return number


def _table(session: Session, path: str, target: Path) -> int:
    parent = aliased(Org)
    values = [getattr(Org, name) for name in FIELDS]
    statement = (
        select(Org.code, parent.code, *values)
        .outerjoin(parent, parent.id == Org.parent_id)
        .where(Org.path >= path, Org.path < upper(path))
        .order_by(Org.depth, Org.path)
        .execution_options(yield_per=_PART)
    )
    number = 0
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in session.execute(statement):
            writer.writerow([guarded("" if value is None else str(value)) for value in row])
            number += 1
    return number
