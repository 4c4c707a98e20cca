"""The second factor, as people live with it: set up, used, the phone lost, a recovery code."""

from __future__ import annotations

import re
import time

import pyotp
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.test_walk import fits
from tests.factories import World
from tests.modules.accounts.people import PASSWORD, kept

pytestmark = pytest.mark.browser


def first_step(page: Page) -> None:
    page.goto("/sign-in")
    page.fill("input[name=sign_in_name]", "li.ming")
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button.btn-primary")


@pytest.mark.clause("ACC-04")
def test_set_up_sign_in_with_it_lose_it_and_use_a_recovery_code(
    page: Page, context: BrowserContext, now_world: World
) -> None:
    world = now_world
    org = world.org(code="jilin", name="吉林省")
    world.grant(world.account(org, "li.ming", display_name="李明", password_hash=kept()), org)
    first_step(page)
    page.goto("/me/security")
    fits(page)
    page.click("form[action='/me/second-factor'] button")
    expect(page.locator("img.qr")).to_be_visible()
    page.wait_for_load_state()
    assert page.evaluate("document.querySelector('img.qr').naturalWidth") > 100, "the policy lets the picture through"
    fits(page)
    app = pyotp.TOTP(page.inner_text("main code").replace(" ", ""))
    page.fill("input[name=code]", "000000")
    page.click("main form.form button.btn-primary")
    expect(page.locator("[role=alert]")).to_be_visible()
    page.fill("input[name=code]", app.now())
    page.click("main form.form button.btn-primary")
    codes = page.locator("ul.codes li").all_inner_texts()
    assert len(codes) == 10
    fits(page)
    context.clear_cookies()
    first_step(page)
    expect(page).to_have_url(re.compile("/sign-in/code"))
    fits(page)
    page.fill("input[name=code]", "not a code")
    page.click("main form button.btn-primary")
    expect(page.locator("[role=alert]")).to_be_visible()
    page.fill("input[name=code]", app.at(time.time() + 30))
    page.click("main form button.btn-primary")
    expect(page).to_have_url(re.compile("/orgs/jilin/$"))
    context.clear_cookies()
    first_step(page)
    page.fill("input[name=code]", codes[0])
    page.click("main form button.btn-primary")
    expect(page).to_have_url(re.compile("/orgs/jilin/$"))
    page.goto("/me/security")
    expect(page.locator("main")).to_contain_text("9")
    page.goto("/me/sign-ins")
    fits(page)


def test_the_meter_says_while_typing_how_strong_a_password_is(page: Page, now_world: World) -> None:
    page.goto("/reset-password")
    page.fill("input[name=password]", "woaini1314")
    expect(page.locator(".strength progress")).to_have_attribute("value", "0")
    page.fill("input[name=password]", "green roots hang low")
    expect(page.locator(".strength progress")).to_have_attribute("value", "4")
    expect(page.locator(".strength .field-error")).to_have_count(0)
