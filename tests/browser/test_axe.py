"""axe finds nothing: every page of the console, light, dark and large print, on desktop and phone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext

from tests.browser.conftest import SIZES
from tests.factories import World

pytestmark = pytest.mark.browser
OUTSIDE = (
    "/sign-in",
    "/register",
    "/api/docs",
    "/orgs/nowhere/",
    "/report-theft",
    "/report-theft/done",
    "/reset-password",
)
INSIDE = (
    "/orgs/place/",
    "/orgs/place/organisations",
    "/orgs/place/organisations?q=没有这样的",
    "/orgs/place/organisations/new",
    "/orgs/place/profile",
    "/orgs/place/profile/edit",
    "/orgs/place/administrators",
    "/orgs/place/administrators/codes",
    "/orgs/place/administrators/codes/new",
    "/orgs/place/modules",
    "/orgs/place/tasks",
    "/orgs/place/roles",
    "/orgs/place/own-roles",
    "/orgs/place/own-roles/new",
    "/orgs/place/grants",
    "/orgs/place/grants/new",
    "/orgs/place/why",
    "/orgs/place/audit",
    "/me",
    "/me/security",
    "/me/confirm",
    "/me/sign-ins",
    "/orgs/place/online",
    "/orgs/place/sign-ins",
    "/orgs/place/check-up",
)
LOOKS = {"light": ("light", ""), "dark": ("dark", ""), "large": ("light", "lg")}
DRESS = """([theme, size]) => {
  document.documentElement.dataset.bsTheme = theme;
  if (size) document.documentElement.dataset.size = size; else delete document.documentElement.dataset.size;
}"""


@pytest.mark.clause("UI-01")
@pytest.mark.parametrize("size", list(SIZES))
def test_no_page_has_a_violation(browser: Browser, live: str, now_world: World, size: str) -> None:
    root = now_world.org(code="place", name="吉林省")
    now_world.org(now_world.org(root, name="长春市"), name="朝阳区")
    account = now_world.admin(root)
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", base_url=live, reduced_motion="reduce"
    )
    problems = _tried(context, OUTSIDE)
    cookie = now_world.sign_in(account).get_cookie("banyan_session")
    assert cookie is not None
    context.add_cookies([{"name": "banyan_session", "value": cookie.value, "url": live}])
    problems += _tried(context, INSIDE)
    context.close()
    assert not problems, "\n".join(problems)


def _tried(context: BrowserContext, urls: tuple[str, ...]) -> list[str]:
    page, axe, problems = context.new_page(), Axe(), []
    for url in urls:
        answer = page.goto(url)
        assert answer is not None
        assert answer.status in (200, 404), f"{url}: {answer.status}"
        for look, attributes in LOOKS.items():
            page.evaluate(DRESS, list(attributes))
            for violation in axe.run(page).response["violations"]:
                nodes = "; ".join(" ".join(map(str, node["target"])) for node in violation["nodes"][:3])
                problems.append(f"{url} ({look}): {violation['id']}: {violation['help']}: {nodes}")
    page.close()
    return problems
