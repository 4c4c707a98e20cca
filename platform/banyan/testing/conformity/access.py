"""Rules about who may enter: a mark on every view, nothing when off, no reach into a neighbour, no broken answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.exc import SQLAlchemyError

from banyan.modules.access.models import OrgRole
from banyan.testing.conformity.findings import Finding, Subject
from banyan.testing.conformity.rows import CannotPlant, ids_of, plant
from banyan.testing.endpoints import Endpoint
from banyan.testing.world import World

SECRET = "neighbours-own-words"  # noqa: S105 - a word to look for


def off(subject: Subject) -> Iterator[Finding]:
    """Where the module is off, none of its addresses exists, whatever one may."""
    with subject.here.world() as world:
        place = world.org(code="place")
        browser, headers = _as(world, world.admin(place))
        for endpoint in subject.endpoints:
            if not endpoint.of_organisation:
                if endpoint.mark.kind != "signed_in":
                    yield Finding(
                        "off",
                        str(endpoint),
                        "its address names no organisation, so none can switch it off",
                        "Begin the address with /orgs/<code>/ or /api/v1/orgs/<code>/",
                    )
                continue
            status = _ask(subject, browser, headers, endpoint).status_code
            if status != 404:
                yield Finding(
                    "off",
                    str(endpoint),
                    f"it answers {status} where the module is off",
                    "Register the blueprint through banyan_api_blueprints or banyan_page_blueprints alone",
                )


def permissions(subject: Subject) -> Iterator[Finding]:
    """Every view asks for one of the plugin's own permissions, and whoever lacks it is refused."""
    own = {one.name for one in subject.answers.get("banyan_permissions", ())}
    for endpoint in subject.endpoints:
        mark = endpoint.mark
        if mark.kind == "permission" and mark.permission not in own:
            yield Finding(
                "permissions",
                str(endpoint),
                f"it asks for {mark.permission!r}, which is no permission of the plugin",
                "Declare it through banyan_permissions, and let roles have it through banyan_roles",
            )
    with subject.here.world() as world:
        place = world.org(code="place")
        subject.here.switch_on(world, place, subject.name)
        empty = OrgRole(org_id=place.id, org_path=place.path, name="-", stamp=1, created_at=world.clock.now(), lines=[])
        world.session.add(empty)
        world.session.commit()
        browser, headers = _as(world, world.admin(place, role=empty.key))
        for endpoint in subject.endpoints:
            if endpoint.mark.kind != "permission":
                continue
            status = _ask(subject, browser, headers, endpoint).status_code
            if status != 403:
                yield Finding(
                    "permissions",
                    str(endpoint),
                    f"it answers {status} to somebody without its permission",
                    "Let the mark decide, before anything else is done",
                )
    yield from _roles(subject, own)


def _roles(subject: Subject, own: set[str]) -> Iterator[Finding]:
    _roles_brought, bindings = subject.answers.get("banyan_roles", ((), ()))
    for binding in bindings:
        if not binding.permission.startswith(f"{subject.name}."):
            yield Finding(
                "permissions",
                "banyan_roles",
                f"it gives {binding.role!r} the permission {binding.permission!r}, which is not its own",
                "Bind permissions of the plugin only",
            )
    given = [binding.permission for binding in bindings if binding.effect == "allow"]
    for name in sorted(own):
        if not any(name == one or (one.endswith("*") and name.startswith(one[:-1])) for one in given):
            yield Finding("permissions", "banyan_roles", f"no role has {name!r} by default", "Bind it to a role")


