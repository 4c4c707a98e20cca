"""Two people change one tree at random, at once, while rows are written below: the tree agrees with itself and loses
no row."""

from __future__ import annotations

import itertools
import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from banyan.boundary import Banyan
from banyan.kernel.context import Context
from banyan.kernel.db.embedded import Urls
from banyan.kernel.db.failures import explained, lost_race
from banyan.kernel.db.session import Database
from banyan.kernel.errors import DomainError, Invalid
from banyan.kernel.jobs import LongTask
from banyan.modules.accounts.models import Account
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.services import organisations
from banyan.modules.tenancy.services.life import merging, moving, renaming, revoking, splitting
from tests.factories import World
from tests.modules.tenancy.lives import Life, disagreements, fold

DECISION = {"decided_on": date(2026, 2, 2), "number": "", "note": "", "document": None}
KINDS = ("create", "rename", "move", "move", "move", "merge", "split", "revoke", "restore")
ACTS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 1_000), st.integers(0, 1_000)), min_size=2, max_size=7)
NUMBERS = itertools.count()


@dataclass
class Forest:
    """A tree that several threads change, and what they did to it.

    :ivar rows: ids of the rows that were written, with the organisation each was written for.
    """

    app: Banyan
    world: World
    admin: Account
    codes: list[str]
    created: int = 0
    rows: dict[UUID, UUID] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    broken: list[Exception] = field(default_factory=list)
    contexts: threading.Lock = field(default_factory=threading.Lock)

    def code(self, number: int) -> str:
        return self.codes[number % len(self.codes)]

    def once(self, work: Callable[[Context], str]) -> str:
        """One transaction, as the boundary does it: a lost race is tried once more, then it is a conflict."""
        for last in (False, True):
            with self.contexts:  # the factory's own session looks the grants up
                ctx = self.world.context(self.admin)
            try:
                with ctx.session:
                    said = work(ctx)
                    ctx.session.commit()
                return said
            except DomainError as error:
                return type(error).__name__
            except (DBAPIError, StaleDataError) as error:
                if not lost_race(error) or last:
                    known = explained(error)
                    if not isinstance(known, DomainError):
                        raise
                    return type(known).__name__
        raise AssertionError

    def act(self, kind: str, one: int, two: int) -> None:
        def work(ctx: Context) -> str:
            org = ctx.session.scalars(select(Org).where(Org.code == self.code(one))).one()
            return ACTIONS[kind](self, ctx.at(org.ref), org, self.code(two), random.Random(two))

        said = self.once(work)
        self.done[f"{kind}: {said}"] += 1

    def write(self, number: int) -> None:
        """A row of some organisation, as a request there would write it."""
        identity: list[UUID] = []

        def work(ctx: Context) -> str:
            org = ctx.session.scalars(select(Org).where(Org.code == self.code(number))).one()
            row = LongTask(
                org_id=org.id, org_path=org.path, kind="x", title="x", state="done", arguments={}, request_id="",
                created_at=ctx.clock.now(),
            )  # fmt: skip
            ctx.session.add(row)
            ctx.session.flush()
            identity[:] = [row.id, org.id]
            return "written"

        if self.once(work) == "written":
            self.rows[identity[0]] = identity[1]

    def guarded(self, work: Callable[[], None]) -> None:
        try:
            with self.app.app_context():
                work()
        except Exception as error:  # noqa: BLE001 - told by the test itself, which looks at all of them
            self.broken.append(error)


def new_code() -> str:
    return f"n{next(NUMBERS)}"


def create(forest: Forest, ctx: Context, org: Org, other: str, chance: random.Random) -> str:
    problems = organisations.placing_problems(ctx, "village", "league", org)
    if problems:
        raise Invalid(problems)
    code = new_code()
    data = {"code": code, "level": "village", "type": "league", "link": "leadership", "name": f"新{code}村"}
    rest = {"short_name": "", "founded_on": None, "person_in_charge": "", "phone": "", "division_code": ""}
    organisations.tell_created(ctx, organisations.place_below(ctx, org.id, {**data, **rest}))
    ctx.session.flush()
    forest.codes.append(code)  # whoever asks for it before the commit finds nothing, and the act is void
    forest.created += 1
    return "done"


def rename(forest: Forest, ctx: Context, org: Org, other: str, chance: random.Random) -> str:
    data = {**DECISION, "name": f"改名{chance.randrange(1000)}", "short_name": ""}
    renaming.carry_out(ctx, org, data, renaming.preview(ctx, org, data).plan)
    return "done"


