"""Notices with versions, consent and its withdrawal, guardians, minors, registers and breaches (PPL-10)."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from banyan.kernel.events import OutboxEvent
from banyan.modules.privacy import rules
from banyan.modules.privacy.notice_models import Consent, Guardian, PrivacyNotice
from banyan.modules.privacy.register_models import Breach, RegisterEntry
from banyan.modules.privacy.services import guardians
from tests.modules.privacy.conftest import EMAIL, NUMBER, Known

WORDS = {
    "purpose": "团员管理",
    "basis": "取得本人同意",
    "categories": "姓名、身份证件号码（敏感）",
    "retention": "离团后五年",
    "contact": "团委办公室",
    "more": "",
}
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def publish(known: Known, org: Any, **words: str) -> PrivacyNotice:
    """A published notice of ``org``."""
    client, base = known.client(place=org), f"/orgs/{org.code}/privacy/notices"
    made = client.post(f"{base}/new", data={**WORDS, **words})
    assert made.status_code == 303, made.text
    session = known.world.session
    session.expire_all()
    draft = session.scalars(select(PrivacyNotice).where(PrivacyNotice.published.is_(False))).one()
    assert client.post(f"{base}/{draft.id}/publish", data={"version": str(draft.version)}).status_code == 303
    session.expire_all()
    return draft


@pytest.mark.clause("PPL-10")
def test_the_nearest_notice_holds_and_a_new_version_is_to_be_taken_note_of_again(known: Known) -> None:
    registry, account = known.registry, known.account()
    publish(known, registry.root, purpose="全省的告知")
    me = known.world.sign_in(account)
    assert "全省的告知" in me.get("/me/privacy/notice").text
    publish(known, registry.city, purpose="长春市的告知")
    page = me.get("/me/privacy/notice").text
    assert "长春市的告知" in page
    assert "全省的告知" not in page
    assert me.post("/me/privacy/consents/notice").status_code == 303
    assert me.post("/me/privacy/consents/notice").status_code == 409, "once for each version"
    second = publish(known, registry.city, purpose="长春市的告知，第二版")
    assert second.number == 2
    assert me.post("/me/privacy/consents/notice").status_code == 303
    given = known.world.session.scalars(select(Consent).order_by(Consent.number)).all()
    assert [(one.number, one.kind, one.given_at) for one in given] == [
        (1, "notice", known.world.clock.now()), (2, "notice", known.world.clock.now()),
    ]  # fmt: skip


@pytest.mark.clause("PPL-10")
def test_a_published_notice_never_changes(known: Known) -> None:
    registry = known.registry
    notice = publish(known, registry.city)
    client, url = known.client(place=registry.city), f"/orgs/{registry.city.code}/privacy/notices/{notice.id}"
    changed = client.post(f"{url}/edit", data={**WORDS, "purpose": "别的", "version": str(notice.version)})
    assert changed.status_code == 422
    assert client.post(f"{url}/publish", data={"version": str(notice.version)}).status_code == 409
    below = known.client(place=registry.branch)
    other = f"/orgs/{registry.branch.code}/privacy/notices/{notice.id}"
    assert below.post(f"{other}/edit", data={**WORDS, "version": "1"}).status_code == 404


@pytest.mark.clause("PPL-10")
def test_consent_to_sensitive_data_is_separate_and_its_withdrawal_has_effect(known: Known) -> None:
    publish(known, known.registry.city)
    me = known.world.sign_in(known.account())
    assert me.post("/me/privacy/consents/withdraw").status_code == 409, "nothing was agreed to"
    assert me.post("/me/privacy/consents/sensitive").status_code == 303
    ask = {"fields": ["email"], "reason": "contact", "note": "寄送证书", "_shown": "fields reason note"}
    assert EMAIL in known.client().post(f"{known.url}/reveal", data=ask).text
    assert me.post("/me/privacy/consents/withdraw").status_code == 303
    refused = known.client().post(f"{known.url}/reveal", data=ask)
    assert refused.status_code == 422
    assert EMAIL not in refused.text
    needed = known.client().post(f"{known.url}/reveal", data={**ask, "fields": ["document_number"]})
    assert NUMBER in needed.text, "what the membership rests on can still be seen"
    assert me.post("/me/privacy/consents/sensitive").status_code == 303, "it can be given again"
    assert EMAIL in known.client().post(f"{known.url}/reveal", data=ask).text


@pytest.mark.clause("PPL-10")
def test_a_child_without_a_guardians_consent_is_listed_until_it_is_there(known: Known, urls: Any) -> None:
    registry = known.registry
    child = registry.admit(name="成员007", birth_date=date(2012, 2, 13))
    registry.admit(name="成员008", birth_date=date(2012, 2, 12))
    client, url = known.client(), f"/orgs/{registry.branch.code}/privacy/children"
    page = client.get(url).text
    assert "成员007" in page
    assert "成员008" not in page, "fourteen today"
    paper = (io.BytesIO(PDF), "同意书.pdf")
    data = {"name": "家长001", "relation": "mother", "phone": "13700001111", "consented_on": "2026-02-11"}
    form = f"/orgs/{registry.branch.code}/members/{child.id}/guardian"
    assert client.post(form, data={**data, "consented_on": "2026-02-13"}).status_code == 422
    assert client.post(form, data={**data, "document": paper}).status_code == 303
    assert client.post(form, data=data).status_code == 422, "one is on record"
    assert "成员007" not in client.get(url).text
    guardian = known.world.session.scalars(select(Guardian)).one()
    with client.get(f"{form}/{guardian.id}/paper") as found:
        assert found.data == PDF
    panel = client.get(f"/orgs/{registry.branch.code}/members/{child.id}/privacy").text
    assert "137****1111" in panel
    with psycopg.connect(urls.owner) as owner:
        dump = owner.execute("SELECT string_agg(t::text, '') FROM privacy_guardian t").fetchone()
    assert dump is not None
    assert "13700001111" not in dump[0]
    assert client.post(f"{form}/withdraw").status_code == 303
    assert "成员007" in client.get(url).text


@pytest.mark.clause("PPL-10")
def test_beyond_their_own_organisation_minors_are_shown_by_one_character(known: Known) -> None:
    registry = known.registry
    minor = registry.admit(name="成员007", birth_date=date(2010, 1, 1))
    grown = registry.admit(name="成员008", birth_date=date(2000, 1, 1))
    own, above = registry.ctx(registry.branch), registry.ctx(registry.city)
    assert guardians.shown_name(own, minor) == "成员007"
    assert guardians.shown_name(above, minor) == "成****"
    assert guardians.shown_name(above, grown) == "成员008"


@pytest.mark.clause("PPL-10")
@given(st.dates(date(1900, 1, 1), date(2026, 2, 12)), st.dates(date(2026, 2, 12), date(2060, 12, 31)))
def test_ages_and_days_agree(born: date, today: date) -> None:
    assert (rules.age(born, today) < rules.CHILD) == (born > rules.born_after(rules.CHILD, today))
    assert rules.years_later(born, 3) > born


@pytest.mark.clause("PPL-10")
def test_an_assessment_is_kept_for_three_years(known: Known) -> None:
    registry = known.registry
    client, url = known.client(), f"/orgs/{registry.branch.code}/privacy/register"
    data = {
        "kind": "assessment", "title": "短信群发评估", "party": "团委", "purpose": "通知", "categories": "手机号",
        "measures": "加密", "since": "2026-02-12", "until": "", "document": (io.BytesIO(PDF), "评估.pdf"),
    }  # fmt: skip
    assert client.post(f"{url}/new", data=data).status_code == 303
    entry = known.world.session.scalars(select(RegisterEntry)).one()
    assert entry.keep_until == date(2029, 2, 12)
    assert client.post(f"{url}/{entry.id}/delete").status_code == 409
    known.world.clock.instant += timedelta(days=3 * 365 + 2)
    later = known.client()
    assert later.post(f"{url}/{entry.id}/delete").status_code == 303
    known.world.session.expire_all()
    assert known.world.session.scalars(select(RegisterEntry)).all() == []


@pytest.mark.clause("PPL-10")
def test_a_breach_has_a_deadline_and_is_closed_when_all_were_told(known: Known) -> None:
    client, url = known.client(), f"/orgs/{known.registry.branch.code}/privacy/breaches"
    data = {
        "title": "误发名单", "what": "发到了群里", "categories": "手机号", "people": "12", "authority": "网信办",
        "found_at": "2026-02-12T09:00", "tell_people": "true",
    }  # fmt: skip
    assert client.post(f"{url}/new", data={**data, "found_at": "2026-02-13T09:00"}).status_code == 422
    assert client.post(f"{url}/new", data=data).status_code == 303
    session = known.world.session
    breach = session.scalars(select(Breach)).one()
    assert breach.due_at - breach.found_at == timedelta(hours=72)
    assert (
        session.scalars(select(OutboxEvent).where(OutboxEvent.name == "privacy.breach.entered"))
        .one()
        .payload["tell_people"]
    )
    told = {"measures": "已撤回", "authority_told_at": "2026-02-12T09:30", "version": str(breach.version)}
    early = client.post(f"{url}/{breach.id}", data={**told, "closed_at": "2026-02-12T09:50"})
    assert early.status_code == 422, "those concerned were not told"
    done = {**told, "people_told_at": "2026-02-12T09:40", "closed_at": "2026-02-12T09:50"}
    assert client.post(f"{url}/{breach.id}", data=done).status_code == 303
    assert client.post(f"{url}/{breach.id}", data=done).status_code == 422, "somebody else was faster"
