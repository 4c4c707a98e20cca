"""Making the tree what a manifest says: all of it or nothing, in the one transaction of the caller."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import text
from sqlalchemy.orm import Session

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.files import FileStore, StoredFile
from banyan.modules.tenancy.manifest import indexing, rollups, telling
from banyan.modules.tenancy.manifest.plan import Accounts, NewAccount, Plan, prepare
from banyan.modules.tenancy.manifest.values import FIELDS, Manifest

# "manifest": two applies do not run at the same time.
LOCK = 0x6D616E6966657374
MANY = 5_000

_INSERT = """
INSERT INTO org (
    id, parent_id, path, depth, ordinal, last_ordinal, code, division_code, name, short_name, sort_name, level, type,
    founded_on, person_in_charge, phone, link, status, created_at, created_by, updated_at, version
)
SELECT p.id, p.parent_id, p.path, p.depth, p.ordinal, coalesce(below.last, 0), p.code, coalesce(r.division_code, ''),
    r.name, coalesce(r.short_name, ''), r.sort_name, r.level, r.type, CAST(nullif(r.founded_on, '') AS date),
    coalesce(r.person_in_charge, ''), coalesce(r.phone, ''), coalesce(r.link, 'leadership'),
    'active', :now, CAST(:who AS uuid), :now, 1
FROM man_place p JOIN man_row r ON r.n = p.n
LEFT JOIN (SELECT parent_id, max(ordinal) AS last FROM man_place GROUP BY parent_id) AS below ON below.parent_id = p.id
ORDER BY p.path
"""
_ORDINALS = """
UPDATE org o SET last_ordinal = greatest(o.last_ordinal, top.last)
FROM (SELECT parent_id, max(ordinal) AS last FROM man_place WHERE step = 0 GROUP BY parent_id) AS top
WHERE o.id = top.parent_id
"""
_UPDATE = f"""
UPDATE org o SET {", ".join(f"{name} = c.{name}" for name in FIELDS)},
    sort_name = c.sort_name, updated_at = :now, version = o.version + 1
FROM man_change c WHERE o.id = c.id
"""  # noqa: S608
_FOREIGN_KEYS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'f' AND conrelid = CAST(:table AS regclass) ORDER BY conname
"""
_LEVELS = """
INSERT INTO org_level (key, rank, label, mark) SELECT key, rank, label, mark FROM man_level
ON CONFLICT (key) DO UPDATE SET rank = excluded.rank, label = excluded.label, mark = excluded.mark
"""
_TYPES = """
INSERT INTO org_type (key, label, parents, root, links, ending)
SELECT key, label, parents, root, links, ending FROM man_type
ON CONFLICT (key) DO UPDATE SET label = excluded.label, parents = excluded.parents, root = excluded.root,
    links = excluded.links, ending = excluded.ending
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the work. :ivar seconds: how long it took. :ivar rows: what it wrote or read."""

    name: str
    seconds: float
    rows: int


@dataclass
class ApplyReport:
    """What was done.

    :ivar accounts: created ones with their passwords, told this once.
    :ivar file: the list of changes; None when nothing changed.
    """

    plan: Plan
    steps: list[Step] = field(default_factory=list)
    accounts: list[NewAccount] = field(default_factory=list)
    file: StoredFile | None = None


Told = Callable[[Step], None]


class _Work:
    """Times the steps."""

    def __init__(self, told: Told | None) -> None:
        self.steps: list[Step] = []
        self._told = told

    @contextmanager
    def step(self, name: str) -> Iterator[list[int]]:
        rows: list[int] = []
        started = time.monotonic()
        yield rows
        done = Step(name, time.monotonic() - started, sum(rows))
        self.steps.append(done)
        if self._told:
            self._told(done)


def apply(
    ctx: Context, manifest: Manifest, store: FileStore, accounts: Accounts | None = None, told: Told | None = None
) -> ApplyReport:
    """Make the tree what ``manifest`` says. Nothing is removed or moved; a second time changes nothing.

    :param ctx: with a session over everything, as the role that owns the tables; the caller commits.
    :param store: where the list of changes is kept. :param accounts: the step that creates accounts.
    :param told: hears of each step when it is done.
    :raises ManifestRefused: with every mistake; nothing has been changed.
    """
    session, work = ctx.session, _Work(told)
    with work.step("read, check and compare") as rows:
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        plan = prepare(session, manifest, today(ctx.clock), accounts, lock=True)
        rows.append(plan.created + plan.changed + plan.same)
    report = ApplyReport(plan, work.steps)
    if plan.empty:
        return report
    with work.step("write organisations") as rows:
        rows.append(_write(ctx, plan))
        _refresh(session, plan, "org")
    with work.step("write search tokens") as rows:
        rows.append(indexing.index(session))
        _refresh(session, plan, "org_token")
    with work.step("write statistics") as rows:
        with _references_checked_at_once(session, plan, "stat"):
            rows.append(rollups.count_created(ctx, plan.created))
        rollups.count_changed(ctx)
        _refresh(session, plan, "stat")
    if accounts and plan.accounts:
        with work.step("create accounts") as rows:
            report.accounts = accounts.create(ctx, plan.accounts)
            rows.append(len(plan.accounts))
    with work.step("record"):
        report.file = telling.tell(ctx, manifest, plan, store)
    return report


def _write(ctx: Context, plan: Plan) -> int:
    session, now = ctx.session, ctx.clock.now()
    if plan.definitions:
        # Ranks are unique, and two levels may have exchanged theirs.
        session.execute(text("UPDATE org_level SET rank = -rank WHERE key IN (SELECT key FROM man_level)"))
        session.execute(text(_LEVELS))
        session.execute(text(_TYPES))
        session.expire_all()
    if plan.created:
        with _references_checked_at_once(session, plan, "org"):
            session.execute(text(_INSERT), {"now": now, "who": ctx.actor.account_id})
        session.execute(text(_ORDINALS))
    if plan.changed:
        session.execute(text(_UPDATE), {"now": now})
    return plan.created + plan.changed


@contextmanager
def _references_checked_at_once(session: Session, plan: Plan, table: str) -> Iterator[None]:
    """The first load of a big tree takes foreign keys away and puts them back: a join each, not millions of looks.

    Nobody else can be using the table, which is empty; where there are rows already, nobody is locked out.
    """
    there = session.scalar(text(f"SELECT EXISTS (SELECT 1 FROM {table})"))  # noqa: S608 - one of ours
    if plan.created < MANY or there:
        yield
        return
    keys = session.execute(text(_FOREIGN_KEYS), {"table": table}).all()
    for name, _definition in keys:
        session.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'))
    yield
    for name, definition in keys:
        session.execute(text(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}'))


def _refresh(session: Session, plan: Plan, table: str) -> None:
    """After much was written the planner must know, or what comes next reads whole tables."""
    if plan.created >= MANY:
        session.execute(text(f"ANALYZE {table}"))
