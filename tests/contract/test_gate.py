"""Every endpoint of the URL map is tried, without anyone listing it: no answer is ever 200 or 500."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.routing import Rule

from banyan import gate
from banyan.app import UNGUARDED, create_app
from banyan.boundary import Banyan
from banyan.kernel.access_marks import Mark
from banyan.kernel.clock import FixedClock
from banyan.kernel.files import StoredFile
from banyan.kernel.jobs import LongTask
from banyan.kernel.settings import Settings
from banyan.modules.access.models import OrgRole
from banyan.modules.accounts.models import ApiToken, RegistrationCode
from banyan.modules.administrators.models import AdministratorApplication, AdministratorKey
from banyan.modules.approvals.models import ApprovalDelegation, ApprovalParty, ApprovalRequest
from banyan.modules.audit.models import AuditEntry
from banyan.modules.delivery.models import OutgoingContent, OutgoingMessage, WebhookTarget
from banyan.modules.externals.models import ExternalBody, ExternalFiling
from banyan.modules.imports.models import Import
from banyan.modules.notices.models import Notice
from banyan.modules.operators.models import ServiceWindow
from banyan.modules.people.campaign_models import Campaign
from banyan.modules.people.change_models import MemberChange
from banyan.modules.people.field_models import MemberField, MemberFilter
from banyan.modules.people.file_models import FileEntry, Post
from banyan.modules.privacy.models import DataRequest
from banyan.modules.privacy.notice_models import Guardian, PrivacyNotice
from banyan.modules.privacy.register_models import Breach, RegisterEntry
from banyan.modules.surveys.models import Survey
from banyan.modules.tenancy.models import Org
from banyan.modules.transfers.models import Transfer, TransferBatch, TransferParty
from tests.factories import World

NOBODYS = UUID("01900000-0000-7000-8000-000000000000")

# What ends the session or the account that the walk goes on with.
ENDING = ("/sign-out", "/me/report-theft")


@dataclass(frozen=True)
class Endpoint:
    """One method of one rule."""

    rule: Rule
    method: str
    mark: Mark

    @property
    def api(self) -> bool:
        return self.rule.rule.startswith("/api/")

    def url(self, app: Flask, code: str, **known: Any) -> str:
        values: dict[str, Any] = {}
        for name in self.rule.arguments:
            converter = type(self.rule._converters[name]).__name__
            values[name] = known.get(name, NOBODYS if converter == "UUIDConverter" else "tenancy")
        if "code" in self.rule.arguments:
            values["code"] = code
        with app.test_request_context():
            return app.url_map.bind("localhost").build(self.rule.endpoint, values, method=self.method)


def endpoints(app: Banyan, *, plugins: bool = False) -> Iterator[Endpoint]:
    """The URL map with marks; static files are no views of ours.

    :param plugins: views of installed plugins as well, which the rules of the kit ask the same in their own tests.
    """
    marks, modules = app.extensions[gate.MARKS], app.extensions["banyan.plugins"]
    for rule in app.url_map.iter_rules():
        if rule.endpoint in UNGUARDED or rule.endpoint.endswith(".static"):
            continue
        module = modules.module_of(rule.endpoint.rpartition(".")[0])
        if not plugins and module is not None and module not in modules.core:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Endpoint(rule, method, marks[rule.endpoint][method])


def guarded(app: Banyan) -> list[Endpoint]:
    """Endpoints of organisations."""
    return [found for found in endpoints(app) if "code" in found.rule.arguments and found.mark.kind == "permission"]


def _ask(client: Any, endpoint: Endpoint, url: str, headers: dict[str, str] | None = None) -> Any:
    return client.open(url, method=endpoint.method, headers=headers if endpoint.api else None)


def test_there_is_something_to_guard(app: Banyan) -> None:
    found = guarded(app)
    assert len([one for one in found if one.api]) > 10
    assert len([one for one in found if not one.api]) > 10


def test_without_a_session_nothing_opens(app: Banyan, world: World) -> None:
    world.org(code="somewhere")
    for endpoint in endpoints(app):
        if endpoint.mark.kind == "public":
            continue
        for code in ("somewhere", "nowhere"):
            answer = _ask(app.test_client(), endpoint, endpoint.url(app, code))
            assert answer.status_code == (401 if endpoint.api else 303), f"{endpoint.method} {endpoint.rule}"
            if not endpoint.api:
                assert "/sign-in" in answer.headers["Location"]


@pytest.mark.clause("ORG-08")
def test_out_of_reach_is_the_same_as_not_existing(app: Banyan, world: World) -> None:
    root = world.org(code="root")
    mine, other = world.org(root, "mine"), world.org(root, "other")
    world.org(mine, "child")
    account = world.account(mine)
    world.grant(account, mine, "org_admin", "self")
    browser, headers = world.sign_in(account), world.token(account)
    assert other.code == "other"
    for endpoint in guarded(app):
        answers = {}
        for code in ("other", "root", "nowhere", "child"):
            answer = _ask(browser, endpoint, endpoint.url(app, code), headers)
            assert answer.status_code == 404, f"{endpoint.method} {endpoint.rule} at {code}: {answer.status_code}"
            body = answer.get_json() if endpoint.api else None
            answers[code] = (body["title"], body.get("reasons"), body["type"]) if body else answer.status_code
        assert len(set(map(str, answers.values()))) == 1, f"{endpoint.rule} tells organisations apart"


@pytest.mark.clause("ORG-09")
def test_a_grant_that_covers_without_the_permission_is_forbidden(app: Banyan, world: World) -> None:
    org = world.org(code="place")
    empty = OrgRole(org_id=org.id, org_path=org.path, name="empty", stamp=1, created_at=world.clock.now(), lines=[])
    world.session.add(empty)
    world.session.commit()
    account = world.admin(org, role=empty.key)
    browser, headers = world.sign_in(account), world.token(account)
    for endpoint in guarded(app):
        answer = _ask(browser, endpoint, endpoint.url(app, "place"), headers)
        assert answer.status_code == 403, f"{endpoint.method} {endpoint.rule}: {answer.status_code}"


@pytest.mark.clause("ORG-08")
def test_an_identifier_that_is_nobodys_is_not_found(app: Banyan, world: World) -> None:
    account = world.admin(world.org(code="place"))
    browser, headers = world.sign_in(account), world.token(account)
    for endpoint in guarded(app):
        if len(endpoint.rule.arguments) < 2 or "UUID" not in str(endpoint.rule._converters):
            continue
        answer = _ask(browser, endpoint, endpoint.url(app, "place"), headers)
        # a body is read before anything is looked up, so an incomplete one tells nothing either
        allowed = {404} if endpoint.method == "GET" else {404, 422, 400, 415}
        assert answer.status_code in allowed, f"{endpoint.method} {endpoint.rule}: {answer.status_code}"


@dataclass(frozen=True)
class Foreign:
    """Rows of one organisation, by the name that addresses give their ids."""

    ids: dict[str, Any]

    @classmethod
    def at(cls, world: World, org: Org) -> Foreign:
        account = world.account(org)
        place: dict[str, Any] = {"org_id": org.id, "org_path": org.path}
        now = world.clock.now()
        entry = AuditEntry(
            at=now, action="tenancy.org.update", outcome="done", account_name="", via="cli", address="",
            request_id="", subject_type="org", subject_id=str(org.id), subject_label="", **place,
        )  # fmt: skip
        body = ExternalBody(kind="sponsor", name="x", since=now.date(), created_at=now, **place)
        member = world.member(org)
        privacy_notice = PrivacyNotice(
            number=1, purpose="x", basis="x", categories="x", retention="x", contact="x", created_at=now, **place
        )
        words = OutgoingContent(subject="x", body="x", created_at=now, **place)
        world.session.add_all([body, words])
        world.session.flush()
        member = world.member(org)
        about: dict[str, Any] = {"member_id": member.id, "person_id": member.person_id, "created_at": now, **place}
        rows: dict[str, Any] = {
            "body_id": body,
            # not yet published: what is, is read below
            "field_id": MemberField(key="x", label="x", kind="text", created_at=now, **place),
            "filter_id": MemberFilter(name="x", filters={}, created_at=now, **place),
            "member_id": member,
            "post_id": Post(holder="x", title="x", kind="head", began_on=now.date(), began_by="elected", **about),
            "file_entry_id": FileEntry(kind="award", title="x", day=now.date(), **about),
            "change_id": MemberChange(
                member_id=member.id, person_id=member.person_id, item="phone", kind="check", state="unchecked",
                old_sealed=b"x", new_sealed=b"x", asked_at=now, due_on=now.date(), **place,
            ),
            "filing_id": ExternalFiling(
                body_id=body.id, subject="x", sent_on=now.date(), due_order=now.date(), created_at=now, **place
            ),
            "account_id": account,
            "grant_id": world.grant(account, org, "org_auditor"),
            "role_id": OrgRole(name="own", stamp=1, created_at=now, lines=[], **place),
            "code_id": RegistrationCode(
                code_hash=org.path.encode(), hint="XX", role="member", reach="self", created_by=account.id,
                created_at=now, expires_at=now + timedelta(days=1), **place,
            ),
            "task_id": LongTask(kind="x", title="x", arguments={}, request_id="", created_at=now, **place),
            "file_id": StoredFile(
                key=org.id.hex, name="x", media_type="application/pdf", extension=".pdf", size=1, sha256="",
                created_at=now, **place,
            ),
            "entry_id": entry,
            "campaign_id": Campaign(
                kind="cleanup", title="x", opened_on=now.date(), due_on=now.date(), created_at=now, **place
            ),
            "import_id": Import(
                kind="organisations", file_name="x", sha256="", book={"sheets": []}, head=[], headings=[], mapping={},
                created_at=now, **place,
            ),
            "application_id": AdministratorApplication(
                origin="paper", person_in_charge="x", phone="1", administrator="x", administrator_phone="1",
                sign_in_name="x", created_at=now, **place,
            ),
            "key_id": AdministratorKey(
                kind="invitation", code_hash=b"key" + org.path.encode(), hint="XX", created_at=now,
                expires_at=now + timedelta(days=1), **place,
            ),
            "token_id": ApiToken(
                token_hash=org.path.encode(), hint="XXXX", name="x", account_id=account.id, created_at=now, **place
            ),
            "request_id": ApprovalRequest(
                flow="x", subject_type="x", subject_id="x", title="x", sides={}, details=[], data={}, asked_at=now,
                asked_by=account.id, **place,
            ),
            "window_id": ServiceWindow(
                kind="emergency", effects={"zh_Hans": "x"}, begins_at=now, ends_at=now + timedelta(days=1),
                announced_at=now,
            ),
            "notice_id": Notice(title="x", body="x", order_at=now, created_at=now, **place),
            "message_id": OutgoingMessage(
                content_id=words.id, channel="sms", mask="x", next_at=now, created_at=now, **place
            ),
            "webhook_id": WebhookTarget(name="x", url="https://x", secret_sealed=b"x", created_at=now, **place),
            "delegation_id": ApprovalDelegation(
                delegator_id=account.id, deputy_id=world.account(org).id, flows=[], not_before=now,
                not_after=now + timedelta(days=1), created_at=now, **place,
            ),
            "batch_id": TransferBatch(title="x", source="x", created_at=now, **place),
            "transfer_id": Transfer(
                origin="branch", kind="other", name="x", from_id=org.id, from_name="x", to_name="x", state="done",
                applied_at=now, **place,
            ),
            "privacy_notice_id": privacy_notice,
            "data_request_id": DataRequest(
                kind="erasure", how="organisation", state="rejected", member_id=member.id, person_id=member.person_id,
                asked_at=now, **place,
            ),
            "guardian_id": Guardian(
                member_id=member.id, person_id=member.person_id, name="x", relation="mother", consented_on=now.date(),
                recorded_at=now, **place,
            ),
            "register_id": RegisterEntry(
                kind="processor", title="x", party="x", purpose="x", categories="x", measures="x", since=now.date(),
                keep_until=now.date(), created_at=now, **place,
            ),
            "breach_id": Breach(
                title="x", what="x", categories="x", people=1, authority="x", found_at=now, due_at=now, created_at=now,
                **place,
            ),
            "survey_id": Survey(
                host="x", host_id=org.id, title="x", questions=[{"key": "q1", "kind": "text", "label": "x"}],
                created_at=now, **place,
            ),
        }  # fmt: skip
        world.session.add_all(rows.values())
        world.session.flush()
        world.session.add(ApprovalParty(request_id=rows["request_id"].id, side="x", **place))
        world.session.add(TransferParty(transfer_id=rows["transfer_id"].id, side="from", **place))
        world.session.commit()
        return cls({**{name: row.id for name, row in rows.items()}, "question_key": "q1"})


@pytest.mark.clause("ORG-08")
def test_rows_of_neighbours_and_of_children_out_of_reach_are_not_found(app: Banyan, world: World) -> None:
    root = world.org(code="root")
    place = world.org(root, "place")
    places = {"neighbour": world.org(root, "neighbour"), "child": world.org(place, "child"), "above": root}
    rows = {name: Foreign.at(world, org) for name, org in places.items()}
    account = world.admin(place, reach="self")
    browser, headers = world.sign_in(account), world.token(account)
    tried: set[str] = set()
    for endpoint in endpoints(app):
        arguments = set(endpoint.rule.arguments) - {"code"}
        if "code" not in endpoint.rule.arguments or not arguments & rows["child"].ids.keys():
            continue
        assert arguments <= rows["child"].ids.keys(), f"{endpoint.rule}: tell this test what {arguments} name"
        tried |= arguments
        for whose, foreign in rows.items():
            answer = _ask(browser, endpoint, endpoint.url(app, "place", **foreign.ids), headers)
            allowed = {404} if endpoint.method == "GET" else {404, 422, 400, 415}
            assert answer.status_code in allowed, f"{endpoint.method} {endpoint.rule} ({whose}): {answer.status_code}"
    known = {"account_id", "grant_id", "role_id", "code_id", "task_id", "file_id", "entry_id", "token_id"}
    assert tried >= known | {"request_id", "delegation_id", "import_id"}


def test_an_administrator_is_never_answered_500(app: Banyan, world: World) -> None:
    account = world.admin(world.org(code="place"))
    browser, headers = world.sign_in(account), world.token(account)
    for endpoint in endpoints(app):
        if "place" in endpoint.rule.arguments or endpoint.rule.rule.endswith(ENDING):
            continue
        answer = _ask(browser, endpoint, endpoint.url(app, "place"), headers)
        assert answer.status_code < 500 or endpoint.rule.endpoint == "operations.readyz", (
            f"{endpoint.method} {endpoint.rule}: {answer.status_code}"
        )
        if endpoint.method == "GET" and endpoint.rule.arguments <= {"code"} and endpoint.mark.kind == "permission":
            assert answer.status_code in (200, 404, 422), f"{endpoint.rule}: {answer.status_code}"


def test_an_unmarked_view_keeps_the_application_from_starting(urls: Any, tmp_path: Any) -> None:
    from flask import Blueprint

    from banyan.kernel.values import ModuleManifest

    class Careless:
        @staticmethod
        def banyan_manifest() -> ModuleManifest:
            return ModuleManifest("careless", "Careless", "", "1")

        @staticmethod
        def banyan_page_blueprints() -> list[Blueprint]:
            pages = Blueprint("careless_pages", __name__)
            pages.add_url_rule("/orgs/<code>/careless", "open", lambda: "everything")
            return [pages]

    options = Settings.from_env({"BANYAN_HOME": str(tmp_path)})
    with pytest.raises(gate.UnmarkedViews, match=r"GET /orgs/<code>/careless"):
        create_app(options, app_url=urls.app, clock=FixedClock(None), extra={"careless": Careless})  # type: ignore[arg-type]
