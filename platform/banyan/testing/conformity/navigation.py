"""Rules about how people get to a plugin: entries and cards lead somewhere, and only those who may see them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from flask import g, url_for

from banyan.modules.access.models import OrgRole
from banyan.testing.conformity.findings import Finding, Subject
from banyan.testing.world import World


def navigation(subject: Subject) -> Iterator[Finding]:
    """Entries of the rail and cards of the dashboard lead to views that exist, under the permission those ask for."""
    with subject.here.world() as world:
        place = world.org(code="place")
        subject.here.switch_on(world, place, subject.name)
        admin = world.admin(place)
        for hook, what in (("banyan_navigation", "entry"), ("banyan_dashboard_cards", "card")):
            for item in _asked(subject, world, admin, place, hook):
                yield from _leads(subject, what, item)
        yield from _shown(subject, world, place, admin)


def _asked(subject: Subject, world: World, account: Any, place: Any, hook: str) -> Sequence[Any]:
    ctx = world.context(account, place)
    with subject.here.app.test_request_context("/orgs/place/"), ctx.session:
        found = subject.here.plugins.tell(hook, subject.name, ctx=ctx)
        return list(found or ())


def _leads(subject: Subject, what: str, item: Any) -> Iterator[Finding]:
    where = f"{what} {item.endpoint}"
    marks = {one.rule.endpoint: one.mark for one in subject.endpoints if one.method == "GET"}
    mark = marks.get(item.endpoint)
    if mark is None:
        yield Finding("navigation", where, "there is no such view of the plugin", "Name one of its endpoints")
    elif mark.kind == "permission" and item.permission != mark.permission:
        yield Finding(
            "navigation",
            where,
            f"the {what} is shown under {item.permission!r}, its view asks for {mark.permission!r}",
            "Use the same permission for both",
        )


def _shown(subject: Subject, world: World, place: Any, admin: Any) -> Iterator[Finding]:
    """Whoever may not go there is not shown the way."""
    nothing = OrgRole(org_id=place.id, org_path=place.path, name="-", stamp=1, created_at=world.clock.now(), lines=[])
    world.session.add(nothing)
    world.session.commit()
    powerless = world.admin(place, role=nothing.key)
    page = world.sign_in(powerless).get("/me").get_data(as_text=True)
    with subject.here.app.test_request_context():
        for item in _asked(subject, world, admin, place, "banyan_navigation"):
            known = any(one.rule.endpoint == item.endpoint for one in subject.endpoints)
            address = url_for(item.endpoint, code="place") if known else ""
            if address and f'href="{address}"' in page:
                yield Finding(
                    "navigation",
                    f"entry {item.endpoint}",
                    "somebody who may not go there is shown the entry",
                    "Give the NavItem its permission",
                )


def hooks(subject: Subject) -> Iterator[Finding]:
    """Hooks that are asked while the platform runs answer without failing."""
    from banyan.plugins.startup import HOOKS, START_HOOKS

    switched, of_people = ("can_enable", "enabled", "disabled"), ("export_person", "erase_person", "persons_merged")
    quiet = {f"banyan_{hook}" for hook in (*switched, *of_people)}
    with subject.here.world() as world:
        place = world.org(code="place")
        subject.here.switch_on(world, place, subject.name)
        admin = world.admin(place)
        for hook in sorted(HOOKS - set(START_HOOKS) - quiet):
            if not hasattr(subject.implementation, hook):
                continue
            ctx = world.context(admin, place)
            given = {
                "ctx": ctx, "org": place.ref, "lo": "", "hi": "~", "text": "x", "name": "tenancy.org.created",
                "event_id": "01900000-0000-7000-8000-000000000000", "payload": {}, "old_path": "9.",
                "into": place.ref, "most": 6, "person_id": "01900000-0000-7000-8000-000000000000",
                "member_id": "01900000-0000-7000-8000-000000000001",
            }  # fmt: skip
            with subject.here.app.test_request_context("/orgs/place/"), ctx.session:
                g.code = "place"
                try:
                    answer = subject.here.plugins.tell(hook, subject.name, **given)
                    if isinstance(answer, Iterator):
                        list(islice(answer, 100))
                    ctx.session.flush()
                except Exception as error:  # noqa: BLE001 - a hook may fail in any way, and that is the finding
                    yield Finding("hooks", hook, f"it fails: {type(error).__name__}: {error}", "Mend it")
