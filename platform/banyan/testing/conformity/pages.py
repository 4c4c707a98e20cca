"""Rules about a plugin's pages: nothing the content policy would block, nothing that shuts people out."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from werkzeug.serving import WSGIRequestHandler, make_server

from banyan.testing.conformity.findings import Finding, Subject
from banyan.testing.conformity.rows import CannotPlant, plant
from banyan.testing.endpoints import Endpoint
from banyan.testing.world import World

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"]
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
_LOADED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "object": "data"}


class _Blocked(HTMLParser):
    """What a strict content policy would block in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "script" and "src" not in given and given.get("type", "") not in ("application/json",):
            self.found.append("a script in the page")
        if tag == "style":
            self.found.append("a style sheet in the page")
        for name, value in given.items():
            if name.startswith(("on", "hx-on")):
                self.found.append(f"the handler {name}")
            elif name == "style":
                self.found.append(f"style={value!r} on <{tag}>")
            elif value.strip().lower().startswith("javascript:"):
                self.found.append(f"{name}={value!r}")
        address = given.get(_LOADED.get(tag, ""), "")
        if urlsplit(address).netloc:
            self.found.append(f"{address!r} of another site")


def policy(subject: Subject) -> Iterator[Finding]:
    """No script, style or handler in the page itself, and nothing from other sites."""
    with subject.here.world() as world:
        _place, browser = _arranged(subject, world)
        for endpoint in _pages(subject):
            answer = browser.get(endpoint.url(subject.here.app, "place"))
            if answer.mimetype != "text/html":
                continue
            parser = _Blocked()
            parser.feed(answer.get_data(as_text=True))
            for what in sorted(set(parser.found)):
                yield Finding(
                    "policy",
                    str(endpoint),
                    f"the content policy blocks {what}",
                    "Keep scripts and styles in files under static/, or use the classes and macros of the console",
                )


def reading(subject: Subject) -> Iterator[Finding]:
    """axe finds nothing, on desktop and phone, light and dark."""
    # in a thread of its own: a browser of the tests around this one may hold the loop of theirs
    with ThreadPoolExecutor(1) as apart:
        yield from apart.submit(lambda: list(_read(subject))).result()


def _read(subject: Subject) -> Iterator[Finding]:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        raise LookupError("there is no Chromium on this machine")
    axe = Axe()
    with subject.here.world() as world:
        _place, browser = _arranged(subject, world)
        cookie = browser.get_cookie("banyan_session")
        with _served(subject.here.app) as address, sync_playwright() as playwright:
            launched = playwright.chromium.launch(executable_path=program, args=FLAGS)
            for size, (width, height) in SIZES.items():
                context = launched.new_context(
                    viewport={"width": width, "height": height}, base_url=address, reduced_motion="reduce"
                )
                context.add_cookies([{"name": "banyan_session", "value": cookie.value, "url": address}])
                page = context.new_page()
                for where, url in _addresses(subject):
                    answer = page.goto(url, wait_until="networkidle")
                    if answer is None or "<html" not in page.content() or "<main" not in page.content():
                        continue  # a fragment: looked at where it stands
                    for theme in ("light", "dark"):
                        page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", theme)
                        for violation in axe.run(page).response["violations"]:
                            nodes = "; ".join(" ".join(map(str, node["target"])) for node in violation["nodes"][:3])
                            yield Finding(
                                "reading",
                                f"{where} ({size}, {theme})",
                                f"axe finds {violation['id']} at {nodes}",
                                violation["help"],
                            )
                context.close()
            launched.close()


def _addresses(subject: Subject) -> Iterator[tuple[str, str]]:
    """The plugin's pages, and the dashboard where it has cards."""
    for endpoint in _pages(subject):
        yield str(endpoint), endpoint.url(subject.here.app, "place")
    if hasattr(subject.implementation, "banyan_dashboard_cards"):
        yield "the dashboard", "/orgs/place/"


def _arranged(subject: Subject, world: World) -> tuple[Any, Any]:
    """An organisation with the module on and a row in each table, and its administrator's browser."""
    place = world.org(code="place", name="某某协会")
    subject.here.switch_on(world, place, subject.name)
    try:
        plant(subject, world, place.ref, "一行文字")
    except CannotPlant:  # said by the rule about reach
        world.session.rollback()
    return place, world.sign_in(world.admin(place))


def _pages(subject: Subject) -> list[Endpoint]:
    return [
        one
        for one in subject.endpoints
        if one.method == "GET" and not one.api and not one.ids and one.mark.kind in ("permission", "public")
        and set(one.rule.arguments) <= {"code"}
    ]  # fmt: skip


class _Quiet(WSGIRequestHandler):
    """Writes no line for every request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None: ...


@contextmanager
def _served(app: Any) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
