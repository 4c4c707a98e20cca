"""Fills the shell around every console page: who, where, what else there is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Flask, current_app, g, request, url_for

from banyan.kernel import runtime as rt
from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.i18n import language, lazy
from banyan.kernel.values import NavItem, OrgRef
from banyan.modules.access import decision, policy, rules
from banyan.modules.access.services import names as role_names
from banyan.modules.accounts.services import duties
from banyan.modules.operators.services import standing
from banyan.modules.tenancy.services import place as places
from banyan.modules.tenancy.services import tree
from banyan.modules.tenancy.services.levels import LevelView, levels
from banyan.modules.tenancy.treeview import DASHBOARD, outermost, tree_node
from banyan.plugins import manager
from banyan.plugins.enablement import enabled_modules
from banyan.web.filters import local_time
from banyan.web.shell import Account, Crumb, Here, NavLink, NavSection, Note, Shell, Told, TreeNode
from banyan.web.shell import Place as Held

SECTIONS: dict[str, Text] = {
    "": "",
    "organisation": lazy("Organisation"),
    "work": lazy("Work"),
    "modules": lazy("Modules"),
    "own": lazy("My own"),
    "system": lazy("System"),
}
OF_MEMBERS = ("own", "")
OWN_HOME = "people_own_pages.me"
MOST_TABS = 4


def init_app(app: Flask) -> None:
    """Give every template its ``shell``, and every template a way to ask ``may(permission)``."""
    app.context_processor(_values)


def _values() -> dict[str, object]:
    if "shell" not in g:
        g.shell = replace(_shell(), told=_told())
    return {"shell": g.shell, "may": _may, "obliged": _obliged}


def _obliged() -> bool:
    """Whether something has to be done first, so that pages offer nothing else."""
    return bool(g.get("obligation"))


def _may(permission: str) -> bool:
    state = rt.state()
    return state is not None and decision.may(state.ctx, permission)


def _shell() -> Shell:
    state = rt.state()
    request_id = g.get("request_id", "")
    if state is None or state.ctx.actor.account_id is None:
        return Shell(url_for("accounts_pages.sign_in"), language(), request_id)
    filler = _Filler(state.ctx, state.modules)
    if g.get("obligation"):
        # Something has to be done first: every link would lead back here.
        return Shell(url_for(duties.OBLIGATIONS[g.obligation]), language(), request_id, account=filler.account([]))
    return filler.shell(language(), request_id)


def _told() -> tuple[Told, ...]:
    """What everybody is told, or who belongs to some place."""
    state, place = rt.state(), g.get("place")
    paths = [place.path] if place is not None else []
    if state is not None:
        actor = state.ctx.actor
        paths += [grant.path for grant in actor.grants] + ([actor.home.path] if actor.home is not None else [])
    return tuple(_one_told(window) for window in standing.shown(paths))


def _one_told(window: standing.Window) -> Told:
    begins, ends = local_time(window.begins_at), local_time(window.ends_at)
    if window.kind == "emergency":
        return Told(lazy("Emergency announcement"), begins, window.words, emergency=True)
    runs = window.runs(rt.runtime().clock.now())
    title = lazy("Under maintenance: you can read, but not change anything") if runs else lazy("Maintenance is coming")
    return Told(title, f"{begins} – {ends}", window.words)


@dataclass(slots=True)
class _Filler:
    ctx: Context
    modules: frozenset[str]

    def shell(self, lang: str, request_id: str) -> Shell:
        known = levels(self.ctx.session)
        held = self._held()
        rest = g.get("place") or next(iter(outermost(held)), None)
        own = self._own_items() if rest is None else []
        nav = self._navigation(rest) if rest is not None else _sections(own, OF_MEMBERS)
        entries = [link for section in nav for link in section.items]
        tabs = entries if rest is not None else [link for item, link in own if item.tab]
        return Shell(
            home_url=_home(rest),
            lang=lang,
            request_id=request_id,
            org=self._here(known),
            account=self.account(held),
            crumbs=(*self._crumbs(), *_room(entries)),
            places=tuple(self._place(place, known) for place in held),
            tree_roots=self._tree(held, known),
            nav=nav,
            tabs=tuple(tabs[:MOST_TABS]),
            notes=tuple(Note(note.text, url_for(note.endpoint)) for note in self._notes()),
        )

    def _notes(self) -> list[duties.Note]:
        return duties.notes(g.get("notice"), self.ctx.clock.now())

    def _held(self) -> list[places.Place]:
        return places.by_ids(self.ctx.session, list({grant.org_id for grant in self.ctx.actor.grants}))

    def _here(self, known: dict[str, LevelView]) -> Here | None:
        place = g.get("place")
        if place is None:
            return None
        level = known.get(place.level)
        return Here(place.code, place.name, level.mark if level else "", level.label if level else "")

    def account(self, held: list[places.Place]) -> Account:
        """The menu of whoever is signed in; while something has to be done first they can but sign out."""
        own = [
            NavLink(lazy("My page"), url_for(OWN_HOME), "home"),
            NavLink(lazy("My account"), url_for("accounts_pages.me"), "user"),
            NavLink(lazy("API documentation"), url_for("api_docs.page"), "code"),
        ]
        if self.ctx.actor.operator:
            own.append(NavLink(lazy("Plugins"), url_for("operators_pages.listing"), "plug"))
            own.append(NavLink(lazy("Maintenance"), url_for("operators_pages.maintenance"), "tool"))
        if g.get("obligation"):
            own = []
        grants = self.ctx.actor.grants
        role = role_names.label(policy.store(), self.ctx.session, grants[0].role) if grants else ""
        return Account(g.get("display_name", ""), role, url_for("accounts_pages.sign_out"), tuple(own))

    def _crumbs(self) -> tuple[Crumb, ...]:
        if self.ctx.org is None or g.get("place") is None:
            return ()
        above = places.line(self.ctx.session, self.ctx.org.path)
        return tuple(Crumb(place.shown_name, self._address(place)) for place in above)

    def _address(self, place: places.Place) -> str | None:
        actor = self.ctx.actor
        return url_for(DASHBOARD, code=place.code) if rules.covered(actor.grants, place.path) else None

    def _place(self, place: places.Place, known: dict[str, LevelView]) -> Held:
        level = known.get(place.level)
        active = self.ctx.org is not None and place.id == self.ctx.org.id
        return Held(place.name, level.mark if level else "", url_for(DASHBOARD, code=place.code), active)

    def _navigation(self, rest: places.Place) -> tuple[NavSection, ...]:
        """The rail of the organisation of this page, or on pages without one of where the reader works."""
        items = self._items(rest.ref, rest.code, self.modules)
        # Who works here finds what is their own on their own page.
        return _sections([pair for pair in items if pair[0].section != "own" or pair[0].endpoint == OWN_HOME], SECTIONS)

    def _own_items(self) -> list[tuple[NavItem, NavLink]]:
        """What somebody without any role finds in the rail: what is their own."""
        home = self.ctx.actor.home
        items = self._items(home, "", frozenset()) if home is not None else []
        return [pair for pair in items if pair[0].permission is None and pair[1].url]

    def _items(self, org: OrgRef, code: str, modules: frozenset[str]) -> list[tuple[NavItem, NavLink]]:
        ctx = self.ctx.at(org)

        def reading(found: Iterable[NavItem]) -> list[tuple[NavItem, NavLink]]:
            allowed = [item for item in found if item.permission is None or decision.may(ctx, item.permission)]
            return [(item, _link(item, code)) for item in allowed]

        on = modules or enabled_modules(ctx.session, manager.current(), org)
        asked = manager.current().ask("banyan_navigation", on, ctx=ctx, reading=reading)
        items = sorted((pair for _name, found in asked for pair in found), key=lambda pair: pair[0].order)
        # Where one entry lies below another (one's record below one's page), the nearer one is where the reader is.
        nearest = max((len(link.url) for _item, link in items if link.active), default=0)
        return [(item, replace(link, active=link.active and len(link.url) == nearest)) for item, link in items]

    def _tree(self, held: list[places.Place], known: dict[str, LevelView]) -> tuple[TreeNode, ...]:
        roots = outermost(held)
        path = self.ctx.org.path if self.ctx.org else ""
        opened = [root for root in roots if path.startswith(root.path)]
        line = places.line(self.ctx.session, path) if opened else []
        open_ids = [place.id for place in line if any(place.path.startswith(root.path) for root in opened)]
        below = tree.children(self.ctx, open_ids) if open_ids else {}
        counts = tree.counts(self.ctx, [root.id for root in roots])
        nodes = [tree.Node(root, counts.get(root.id, 0), "leadership") for root in roots]
        return tuple(tree_node(self.ctx, node, known, below) for node in nodes)


def _sections(items: Sequence[tuple[NavItem, NavLink]], keys: Iterable[str]) -> tuple[NavSection, ...]:
    found = ((key, tuple(link for item, link in items if item.section == key)) for key in keys)
    return tuple(NavSection(SECTIONS[key], links) for key, links in found if links)


def _home(place: places.Place | None) -> str:
    return url_for(DASHBOARD, code=place.code) if place is not None else url_for(OWN_HOME)


def _link(item: NavItem, code: str) -> NavLink:
    """The entry as a link; without a code no address that names an organisation can be made."""
    named = current_app.url_map.is_endpoint_expecting(item.endpoint, "code")
    if named and not code:
        return NavLink(item.label, "", item.icon)
    known: dict[str, Any] = {"code": code} if named else {}
    url = url_for(item.endpoint, **known)
    return NavLink(item.label, url, item.icon, item.badge, _active(url, (f"/orgs/{code}/{part}" for part in item.also)))


def _active(url: str, also: Iterable[str]) -> bool:
    """Whether the page of this request is that one, or one of those below it (the dashboard has none below)."""
    path = request.path
    return path == url or any(path == one or path.startswith(f"{one}/") for one in (url, *also))


def _room(entries: Iterable[NavLink]) -> tuple[Crumb, ...]:
    """The page of the rail to which this one belongs, as the way back to it."""
    return tuple(Crumb(link.label, link.url) for link in entries if link.active and link.url != request.path)
