"""A new administrator, as people do it: the lower level applies on its phone, the upper one decides at its desk."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from banyan.modules.accounts.services.passwords import hash_password
from tests.browser.test_walk import PASSWORD, fits, sign_in
from tests.factories import World

pytestmark = pytest.mark.browser
SCAN = {"name": "盖章.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"}


@pytest.fixture
def desk(now_world: World) -> World:
    """A city with an administrator, and a county whose former one leaves."""
    city = now_world.org(code="changchun", name="长春市")
    county = now_world.org(city, "chaoyang", name="朝阳区", person_in_charge="赵书记", phone="0431-88880000")
    mayor = now_world.account(city, "city.admin", display_name="市级管理员", password_hash=hash_password(PASSWORD))
    now_world.grant(mayor, city)
    now_world.grant(now_world.account(county, "wang.fang", display_name="王芳"), county)
    return now_world


def _decide(page: Page, url: str, act: str, opinion: str) -> None:
    page.goto(url)
    page.locator(f"input[value={act}]").check()
    page.locator("textarea[name=opinion]").first.fill(opinion)
    page.locator(f"form:has(input[value={act}]) button.btn-primary").click()
    expect(page.locator("[data-problems]")).to_have_count(0)


@pytest.mark.clause("ORG-02", "UI-01", "UI-02")
def test_the_lower_level_applies_and_the_upper_one_opens_the_account(page: Page, desk: World, live: str) -> None:
    sign_in(page, "city.admin", PASSWORD)
    page.goto("/orgs/chaoyang/administrator-applications/invitations/new")
    page.click("main form button.btn-primary")
    invitation = page.locator(".big-code").inner_text().strip()
    browser = page.context.browser
    assert browser is not None
    phone = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN", base_url=live)
    person = phone.new_page()

    person.goto("/apply")
    person.fill("input[name=code]", invitation)
    person.click("main form button.btn-primary")
    fits(person)
    expect(person.locator("input[name=person_in_charge]")).to_have_value("赵书记")
    person.fill("input[name=administrator]", "李雷")
    person.fill("input[name=administrator_phone]", "13800000000")
    person.fill("input[name=sign_in_name]", "li.lei")
    person.select_option("select[name=replaces]", label="王芳")
    person.click("main form button.btn-primary")
    receipt = person.locator(".big-code").inner_text().strip()
    person.click("main a.btn-primary")
    fits(person)
    person.goto("/apply/application/print")
    expect(person.locator(".sheet table")).to_contain_text("朝阳区")
    fits(person)
    person.goto("/apply/application")
    person.set_input_files("input[name=scan]", SCAN)
    person.locator("form[action$=scan] button").click()
    person.locator("form[action$=send] button").click()
    expect(person.locator("[role=status]").first).to_be_visible()
    person.locator("form[action$=leave] button").click()

    page.goto("/orgs/changchun/administrator-applications")
    page.locator("main a", has_text="李雷").first.click()
    fits(page)
    shown = page.url
    _decide(page, shown, "return", "公章不清晰")
    person.fill("input[name=code]", receipt.lower())
    person.click("main form button.btn-primary")
    expect(person.locator(".alert-line", has_text="公章不清晰")).to_be_visible()
    person.locator("a[href$=edit]").click()
    person.fill("textarea[name=reason]", "王芳调离")
    person.click("main form button.btn-primary")
    person.locator("form[action$=send] button").click()
    _decide(page, shown, "approve", "")

    person.goto("/apply/application")
    person.locator("form[action$=code] button").click()
    code = person.locator(".big-code").inner_text().strip()
    fits(person)
    person.goto("/register")
    person.fill("input[name=code]", code)
    person.click("main form button.btn-primary")
    person.fill("input[name=password]", PASSWORD)
    person.fill("input[name=repeated]", PASSWORD)
    person.click("main form button.btn-primary")
    person.goto("/")
    expect(person).to_have_url(re.compile("/orgs/chaoyang/$"))
    phone.close()
