"""axe finds nothing: every page of the console, light, dark and large print, on desktop and phone.

The pages are those of the URL map: whatever needs nothing but an organisation's code, and whatever a link on one of
them leads to. Nobody has to list a new page here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from banyan.boundary import Banyan
from banyan.testing.endpoints import endpoints
from tests.browser.conftest import SIZES
from tests.browser.filled import filled
from tests.factories import World

pytestmark = pytest.mark.browser
CODES = ("place", "below", "leaving")
OUTSIDE = ("/sign-in", "/register", "/apply", "/report-theft", "/report-theft/done", "/reset-password", "/api/docs")
NOTHING = ("/orgs/nowhere/", "/orgs/place/organisations?q=没有这样的", "/orgs/farther/inbox", "/orgs/farther/filings")
MOST_TRIES = 4
"""So many addresses of one endpoint are asked before it counts as no page of its own."""
LINK = re.compile(r'href="(/[^"#?]*)')
Look = tuple[str, str, list[str] | None]
LOOKS: dict[str, Look] = {
    "light": ("light", "", None),
    "dark": ("dark", "", ["color-contrast", "link-in-text-block"]),
    "large": ("light", "lg", ["target-size", "scrollable-region-focusable"]),
}
"""Theme, size, and which rules it can break that the first one does not (None: all)."""
LAYOUT = ["target-size", "scrollable-region-focusable", "region", "color-contrast"]
BRIEF: dict[str, Look] = {"light": ("light", "", LAYOUT), "large": ("light", "lg", ["target-size"])}
"""For the second size: names, labels and structure are the same on both, and so are dark colours."""
HALVES = 2
DRESS = """([theme, size]) => {
  document.documentElement.dataset.bsTheme = theme;
  if (size) document.documentElement.dataset.size = size; else delete document.documentElement.dataset.size;
}"""
TRIED = """async ([rules, known]) => {
  const options = {resultTypes: ["violations"], elementRef: false};
  if (rules) options.runOnly = {type: "rule", values: rules};
  const found = (await axe.run({exclude: known}, options)).violations;
  return found.map(v => `${v.id}: ${v.help}: ` + v.nodes.slice(0, 3).map(n => n.target.join(" ")).join("; "));
}"""


@pytest.mark.clause("UI-01")
@pytest.mark.parametrize("half", range(HALVES))
def test_no_page_has_a_violation(browser: Browser, live: str, now_app: Banyan, now_world: World, half: int) -> None:
    """Half of the pages, so that two processes share them."""
    account = filled(now_world)
    client = now_world.sign_in(account)
    found = list(_pages(now_app, client))
    assert len(found) > 70, found
    inside = (*found, *NOTHING)[half::HALVES]
    cookie = client.get_cookie("banyan_session")
    assert cookie is not None
    problems: list[str] = []
    for size, (width, height) in SIZES.items():
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", base_url=live, reduced_motion="reduce"
        )
        problems += _tried(context, OUTSIDE[half::HALVES], size)
        context.add_cookies([{"name": "banyan_session", "value": cookie.value, "url": live}])
        problems += _tried(context, inside, size)
        context.close()
    assert not problems, "\n".join(problems)


def _pages(app: Banyan, client: FlaskClient) -> Iterator[str]:
    """One address of every page that can be reached."""
    waiting, done, tries = list(_beginnings(app)), set[str](), Counter[str]()
    map_ = app.url_map.bind("localhost")
    while waiting:
        url = waiting.pop(0)
        try:
            endpoint, _ = map_.match(url, method="GET")
        except (HTTPException, RequestRedirect):
            continue
        tries[endpoint] += 1
        if endpoint in done or tries[endpoint] > MOST_TRIES or url.startswith(("/api/", "/static/")):
            continue
        with client.get(url, headers={"Accept-Language": "zh-Hans"}) as answer:
            assert answer.status_code < 500, url
            whole = answer.mimetype == "text/html" and "<html" in answer.get_data(as_text=True)[:400]
            if answer.status_code == 200 and whole:
                done.add(endpoint)
                waiting += LINK.findall(answer.get_data(as_text=True))
                yield url


def _beginnings(app: Banyan) -> Iterator[str]:
    for one in endpoints(app):
        if one.method == "GET" and not one.api and not one.rule.arguments - {"code"}:
            yield from (one.url(app, code) for code in (CODES if one.of_organisation else CODES[:1]))


SHELL = [[".rail"], [".side"], [".top"], [".tabbar"]]
"""The same on every page: looked at on the first one."""


def _tried(context: BrowserContext, urls: tuple[str, ...], size: str) -> list[str]:
    page, problems = context.new_page(), []
    for number, url in enumerate(urls):
        answer = page.goto(url)
        assert answer is not None
        assert answer.status in (200, 404), f"{url}: {answer.status}"
        page.evaluate(Axe().axe_script)
        problems += [
            f"{size} {url} {problem}"
            for problem in _problems(page, SHELL if number else [], LOOKS if size == "desktop" or not number else BRIEF)
        ]
    page.close()
    return problems


def _problems(page: Page, known: list[list[str]], looks: dict[str, Look]) -> Iterator[str]:
    for look, (theme, print_, rules) in looks.items():
        page.evaluate(DRESS, [theme, print_])
        yield from (f"({look}): {violation}" for violation in page.evaluate(TRIED, [rules, known]))
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"):
            yield f"({look}): wider than the window"
