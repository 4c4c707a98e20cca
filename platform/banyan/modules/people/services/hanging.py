"""What hangs on a person, in whatever module: counted for a preview, and made to name another person.

Modules put their own rows together through ``banyan_persons_merged``, on or off. What a module forgets, or an older
plugin does not know about, goes over here, so that nothing is left that names a person who is no more: a column holds a
person by its name, or because its model says so (``info={"person": True}``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import Column, ScalarSelect, Table, func, or_, select, text, update
from sqlalchemy.exc import IntegrityError

from banyan.kernel.context import Context
from banyan.kernel.db.base import Base
from banyan.kernel.errors import Refused, Text
from banyan.kernel.i18n import lazy
from banyan.plugins import manager

HOOK = "banyan_persons_merged"
log = structlog.get_logger(__name__)
# Who was merged with whom stays as it was.
_STAYS = frozenset({"person"})
_LABELS: dict[str, Text] = {
    "account": lazy("Accounts"),
    "member": lazy("Records"),
    "membership": lazy("Memberships"),
    "post": lazy("Posts"),
    "file_entry": lazy("Awards, measures and certificates"),
    "record_review": lazy("Reviews"),
}


@dataclass(frozen=True, slots=True)
class Hanging:
    """How many rows of one kind name the person that is kept, and the one that is gone.

    :ivar key: says the same in every language.
    """

    key: str
    label: Text
    kept: int
    gone: int


def is_personal(column: Column[object]) -> bool:
    """Whether a column holds a person."""
    return column.name == "person_id" or bool(column.info.get("person"))


def tables(ctx: Context) -> Iterator[tuple[Table, list[Column[object]]]]:
    """Tables that hold persons and that the application may rewrite, each with its columns that do."""
    found: dict[str, tuple[Table, list[Column[object]]]] = {}
    for mapper in Base.registry.mappers:
        table = mapper.local_table
        if not isinstance(table, Table) or table.name in _STAYS:
            continue
        columns = [column for column in table.columns if is_personal(column)]
        if columns:
            found[table.name] = (table, columns)
    # Tables of a plugin that is not migrated yet are not there; what only grows is never rewritten.
    asked = text(
        "SELECT t.name FROM unnest(CAST(:names AS text[]), CAST(:columns AS text[])) AS t (name, col)"
        " WHERE to_regclass(quote_ident(t.name)) IS NOT NULL"
        " AND has_column_privilege(to_regclass(quote_ident(t.name)), t.col, 'UPDATE') ORDER BY t.name"
    )
    names = sorted(found)
    given = {"names": names, "columns": [found[name][1][0].name for name in names]}
    for name in ctx.session.scalars(asked, given):
        yield found[name]


def counted(ctx: Context, kept: UUID, gone: UUID) -> list[Hanging]:
    """What hangs on each of two persons, in the order of the modules; what neither has is left out."""
    owners, labels = _owners(), {name: one.label for name, one in manager.current().manifests.items()}
    numbers: dict[str, Hanging] = {}
    for table, columns in tables(ctx):
        asked = select(_number(table, columns, kept), _number(table, columns, gone))
        of_kept, of_gone = ctx.session.execute(asked).one()
        if not of_kept and not of_gone:
            continue
        owner = owners.get(table.name, "")
        key = table.name if table.name in _LABELS else owner or table.name
        label = _LABELS[key] if key in _LABELS else labels.get(owner, key)
        before = numbers.get(key) or Hanging(key, label, 0, 0)
        numbers[key] = Hanging(key, before.label, before.kept + of_kept, before.gone + of_gone)
    return list(numbers.values())


def _number(table: Table, columns: list[Column[object]], person: UUID) -> ScalarSelect[int]:
    named = or_(*(column == person for column in columns))
    return select(func.count()).select_from(table).where(named).scalar_subquery()


def ask_modules(ctx: Context, kept: UUID, gone: UUID) -> None:
    """Let every installed module put together what it holds, on or off.

    :raises Refused: with the reasons of all modules; one that fails stands in the way itself.
    """
    plugins, reasons = manager.current(), list[Text]()
    for name, manifest in plugins.manifests.items():
        if name in plugins.unmigrated or getattr(plugins.module(name), HOOK, None) is None:
            continue
        try:
            with ctx.session.begin_nested():
                plugins.tell(HOOK, name, ctx=ctx, kept=str(kept), gone=str(gone))
        except Refused as error:
            reasons.extend(error.reasons)
        except Exception:
            log.exception("hook failed", hook=HOOK, plugin=name)
            reasons.append(lazy("The module “%(name)s” could not put the two together.", name=manifest.label))
    if reasons:
        raise Refused(*reasons)


def carry(ctx: Context, kept: UUID, gone: UUID) -> dict[str, int]:
    """Let every row that still names ``gone`` name ``kept``; returns how many by table.

    :raises Refused: a module has something of both of which a person has only one.
    """
    owners, manifests = _owners(), manager.current().manifests
    carried: dict[str, int] = {}
    ctx.session.flush()
    for table, columns in tables(ctx):
        for column in columns:
            statement = update(table).where(column == gone).values({column.name: kept})
            try:
                with ctx.session.begin_nested():
                    number = int(ctx.session.execute(statement).rowcount)  # type: ignore[attr-defined]
            except IntegrityError as error:
                owner = manifests.get(owners.get(table.name, ""))
                label = owner.label if owner is not None else table.name
                raise Refused(
                    lazy("“%(module)s” has something of both that a person has once.", module=label)
                ) from error
            carried[table.name] = carried.get(table.name, 0) + number
    ctx.session.expire_all()
    return {name: number for name, number in carried.items() if number}


def _owners() -> dict[str, str]:
    found = manager.current().start("banyan_models")
    return {model.__tablename__: name for name, models in found for model in models}