def move(forest: Forest, ctx: Context, org: Org, other: str, chance: random.Random) -> str:
    data = {**DECISION, "parent": other}
    moving.carry_out(ctx, org, data, moving.preview(ctx, org, data).plan)
    return "done"


def merge(forest: Forest, ctx: Context, org: Org, other: str, chance: random.Random) -> str:
    data = {**DECISION, "into": other}
    merging.carry_out(ctx, org, data, merging.preview(ctx, org, data).plan)
    return "done"


def split(forest: Forest, ctx: Context, org: Org, other: str, chance: random.Random) -> str:
    children = [child.code for child in splitting.choices(ctx, org)]
    code = new_code()
    data: dict[str, Any] = {
        **DECISION, "name": f"分设{code}", "short_name": "", "code": code, "founded_on": date(2026, 1, 5),
        "person_in_charge": "", "phone": "", "children": children[: 1 + len(children) // 2],
    }  # fmt: skip
    splitting.carry_out(ctx, org, data, splitting.preview(ctx, org, data).plan)
    forest.created += 1
    return "done"


def revoke(forest: Forest, ctx: Context, org: Org, other: str, chance: random.Random) -> str:
    revoking.decide(ctx, org, DECISION)
    revoking.carry_out(ctx, org, revoking.preview(ctx, org).plan)
    return "done"


def restore(forest: Forest, ctx: Context, org: Org, other: str, chance: random.Random) -> str:
    revoking.restore(ctx, org, {**DECISION, "decided_on": date(2026, 2, 12)})
    return "done"


ACTIONS = {
    "create": create, "rename": rename, "move": move, "merge": merge, "split": split, "revoke": revoke,
    "restore": restore,
}  # fmt: skip


def planted(app: Banyan, world: World, db: Database) -> Forest:
    """A province, three cities, six counties and twelve villages, counted."""
    mark = new_code()
    root = world.org(code=f"{mark}-root", level="province")
    orgs = [root]
    for one in range(3):
        city = world.org(root, f"{mark}-{one}", level="city")
        orgs.append(city)
        for two in range(2):
            county = world.org(city, f"{mark}-{one}-{two}", level="county")
            orgs += [county, *(world.org(county, f"{mark}-{one}-{two}-{n}", level="village") for n in range(2))]
    admin = world.admin(root)
    life = Life(world, app.test_client(), root, root, root, root, root, root, admin, {})
    life.count(db, *orgs)
    return Forest(app, world, admin, [org.code for org in orgs])


@pytest.mark.clause("ORG-05")
@pytest.mark.clause("ORG-04")
def test_two_people_and_a_stream_of_rows_leave_a_sound_tree(
    app: Banyan, db: Database, urls: Urls, world: World
) -> None:
    total: Counter[str] = Counter()

    @settings(max_examples=8, derandomize=True, phases=[Phase.generate])
    @given(first=ACTS, second=ACTS)
    def sound(first: list[tuple[str, int, int]], second: list[tuple[str, int, int]]) -> None:
        forest = planted(app, world, db)
        there = len(world.session.scalars(select(Org.id)).all())
        rows = len(world.session.scalars(select(LongTask.id)).all())
        world.session.rollback()
        over = threading.Event()

        def acting(acts: list[tuple[str, int, int]]) -> None:
            for act in acts:
                forest.act(*act)

        def writing() -> None:
            for number in itertools.count():
                if over.is_set() and number > 10:
                    return
                forest.write(number * 7)

        people = [
            threading.Thread(target=forest.guarded, args=(lambda acts=acts: acting(acts),)) for acts in (first, second)
        ]
        writer = threading.Thread(target=forest.guarded, args=(writing,))
        for thread in (*people, writer):
            thread.start()
        for thread in people:
            thread.join()
        over.set()
        writer.join()

        assert not forest.broken, forest.broken
        total.update(forest.done)
        fold(db, world.clock)
        assert disagreements(db, urls.owner) == []
        world.session.expire_all()
        kept = {org.id: org for org in world.session.scalars(select(Org))}
        found = {row.id: row.org_id for row in world.session.scalars(select(LongTask))}
        world.session.rollback()
        assert len(kept) >= there, "no organisation is lost"
        assert len(found) == rows + len(forest.rows), "no row is lost"
        for identity, org_id in forest.rows.items():
            org = kept[org_id]
            while org.successor_id is not None and org.id != found[identity]:
                org = kept[org.successor_id]
            assert found[identity] == org.id, "a row stays with its organisation, or goes where that went"

    sound()
    assert all(total[f"{kind}: done"] for kind in ("create", "rename", "move")), total
