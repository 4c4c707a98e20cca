"""The timeline of a member's file asks modules that are on, in order, and outlives those that fail (PPL-06)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest

from banyan.boundary import Banyan
from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound
from banyan.kernel.values import TimelineEntry
from banyan.modules.people.models import Member
from banyan.modules.people.services import members, timeline
from banyan.modules.tenancy.models import Org
from banyan.plugins import enablement, manager
from tests.factories import World


@pytest.fixture
def there(app: Banyan, world: World) -> Iterator[tuple[Org, Member]]:
    branch = world.org(code="branch")
    ctx = world.context(world.admin(branch), branch)
    with app.test_request_context(), ctx.session:
        made = members.admit(ctx, branch.ref, {"name": "成员001"})
        ctx.session.commit()
        yield branch, made


def _reader(world: World, branch: Org) -> Context:
    return world.context(world.admin(branch), branch)


@pytest.mark.clause("PPL-06", "PLG-01")
def test_modules_that_are_on_tell_and_one_that_fails_costs_itself(
    there: tuple[Org, Member], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    branch, member = there
    guest = manager.current().module("guestbook")
    asked: list[tuple[str, int]] = []

    def told(ctx: Context, person_id: str, most: int) -> Iterator[TimelineEntry]:
        asked.append((person_id, most))
        for n in range(60):
            yield TimelineEntry(date(2026, 2, 12), "guestbook.entry", f"第{n}次")

    monkeypatch.setattr(guest, "banyan_timeline", told, raising=False)
    ctx = _reader(world, branch)
    with ctx.session:
        assert [one.kind for one in timeline.of_member(ctx, member.id).entries] == ["people.membership"]
        assert asked == [], "a module that is off tells nothing"
        enablement.set_switch(ctx.session, branch.ref, "guestbook", on=True, by=None, at=ctx.clock.now())
        ctx.session.commit()
        first = timeline.of_member(ctx, member.id)
        assert (len(first.entries), first.more, len(first.days)) == (50, True, 1)
        assert asked == [(str(member.person_id), timeline.MOST)]
        rest = timeline.of_member(ctx, member.id, page=2)
        assert (len(rest.entries), rest.more) == (11, False)
        few = timeline.of_member(ctx, member.id, kind="guestbook.entry", size=5)
        assert [one.title for one in few.entries] == [f"第{n}次" for n in range(5)]
        for page in (0, 21):
            with pytest.raises(NotFound):
                timeline.of_member(ctx, member.id, page=page)


@pytest.mark.clause("PPL-06")
@pytest.mark.parametrize("wrong", ["raises", "text", "instant"])
def test_answers_that_are_no_entries_are_a_failure_of_their_module(
    there: tuple[Org, Member], world: World, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    branch, member = there
    answers: dict[str, Any] = {
        "text": ["x"],
        "instant": [TimelineEntry(datetime.fromisoformat("2026-02-12T00:00:00"), "guestbook.entry", "x")],
    }

    def told(ctx: Context, person_id: str, most: int) -> Any:
        return answers[wrong]

    monkeypatch.setattr(manager.current().module("guestbook"), "banyan_timeline", told, raising=False)
    ctx = _reader(world, branch)
    with ctx.session:
        enablement.set_switch(ctx.session, branch.ref, "guestbook", on=True, by=None, at=ctx.clock.now())
        ctx.session.commit()
        assert [one.kind for one in timeline.of_member(ctx, member.id).entries] == ["people.membership"]