def reach(subject: Subject) -> Iterator[Finding]:
    """Nothing of a neighbour, of an organisation above or of one below out of reach is shown, changed or told apart."""
    with subject.here.world() as world:
        root = world.org(code="root")
        place = world.org(root, "place")
        foreign = {"above": root, "neighbour": world.org(root, "neighbour"), "below": world.org(place, "below")}
        for org in (place, *foreign.values()):
            subject.here.switch_on(world, org, subject.name)
        rows: dict[str, list[Any]] = {}
        try:
            plant(subject, world, place.ref, "own words")
            for whose, org in foreign.items():
                rows[whose] = plant(subject, world, org.ref, SECRET)
        except CannotPlant as error:
            yield Finding("reach", "tables", f"no row could be made up: {error}", "Write rows() in a room testing.py")
            return
        browser, headers = _as(world, world.admin(place, reach="self"))
        for endpoint in subject.endpoints:
            if endpoint.of_organisation:
                yield from _reached(subject, browser, headers, endpoint, rows)


def _reached(
    subject: Subject, browser: FlaskClient, headers: dict[str, str], endpoint: Endpoint, rows: dict[str, list[Any]]
) -> Iterator[Finding]:
    hidden = {one for found in rows.values() for one in ids_of(found)}
    for code in ("neighbour", "root", "below"):
        if endpoint.mark.kind == "permission":
            status = _ask(subject, browser, headers, endpoint, code).status_code
            if status != 404:
                yield Finding(
                    "reach", str(endpoint), f"it answers {status} for an organisation out of reach", "Use @permission"
                )
                break
    for whose, found in rows.items():
        for row in found if endpoint.ids else ():
            known = dict.fromkeys(endpoint.ids, getattr(row, "id", None))
            answer = _ask(subject, browser, headers, endpoint, known=known)
            allowed = {404} if endpoint.method == "GET" else {404, 422, 400, 415}
            if answer.status_code not in allowed:
                yield Finding(
                    "reach",
                    str(endpoint),
                    f"it answers {answer.status_code} for a row of {_WHO[whose]}",
                    "Load rows with banyan.sdk.load, which decides at the row's own organisation",
                )
                return
    if endpoint.method == "GET" and not endpoint.ids:
        shown = _ask(subject, browser, headers, endpoint).get_data(as_text=True)
        if SECRET in shown or any(one in shown for one in hidden):
            yield Finding(
                "reach",
                str(endpoint),
                "it shows rows of organisations out of reach",
                "Put banyan.sdk.visible() into the select",
            )


_WHO = {"above": "the organisation above", "neighbour": "a neighbour", "below": "an organisation below out of reach"}


def answers(subject: Subject) -> Iterator[Finding]:
    """No view breaks for an administrator, with rows and without, whatever is sent."""
    with subject.here.world() as world:
        place = world.org(code="place")
        subject.here.switch_on(world, place, subject.name)
        browser, headers = _as(world, world.admin(place))
        for planted in (False, True):
            known: dict[str, Any] = {}
            if planted:
                try:
                    rows = plant(subject, world, place.ref, "words")
                except (CannotPlant, SQLAlchemyError):
                    return
                known = {"id": rows[0].id} if rows and hasattr(rows[0], "id") else {}
            for endpoint in subject.endpoints:
                ids = dict.fromkeys(endpoint.ids, known["id"]) if known else {}
                for data in (None, b"\xff{", b"{}"):
                    status = _ask(subject, browser, headers, endpoint, known=ids, data=data).status_code
                    if status >= 500:
                        yield Finding("answers", str(endpoint), f"it answers {status}", "See the log above for where")
                        break


def _as(world: World, account: Any) -> tuple[FlaskClient, dict[str, str]]:
    return world.sign_in(account), world.token(account)


def _ask(
    subject: Subject,
    browser: FlaskClient,
    headers: dict[str, str],
    endpoint: Endpoint,
    code: str = "place",
    *,
    known: dict[str, Any] | None = None,
    data: bytes | None = None,
) -> Any:
    url = endpoint.url(subject.here.app, code, **(known or {}))
    sent = {**headers, "Content-Type": "application/json"} if endpoint.api and data is not None else headers
    body = data if endpoint.method in ("POST", "PUT", "PATCH") else None
    return browser.open(url, method=endpoint.method, headers=sent if endpoint.api else None, data=body)
