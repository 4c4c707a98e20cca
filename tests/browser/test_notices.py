"""A notice on its way: written at a desk, read and confirmed on a phone, counted at the desk."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from banyan.boundary import Banyan
from banyan.modules.accounts.models import Account
from tests.browser.conftest import SIZES
from tests.browser.test_walk import fits
from tests.factories import World
from tests.modules.notices.conftest import Board

pytestmark = pytest.mark.browser


def page_of(browser: Browser, live: str, world: World, account: Account, size: str) -> Page:
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", base_url=live)
    cookie = world.sign_in(account).get_cookie("banyan_session")
    assert cookie is not None
    context.add_cookies([{"name": "banyan_session", "value": cookie.value, "url": live}])
    return context.new_page()


@pytest.mark.clause("NOT-01")
def test_a_notice_is_published_read_on_the_phone_and_counted(
    browser: Browser, live: str, now_app: Banyan, now_world: World, client: Any
) -> None:
    board = Board(now_world, client, now_app)
    _member, reader = board.member(board.first)
    desk = page_of(browser, live, now_world, board.secretary, "desktop")
    desk.goto("/orgs/province/notices/new")
    desk.locator("[name=title]").fill("志愿活动")
    desk.locator("[name=body]").fill("周六早上集合。")
    desk.locator("[name=confirm]").check()
    desk.get_by_role("button", name="保存草稿").click()
    desk.locator("summary", has_text="发布").click()
    desk.get_by_role("button", name="发布", exact=True).click()
    expect(desk.get_by_text("已发布，正在送达。")).to_be_visible()
    board.work()
    phone = page_of(browser, live, now_world, reader, "phone")
    phone.goto("/me/notices")
    fits(phone)
    phone.get_by_role("link", name="志愿活动").click()
    fits(phone)
    phone.get_by_role("button", name="确认已知悉").click()
    expect(phone.get_by_text("已确认，谢谢。")).to_be_visible()
    desk.reload()
    expect(desk.locator(".tiles div", has_text="已确认").locator("dd")).to_have_text("1")
