"""A member changes a phone and asks for a new name; the secretary answers; the member reads it. Desktop and phone."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from banyan.kernel.sealing import seal
from banyan.modules.accounts.models import Account
from tests.browser.test_axe import DRESS, TRIED
from tests.browser.test_walk import fits
from tests.factories import World

pytestmark = pytest.mark.browser


def let_in(world: World, context: BrowserContext, account: Account, live: str) -> Page:
    cookie = world.sign_in(account).get_cookie("banyan_session")
    assert cookie is not None
    context.clear_cookies(name="banyan_session")
    context.add_cookies([{"name": "banyan_session", "value": cookie.value, "url": live}])
    return context.pages[0] if context.pages else context.new_page()


def clean(page: Page) -> None:
    """It fits, and axe finds nothing, light, dark and large."""
    fits(page)
    page.evaluate(Axe().axe_script)
    for theme, size in (("light", ""), ("dark", ""), ("light", "lg")):
        page.evaluate(DRESS, [theme, size])
        assert page.evaluate(TRIED, [None, []]) == [], f"{page.url} {theme} {size}"
    page.evaluate(DRESS, ["light", ""])


@pytest.mark.clause("ACC-03", "PPL-02", "UI-01")
def test_a_member_asks_and_reads_the_answer(now_world: World, context: BrowserContext, live: str) -> None:
    world = now_world
    branch = world.org(world.org(code="city", name="长春市"), "branch", name="第一支部")
    account = world.account(branch, display_name="成员001")
    member = world.member(branch, "成员001", account)
    with world.app.app_context():
        member.phone_sealed = seal("people.phone", "13800138000", member.id)
    world.session.commit()
    secretary = world.account(branch, display_name="书记")
    world.grant(secretary, branch, "branch_secretary", "self")
    page = let_in(world, context, account, live)
    page.goto("/")
    expect(page).to_have_url(re.compile("/me$"))
    expect(page.get_by_role("heading", name="成员001")).to_be_visible()
    clean(page)
    page.get_by_role("main").get_by_role("link", name="我的档案").click()
    expect(page.get_by_text("138****8000")).to_be_visible()
    clean(page)
    page.get_by_role("link", name="修改联系方式和特长爱好").click()
    page.get_by_label("联系电话").first.fill("13912345678")
    clean(page)
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("139****5678").first).to_be_visible()
    page.get_by_role("link", name="一次申请多项更改").click()
    page.get_by_label("姓名").check()
    page.get_by_label("学校或工作单位").check()
    clean(page)
    page.get_by_role("button", name="下一步").click()
    page.locator("[name=name]").fill("成员一")
    page.locator("[name=workplace]").fill("第二中学")
    page.locator("[name=name_reason]").fill("派出所已更名")
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("alert")).to_be_visible()
    clean(page)
    page.locator("[name=workplace_reason]").fill("转学")
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("成员一").first).to_be_visible()
    clean(page)
    mine = page.url

    let_in(world, context, secretary, live)
    page.goto("/orgs/branch/inbox")
    page.get_by_role("main").get_by_role("link", name=re.compile("成员001")).first.click()
    page.get_by_role("link", name="逐项答复").click()
    page.locator("[name=name][value=yes]").check()
    page.locator("[name=workplace][value=no]").check()
    page.get_by_role("button", name="提交答复").click()
    expect(page.get_by_role("alert")).to_be_visible()
    clean(page)
    page.locator("[name=workplace_reason]").fill("请附学籍证明")
    page.get_by_role("button", name="提交答复").click()
    expect(page.get_by_text("请附学籍证明").first).to_be_visible()
    clean(page)

    let_in(world, context, account, live)
    page.goto(mine)
    expect(page.get_by_text("部分同意").first).to_be_visible()
    expect(page.get_by_text("请附学籍证明").first).to_be_visible()
    page.goto("/me/changes")
    clean(page)
    page.goto("/me")
    expect(page.get_by_role("heading", name="成员一")).to_be_visible()
