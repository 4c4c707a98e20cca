"""The import wizard as people walk through it, on desktop and phone; axe looks at every step, light and dark."""

from __future__ import annotations

import threading

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import select

from banyan.cli.worker import runner as runner_of
from banyan.kernel.worker import run_long_task
from banyan.modules.accounts.services.passwords import hash_password
from banyan.modules.imports.models import Import
from banyan.modules.tenancy.models import Org
from tests.browser.test_axe import DRESS
from tests.browser.test_walk import PASSWORD, fits, sign_in
from tests.factories import World
from tests.modules.imports.conftest import HEADINGS, org_row, workbook

pytestmark = pytest.mark.browser
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RESULT = "nav.result"


def clean(page: Page, axe: Axe) -> None:
    """The page fits, and axe finds nothing, light and dark."""
    expect(page.locator("main h1").first).to_be_visible()
    page.wait_for_load_state()
    fits(page)
    for theme in ("light", "dark"):
        page.evaluate(DRESS, [theme, ""])
        found = axe.run(page)
        assert found.violations_count == 0, f"{page.url} {theme}: {found.generate_report()}"


def choose(page: Page, rows: list[list[object]]) -> None:
    """Take a workbook for the file."""
    file = {"name": "组织.xlsx", "mimeType": XLSX, "buffer": workbook(rows, HEADINGS)}
    page.set_input_files("main input[type=file]", file)


def work(world: World) -> None:
    """Let a worker do what waits."""
    world.session.rollback()
    task = world.session.scalars(select(Import.task_id).order_by(Import.created_at.desc())).first()
    assert task is not None
    run_long_task(runner_of(world.app, threading.Event()), task)
    world.session.rollback()


@pytest.mark.clause("ORG-06", "UI-01", "UI-02")
def test_a_file_goes_through_the_wizard(page: Page, now_world: World, live: str) -> None:
    province = now_world.org(code="province", name="吉林省")
    admin = now_world.account(province, "imp.admin", display_name="管理员", password_hash=hash_password(PASSWORD))
    now_world.grant(admin, province)
    axe = Axe()
    page.emulate_media(reduced_motion="reduce")  # colours in passing are not what people read
    sign_in(page, "imp.admin", PASSWORD)

    page.goto("/orgs/province/imports")
    clean(page, axe)
    page.locator("main a[href$='imports/new/organisations']").first.click()
    clean(page, axe)
    choose(page, [org_row("c-1"), org_row("c-2", "nowhere", founded_on="2999-01-01")])
    page.click("main form button.btn-primary")
    expect(page.locator("#heading-row")).to_be_visible()
    clean(page, axe)
    page.locator("main form button.btn-primary").click()
    expect(page.locator("#heading-row")).to_have_count(0)
    clean(page, axe)
    expect(page.locator(RESULT)).to_have_count(0)
    work(now_world)
    expect(page.locator(RESULT)).to_be_visible()  # the page goes on by itself
    expect(page.locator("ul.told li")).to_have_count(2)
    expect(page.locator("main form button.btn-primary")).to_have_count(0)
    clean(page, axe)

    page.goto("/orgs/province/imports/new/organisations")
    choose(page, [org_row("c-1"), org_row("c-2", "c-1", level="乡")])
    page.click("main form button.btn-primary")
    expect(page.locator("#heading-row")).to_be_visible()
    page.locator("main form button.btn-primary").click()
    expect(page.locator("#heading-row")).to_have_count(0)
    expect(page.locator(RESULT)).to_have_count(0)
    work(now_world)
    expect(page.locator(RESULT)).to_be_visible()  # the page goes on by itself
    clean(page, axe)
    assert not now_world.session.scalars(select(Org).where(Org.code == "c-1")).all(), "nothing before confirmation"
    page.locator("main form button.btn-primary").click()
    expect(page.locator(RESULT)).to_have_count(0)
    clean(page, axe)
    work(now_world)
    expect(page.locator(RESULT)).to_be_visible()  # the page goes on by itself
    expect(page.locator(".alert-line, .alert").first).to_contain_text("2")
    clean(page, axe)
    assert now_world.session.scalars(select(Org).where(Org.code == "c-2")).one().depth == province.depth + 2
