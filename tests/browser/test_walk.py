"""The main job, as people do it: a province opens an organisation, hands it down, and the new one sees its own part."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from banyan.boundary import Banyan
from banyan.kernel import runtime
from banyan.kernel.jobs import LongTask
from banyan.kernel.worker import Runner, run_long_task
from banyan.modules.access import policy
from banyan.modules.accounts.services.passwords import hash_password
from banyan.modules.tenancy.models import Org
from tests.factories import World

pytestmark = pytest.mark.browser
PASSWORD = "竹林深处有人家2026"


@pytest.fixture
def province(now_world: World) -> Org:
    world = now_world
    root = world.org(code="jilin", name="吉林省")
    city = world.org(root, "changchun", name="长春市")
    world.org(world.org(city, "chaoyang", name="朝阳区"), "guilin-street", name="桂林街道")
    world.org(root, "yanbian", name="延边朝鲜族自治州")
    account = world.account(root, "province.admin", display_name="省级管理员", password_hash=hash_password(PASSWORD))
    world.grant(account, root)
    return root


def sign_in(page: Page, name: str, password: str) -> None:
    page.goto("/")
    expect(page).to_have_url(re.compile("/sign-in"))
    page.fill("input[name=sign_in_name]", name)
    page.fill("input[name=password]", password)
    page.click("main form button.btn-primary")


def fits(page: Page) -> None:
    """Nothing makes the page wider than the window; a page that is still being read has no width yet."""
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1"), page.url


@pytest.mark.clause("UI-01", "UI-02")
def test_a_province_opens_an_organisation_and_hands_it_down(
    page: Page, context: BrowserContext, province: Org, now_world: World
) -> None:
    sign_in(page, "province.admin", "wrong password")
    expect(page.locator("[role=alert]").first).to_be_visible()
    sign_in(page, "province.admin", PASSWORD)
    expect(page).to_have_url(re.compile("/orgs/jilin/$"))
    expect(page.locator("h1")).to_be_visible()
    fits(page)

    page.goto("/orgs/chaoyang/organisations/new")
    expect(page.locator("input[name=parent]")).to_have_value("chaoyang")
    page.fill("input[name=name]", "南湖街道")
    page.fill("input[name=code]", "changchun")
    page.fill("input[name=founded_on]", "2199-01-01")
    page.click("main form button.btn-primary")
    expect(page.locator("[data-problems]")).to_be_visible()
    expect(page.locator("input[name=name]")).to_have_value("南湖街道")
    assert page.locator("[aria-invalid=true]").count() >= 4
    fits(page)
    page.fill("input[name=code]", "nanhu-street")
    page.fill("input[name=founded_on]", "2020-05-04")
    page.fill("input[name=person_in_charge]", "成员001")
    page.fill("input[name=phone]", "0431-88880000")
    page.fill("input[name=approved_on]", "2020-05-06")
    page.fill("input[name=approval_number]", "吉团发〔2020〕6号")
    page.select_option("select[name=level]", "township")
    page.select_option("select[name=type]", "league")
    page.set_input_files("input[name=document]", {"name": "x.exe", "mimeType": "application/pdf", "buffer": b"MZ\x90"})
    page.click("main form button.btn-primary")
    expect(page.locator("[data-problems]")).to_be_visible()
    page.set_input_files(
        "input[name=document]", {"name": "批复.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"}
    )
    page.click("main form button.btn-primary")
    expect(page).to_have_url(re.compile("/orgs/nanhu-street/profile$"))
    expect(page.locator("h1")).to_have_text("南湖街道")
    fits(page)

    page.goto("/orgs/nanhu-street/administrators/codes/new")
    page.click("main form button.btn-primary")
    code = page.locator(".big-code").inner_text().strip()
    assert len(re.sub(r"[^A-Z0-9]", "", code)) == 8
    fits(page)
    _register(context, code)


def _register(context: BrowserContext, code: str) -> None:
    assert context.browser is not None
    size = context.pages[0].viewport_size
    assert size is not None
    base = "/".join(context.pages[0].url.split("/")[:3])
    other = context.browser.new_context(viewport=size, locale="zh-CN", base_url=base)
    page = other.new_page()
    page.goto("/register")
    page.fill("input[name=code]", code.lower())
    page.click("main form button.btn-primary")
    page.fill("input[name=sign_in_name]", "nanhu.admin")
    page.fill("input[name=display_name]", "街道管理员")
    page.fill("input[name=password]", PASSWORD)
    page.fill("input[name=repeated]", PASSWORD)
    page.click("main form button.btn-primary")
    page.goto("/")
    expect(page).to_have_url(re.compile("/orgs/nanhu-street/$"))
    crumbs = page.locator(".crumbs li")
    assert crumbs.all_inner_texts() == ["吉林省", "长春市", "朝阳区", "南湖街道"]
    assert page.locator(".crumbs a[href*='/orgs/']").count() == 0, "ancestors are names and nothing else"
    for closed in ("chaoyang", "jilin", "yanbian", "nowhere"):
        answer = page.goto(f"/orgs/{closed}/")
        assert answer is not None
        assert answer.status == 404
    page.goto("/register")
    page.fill("input[name=code]", code)
    page.click("main form button.btn-primary")
    expect(page.locator("[role=alert]").first).to_be_visible()
    other.close()


def test_the_tree_is_lazy_and_searched_by_initials(page: Page, province: Org, context: BrowserContext) -> None:
    sign_in(page, "province.admin", PASSWORD)
    phone = (page.viewport_size or {})["width"] < 1200
    if phone:
        page.click(".crumbs .btn-icon")
        expect(page.locator("#side")).to_be_visible()
    expect(page.locator("#side .node", has_text="长春市")).to_be_visible()
    assert page.locator("#side .node", has_text="朝阳区").count() == 0, "only what is open is loaded"
    page.locator("#side li", has_text="长春市").locator("button.twist").last.click()
    expect(page.locator("#side .node", has_text="朝阳区")).to_be_visible()
    page.fill("#tree-q", "gljd")
    hit = page.locator("#tree-hits a", has_text="桂林街道")
    expect(hit).to_be_visible()
    hit.click()
    expect(page).to_have_url(re.compile("/orgs/guilin-street/$"))


def test_language_colours_and_print_are_kept(page: Page, province: Org) -> None:
    sign_in(page, "province.admin", PASSWORD)
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    phone = (page.viewport_size or {})["width"] < 992
    if phone:
        page.click(".tabbar a[href='#nav']")
        page.locator("#nav button[value=en]").click()
    else:
        page.locator(".top details:has(button[value=en]) summary").click()
        page.locator(".top button[value=en]").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("h1")).to_have_text("Dashboard")
    page.locator("[data-act=theme]:visible").first.click()
    page.locator("[data-act=size]:visible").first.click()
    page.goto("/orgs/jilin/organisations")
    expect(page.locator("html")).to_have_attribute("data-size", "lg")
    assert page.locator("html").get_attribute("data-bs-theme") in ("light", "dark")
    fits(page)


@pytest.mark.clause("UI-03")
def test_an_export_can_be_left_and_found_again(page: Page, province: Org, now_app: Banyan, now_world: World) -> None:
    sign_in(page, "province.admin", PASSWORD)
    page.goto("/orgs/jilin/organisations")
    page.locator("form[action*=exports] button").click()
    expect(page).to_have_url(re.compile("/orgs/jilin/tasks/"))
    address = page.url
    page.goto("/orgs/jilin/tasks")
    expect(
        page.locator(f"a[href='{address.split('//')[1][address.split('//')[1].index('/') :]}']").first
    ).to_be_visible()
    _work(now_app, now_world)
    page.goto(address)
    with page.expect_download() as download:
        page.locator("a[href*=result]").first.click()
    assert download.value.suggested_filename.endswith(".xlsx")


def _work(app: Banyan, world: World) -> None:
    """Do what the worker process would."""
    from banyan.kernel.values import Actor

    held = app.extensions["banyan.runtime"]

    def actor(session: Any, account_id: Any, _token_id: Any) -> Actor:
        with app.app_context():
            grants, snapshot = policy.authority(session, policy.store(), account_id, held.clock.now())
        return Actor(account_id, "test", "job", None, grants, snapshot)

    with app.app_context():
        runner = Runner(held.db, runtime.runtime().clock, held.store, held.jobs, actor, threading.Event())
        for task in world.session.query(LongTask).all():
            run_long_task(runner, task.id)


@pytest.mark.clause("ORG-10", "ORG-11")
def test_roles_grants_and_why(page: Page, province: Org, now_world: World) -> None:
    now_world.account(province, "helper.account", display_name="工作人员")
    sign_in(page, "province.admin", PASSWORD)
    page.goto("/orgs/jilin/own-roles/new")
    page.fill("input[name=name]", "组织联络员")
    page.check("input[name=permissions][value='tenancy.org:read']")
    page.click("main form button.btn-primary")
    expect(page.locator("body")).to_contain_text("组织联络员")
    page.goto("/orgs/jilin/grants/new")
    page.fill("input[name=account]", "helper.account")
    option = page.locator("select[name=role] option", has_text="组织联络员").get_attribute("value")
    page.select_option("select[name=role]", option)
    page.click("main form button.btn-primary")
    expect(page.locator("body")).to_contain_text("helper.account")
    page.goto("/orgs/jilin/why?account=helper.account&permission=tenancy.org:create&organisation=changchun")
    expect(page.locator("main")).to_contain_text("组织联络员")
    fits(page)
