"""A small office that asks and decides: two modules with flows, a city above a county above a village."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Subtree
from banyan.kernel.errors import Refused
from banyan.kernel.flows import Flow, Outcome, Step
from banyan.kernel.values import Binding, ModuleManifest, OrgRef, Permission, Role
from banyan.modules.accounts.models import Account
from banyan.modules.approvals.models import ApprovalRequest
from banyan.modules.approvals.services import submit
from banyan.modules.audit.services import Subject
from banyan.modules.tenancy.models import Org
from banyan.plugins import hookimpl
from tests.factories import World

DECIDE = Permission("errands.errand:decide", "decide-errands")
HEARD: list[Outcome] = []
STUBBORN: set[str] = set()


def hear(ctx: Context, outcome: Outcome) -> None:
    """Remember what was said; titles in `STUBBORN` are not taken."""
    assert ctx.session.is_active
    if outcome.title in STUBBORN:
        raise Refused("the errand cannot be run")
    HEARD.append(outcome)


def step(key: str, side: str = "office", **options: Any) -> Step:
    return Step(key, f"step-{key}", side, DECIDE.name, **options)


class Errands:
    """An always-on module with flows of one and two steps."""

    flows: tuple[Flow, ...] = (
        Flow("errands.short", "short-errand", "office", (step("only", of_parent=True),), hear),
        Flow(
            "errands.long",
            "long-errand",
            "office",
            (step("first", of_parent=True), step("second", "top", working_days=3, returns=False, explain_late=True)),
            hear,
        ),
        Flow("errands.own", "own-errand", "office", (step("only", escalate=False),), hear),
        Flow(
            "errands.list",
            "list-of-errands",
            "office",
            (step("only", of_parent=True),),
            hear,
            answer=lambda _ctx, request_id: f"/answer/{request_id}",
        ),
        Flow("errands.across", "errand-across", "office", (step("only", "other"),), hear),
    )

    @hookimpl
    def banyan_manifest(self) -> ModuleManifest:
        return ModuleManifest("errands", "errands", "", "1", always_on=True)

    @hookimpl
    def banyan_permissions(self) -> Sequence[Permission]:
        return (DECIDE,)

    @hookimpl
    def banyan_roles(self) -> tuple[Sequence[Role], Sequence[Binding]]:
        return (), (Binding("org_admin", DECIDE.name), Binding("secretary_general", DECIDE.name))

    @hookimpl
    def banyan_flows(self) -> Sequence[Flow]:
        return self.flows


class Stamps:
    """A module that an organisation may switch off."""

    @hookimpl
    def banyan_manifest(self) -> ModuleManifest:
        return ModuleManifest("stamps", "stamps", "", "1")

    @hookimpl
    def banyan_flows(self) -> Sequence[Flow]:
        return (Flow("stamps.stamp", "stamp", "office", (step("only", of_parent=True),), hear),)


EXTRA: Mapping[str, Any] = {"errands": Errands(), "stamps": Stamps()}


@dataclass
class Office:
    """Who asks and who decides.

    :ivar clerk: works at the county. :ivar mayor: decides at the city. :ivar governor: runs the province.
    """

    world: World
    client: FlaskClient
    province: Org
    city: Org
    county: Org
    other: Org
    governor: Account
    mayor: Account
    clerk: Account
    stranger: Account
    contexts: list[Context] = field(default_factory=list)

    def context(self, who: Account, org: Org) -> Context:
        """What a request of ``who`` at ``org`` works in, both walls around it."""
        ctx = self.world.context(who, org, replace(Subtree(org.ref), me=str(who.id)))
        self.contexts.append(ctx)
        return ctx

    def ask(
        self,
        flow: str = "errands.short",
        title: str = "借用会议室",
        *,
        who: Account | None = None,
        org: Org | None = None,
        **more: Any,
    ) -> ApprovalRequest:
        """A request that is handed in and committed."""
        org = org or self.county
        sides: dict[str, OrgRef] = {"office": org.ref, "top": self.province.ref}
        sides |= {"other": self.other.ref} if flow == "errands.across" else {}
        with self.world.app.app_context():
            ctx = self.context(who or self.clerk, org)
            subject = Subject("errand", title, title)
            made = submit(ctx, flow, subject, title=title, sides=sides, details={"Name": "三楼"}, **more)
            ctx.session.commit()
        return made

    def api(self, who: Account, method: str, path: str, body: Any = None) -> TestResponse:
        """Ask the API as ``who``."""
        headers = {**self.world.token(who), "Accept-Language": "en"}
        return self.client.open(f"/api/v1/orgs/{path}", method=method, headers=headers, json=body)

    def decide(self, who: Account, at: str, request_id: UUID, act: str = "approve", **more: Any) -> TestResponse:
        """``who`` decides as the page was just read."""
        version = more.pop("version", None)
        if version is None:
            version = self.shown(who, at, request_id)["version"]
        body = {"act": act, "opinion": "" if act == "approve" else "缺章", "version": version, **more}
        return self.api(who, "POST", f"{at}/approvals/{request_id}/decision", body)

    def shown(self, who: Account, at: str, request_id: UUID) -> dict[str, Any]:
        """A request as ``who`` reads it."""
        answer = self.api(who, "GET", f"{at}/approvals/{request_id}")
        assert answer.status_code == 200, answer.get_json()
        found: dict[str, Any] = answer.get_json()
        return found

    def titles(self, who: Account, at: str, which: str = "waiting") -> list[str]:
        """What a list of the inbox holds."""
        answer = self.api(who, "GET", f"{at}/approvals/{which}")
        assert answer.status_code == 200, answer.get_json()
        return [row["title"] for row in answer.get_json()["items"]]
