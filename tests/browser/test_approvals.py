"""The inbox and the panel of a request, as people use them, on desktop and phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from banyan.app import create_app
from banyan.boundary import Banyan
from banyan.kernel.clock import FixedClock
from banyan.kernel.settings import Settings
from banyan.modules.accounts.models import Account
from banyan.modules.approvals.models import ApprovalDesk
from tests.browser.test_axe import DRESS, LOOKS
from tests.browser.test_walk import fits
from tests.conftest import NOW
from tests.factories import World
from tests.modules.approvals.office import Errands, Office

pytestmark = pytest.mark.browser
TITLES = {
    "short": "借用会议室",
    "long": "管理员账号申请",
    "own": "本级事项",
    "across": "组织关系转接",
    "list": "资料更正",
}
STEPS = {"only": "上级审批", "first": "市级初审", "second": "省级终审"}


class Errand(Errands):
    """The errands of the other tests, named as people would name them."""

    flows = tuple(
        replace(
            flow,
            title=TITLES[flow.name.split(".")[1]],
            steps=tuple(replace(step, label=STEPS[step.key]) for step in flow.steps),
        )
        for flow in Errands.flows
    )


@pytest.fixture(scope="session")
def _app(urls: Any, home: Path) -> Iterator[Banyan]:
    options = Settings.from_env({"BANYAN_HOME": str(home), "BANYAN_POOL_SIZE": "12"})
    app = create_app(options, app_url=urls.app, clock=FixedClock(NOW), extra={"errands": Errand()})
    app.config.update(TESTING=False, WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    yield app
    app.extensions["banyan.runtime"].db.dispose()


@pytest.fixture
def office(now_world: World) -> Iterator[Office]:
    world = now_world
    province = world.org(code="jilin", name="吉林省青年联合会")
    city = world.org(province, "changchun", name="长春市青年联合会")
    county = world.org(city, "chaoyang", name="朝阳区青年联合会")
    other = world.org(province, "yanbian", name="延边州青年联合会")
    people: list[Account] = []
    for org, name in ((province, "赵省"), (city, "钱市"), (county, "孙区"), (other, "李州")):
        people.append(world.account(org, display_name=name))
        world.grant(people[-1], org)
    found = Office(world, world.app.test_client(), province, city, county, other, *people)
    yield found
    for ctx in found.contexts:
        ctx.session.close()


def enter(context: BrowserContext, office: Office, who: Account, live: str) -> None:
    cookie = office.world.sign_in(who).get_cookie("banyan_session")
    assert cookie is not None
    context.add_cookies([{"name": "banyan_session", "value": cookie.value, "url": live}])


def clean(page: Page) -> None:
    """axe finds nothing in any dress."""
    page.wait_for_load_state()
    for look, attributes in LOOKS.items():
        page.evaluate(DRESS, list(attributes))
        found = Axe().run(page).response["violations"]
        assert not found, f"{page.url} ({look}): {[(one['id'], one['nodes'][0]['target']) for one in found]}"
    page.evaluate(DRESS, ["light", ""])


@pytest.mark.clause("APR-01", "APR-02")
def test_a_decider_works_through_the_inbox(page: Page, context: BrowserContext, office: Office, live: str) -> None:
    one = office.ask("errands.long", title="朝阳区青年联合会申请开通管理员账号")
    office.ask(title="借用市青年宫三楼会议室")
    late = office.ask(title="朝阳区志愿服务队使用标识的申请")
    session = office.world.session
    desk = session.query(ApprovalDesk).filter_by(request_id=late.id).one()
    desk.due_at, desk.due_on = desk.opened_at - timedelta(days=3), desk.due_on - timedelta(days=10)
    session.commit()
    page.emulate_media(reduced_motion="reduce")
    enter(context, office, office.mayor, live)
    page.goto("/orgs/changchun/inbox")
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.locator("tbody tr").first).to_contain_text("逾期")
    fits(page)
    clean(page)
    page.click("text=朝阳区青年联合会申请开通管理员账号")
    expect(page.locator(".route .current")).to_contain_text("市级初审")
    fits(page)
    clean(page)
    page.check("input[value=return]")
    page.click("text=提交审批")
    expect(page.locator("[data-problems]")).to_contain_text("请说明理由")
    expect(page.locator("input[value=return]")).to_be_checked()
    page.fill("textarea[name=opinion]", "扫描件缺少公章,请补盖后重新提交。")
    page.click("text=提交审批")
    expect(page.locator(".request-head")).to_contain_text("退回补正")
    expect(page.locator(".timeline")).to_contain_text("缺少公章")
    page.goto("/orgs/changchun/inbox")
    for box in page.locator("[data-one]").all():
        box.check()
    page.click("text=批量审批")
    expect(page.locator("h1")).to_contain_text("批量审批")
    clean(page)
    page.check("input[value=approve]")
    page.click("text=提交审批")
    expect(page.locator("[role=status].ok")).to_contain_text(re.compile("共 2 项"))
    fits(page)
    clean(page)
    enter(context, office, office.clerk, live)
    page.goto(f"/orgs/chaoyang/approvals/{one.id}")
    expect(page.locator(".route .stopped")).to_contain_text("市级初审")
    page.get_by_role("button", name="重新提交", exact=True).click()
    expect(page.locator(".request-head")).to_contain_text("办理中")
    page.goto("/orgs/chaoyang/inbox/deputies/new")
    fits(page)
    clean(page)
