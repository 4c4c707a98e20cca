"""A member's file: posts with terms, awards, measures, certificates, and the timeline they make with other modules."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from banyan.kernel.db.scoped import Subtree, Whole
from banyan.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from banyan.modules.audit.models import AuditEntry
from banyan.modules.people import file_privacy, plugin
from banyan.modules.people.file_models import FileEntry, Post
from banyan.modules.people.rules import entries as entry_rules
from banyan.modules.people.rules import posts as post_rules
from banyan.modules.people.services import file_entries, members, posts, timeline
from tests.modules.people.conftest import Registry, identity_number

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
POST: dict[str, Any] = {
    "title": "书记", "kind": "head", "began_on": date(2024, 3, 1), "began_by": "elected",
    "term_ends": date(2027, 2, 28), "basis": "团发〔2024〕3号", "org": None, "document": None,
}  # fmt: skip
ENTRY: dict[str, Any] = {
    "kind": "award", "title": "优秀共青团员", "issued_by": "团市委", "number": "", "day": date(2025, 5, 4),
    "until": None, "note": "", "document": None,
}  # fmt: skip


@pytest.fixture
def inside(registry: Registry) -> Any:
    with registry.world.app.test_request_context():
        yield registry


@pytest.mark.clause("PPL-06")
def test_a_post_of_one_holder_is_held_by_one_and_ends_when_its_member_leaves(inside: Registry) -> None:
    first, second = inside.admit(name="成员001"), inside.admit(name="成员002")
    ctx = inside.ctx(inside.branch)
    post = posts.open_post(ctx, {**POST, "member": first.id, "title": "  书记 "})
    assert (post.title, post.single, post.holder) == ("书记", True, "成员001")
    posts.open_post(ctx, {**POST, "member": second.id, "title": "委员"})
    ctx.session.commit()
    browser = inside.world.sign_in(inside.world.admin(inside.branch))
    form = {"member": str(second.id), "title": "书记", "kind": "head", "began_on": "2025-01-01", "began_by": "elected"}
    address = f"/orgs/{inside.branch.code}/posts/new"
    refused = browser.post(address, data=form)
    assert refused.status_code == 422
    assert "此职务" in refused.text or "holds this post" in refused.text

    left = inside.ctx(inside.branch)
    leaving = {"ended_on": date(2026, 2, 12), "kind": "left", "version": first.version}
    members.leave(left, first.id, leaving)
    left.session.commit()
    ended = left.session.get_one(Post, post.id)
    assert (ended.ended_on, ended.ended_by) == (date(2026, 2, 12), "left")
    assert browser.post(address, data=form).status_code == 303
    again = inside.ctx(inside.branch)
    assert [str(one) for one in plugin.banyan_org_revocable(again, inside.branch.ref)][-1:] != []


@pytest.mark.clause("PPL-06")
def test_a_transfer_ends_posts_below_the_common_organisation_and_keeps_those_above(inside: Registry) -> None:
    member = inside.admit()
    ctx = inside.ctx(inside.city)
    posts.open_post(ctx, {**POST, "member": member.id})
    above = posts.open_post(ctx, {**POST, "member": member.id, "org": inside.city.id, "title": "委员"})
    award = file_entries.create(ctx, member.id, ENTRY)
    ctx.session.commit()
    whole = inside.ctx(inside.city, scope=Whole("a transfer"))
    members.move(
        whole, whole.session.get_one(type(member), member.id), inside.other.ref, on=date(2026, 2, 12), how="transfer"
    )
    whole.session.commit()
    held = {one.title: one.ended_by for one in whole.session.scalars(select(Post))}
    assert held == {"书记": "transferred", "委员": None}
    assert above.org_id == inside.city.id

    there = inside.ctx(inside.other, "branch_secretary", "self", scope=Subtree(inside.other.ref))
    assert {one.title for one in posts.of_member(there, members.find(there, member.id))} == {"书记", "委员"}
    assert there.session.get_one(FileEntry, award.id).org_id == inside.other.id
    left = inside.ctx(inside.branch, "branch_secretary", "self", scope=Subtree(inside.branch.ref))
    with pytest.raises(NotFound):
        file_entries.find(left, award.id)


def test_wrong_days_and_places_are_all_told(inside: Registry) -> None:
    member = inside.admit(document_number=identity_number(), name="成员001")
    ctx = inside.ctx(inside.branch)
    with pytest.raises(Invalid) as refused:
        posts.open_post(ctx, {**POST, "member": member.id, "began_on": date(2027, 1, 1), "term_ends": date(2026, 1, 1)})
    assert set(refused.value.fields) == {"began_on", "term_ends"}
    with pytest.raises(Invalid, match="org"):
        posts.open_post(ctx, {**POST, "member": member.id, "org": inside.city.id})
    with pytest.raises(Invalid) as wrong:
        file_entries.create(ctx, member.id, {**ENTRY, "day": date(2001, 1, 1), "until": date(2000, 1, 1)})
    assert set(wrong.value.fields) == {"day", "until"}
    post = posts.open_post(ctx, {**POST, "member": member.id})
    with pytest.raises(Conflict):
        posts.update(ctx, post.id, {"kind": "head", "term_ends": None, "basis": "", "version": post.version + 1})
    ending = {"ended_on": date(2023, 1, 1), "ended_by": "resigned", "ended_reason": "", "version": post.version}
    with pytest.raises(Invalid, match="ended_on"):
        posts.end(ctx, post.id, ending)
    posts.end(ctx, post.id, {**ending, "ended_on": date(2026, 2, 1)})
    with pytest.raises(Refused):
        posts.end(ctx, post.id, {**ending, "version": post.version})


def test_terms_end_on_their_last_day_and_are_overdue_the_day_after() -> None:
    day = date(2026, 2, 12)
    assert post_rules.state(day, None, day) == "ending"
    assert post_rules.state(day - timedelta(days=1), None, day) == "overdue"
    assert post_rules.state(day + timedelta(days=91), None, day) == "current"
    assert post_rules.state(day - timedelta(days=1), day, day) == "ended"
    assert entry_rules.state(day, False, day) == "expiring"
    assert entry_rules.state(day - timedelta(days=1), False, day) == "expired"
    assert entry_rules.state(None, True, day) == "withdrawn"
    assert post_rules.listed("书记、 副书记,书记；委员\n") == ("书记", "副书记", "委员")


@pytest.mark.clause("PPL-06")
def test_measures_are_known_to_those_who_keep_files_and_opened_for_a_reason(inside: Registry, urls: Any) -> None:
    member = inside.admit()
    ctx = inside.ctx(inside.branch)
    measure = file_entries.create(ctx, member.id, {**ENTRY, "kind": "measure", "title": "警告", "note": "迟交团费三次"})
    ctx.session.commit()
    stored = ctx.session.get_one(FileEntry, measure.id)
    assert stored.note == ""
    assert b"\xe5\x9b\xa2" not in (stored.note_sealed or b"")

    auditor = inside.ctx(inside.branch, "org_auditor")
    with pytest.raises(Forbidden):
        file_entries.find(auditor, measure.id)
    assert [one.kind for one in timeline.of_member(auditor, member.id).entries] == ["people.membership"]
    assert file_entries.reveal(ctx, measure.id, "复核处分期限") == "迟交团费三次"
    ctx.session.commit()
    told = ctx.session.scalars(select(AuditEntry).where(AuditEntry.subject_id == str(measure.id))).all()
    assert sorted(one.action for one in told) == ["people.entry.create", "people.entry.reveal"]
    assert "团费" not in "".join(f"{one.subject_label}{one.before}{one.after}" for one in told)
    client, headers = inside.world.app.test_client(), inside.world.token(inside.world.admin(inside.branch))
    base = f"/api/v1/orgs/{inside.branch.code}/file-entries"
    opened = client.post(f"{base}/{measure.id}/reveal", json={"reason": "复核"}, headers=headers)
    assert (opened.get_json(), opened.headers["Cache-Control"]) == ({"note": "迟交团费三次"}, "no-store")
    assert client.post(f"{base}/{measure.id}/reveal", json={"reason": ""}, headers=headers).status_code == 422
    hers = inside.world.token(inside.world.admin(inside.branch, "org_auditor"))
    assert client.get(base, headers=hers).get_json()["items"] == []
    assert client.post(f"{base}/{measure.id}/reveal", json={"reason": "复核"}, headers=hers).status_code == 403


@pytest.mark.clause("PPL-06")
def test_a_file_is_kept_over_the_api_with_papers(inside: Registry) -> None:
    member, world = inside.admit(), inside.world
    client, headers = world.app.test_client(), world.token(world.admin(inside.city))
    base = f"/api/v1/orgs/{inside.city.code}"
    paper = client.post(f"{base}/member-documents", data={"file": (io.BytesIO(PDF), "证书.pdf")}, headers=headers)
    assert paper.status_code == 201, paper.text
    given = {"kind": "certificate", "title": "志愿者证", "day": "2025-03-01", "until": "2026-03-01"}
    given["document"] = paper.get_json()["id"]
    made = client.post(f"{base}/members/{member.id}/entries", json=given, headers=headers)
    assert made.status_code == 201, made.text
    one = f"{base}/file-entries/{made.get_json()['id']}"
    with client.get(f"{one}/document", headers=headers) as fetched:
        assert fetched.data == PDF
    twice = client.post(f"{base}/members/{member.id}/entries", json=given, headers=headers)
    assert twice.status_code == 422, "a paper belongs to one entry"
    soon = client.get(f"{base}/file-entries?state=expiring", headers=headers).get_json()["items"]
    assert [row["title"] for row in soon] == ["志愿者证"]
    stale = {"reason": "发错了", "version": 9}
    assert client.post(f"{one}/withdraw", json=stale, headers=headers).status_code == 409
    assert client.post(f"{one}/withdraw", json={**stale, "version": 1}, headers=headers).status_code == 200
    assert client.post(f"{one}/withdraw", json={**stale, "version": 2}, headers=headers).status_code == 409

    post = {key: str(value) for key, value in POST.items() if value is not None} | {"member": str(member.id)}
    held = client.post(f"{base}/posts", json=post, headers=headers)
    assert held.status_code == 201, held.text
    address = f"{base}/posts/{held.get_json()['id']}"
    new_term = {"kind": "head", "term_ends": "2026-03-01", "basis": "", "version": 1}
    assert client.put(address, json=new_term, headers=headers).get_json()["version"] == 2
    assert [row["state"] for row in client.get(f"{base}/posts?state=ending", headers=headers).get_json()["items"]] == [
        "ending"
    ]
    end = {"ended_on": "2026-02-01", "ended_by": "resigned", "version": 2}
    assert client.post(f"{address}/end", json=end, headers=headers).get_json()["ended_by"] == "resigned"
    line = client.get(f"{base}/members/{member.id}/timeline", headers=headers).get_json()
    assert {row["kind"] for row in line["items"]} == {"people.membership", "people.certificate", "people.post"}
    days = [row["day"] for row in line["items"]]
    assert days == sorted(days, reverse=True)
    posts_only = client.get(f"{base}/members/{member.id}/timeline?kind=people.post", headers=headers).get_json()
    assert len(posts_only["items"]) == 2
    assert client.get(f"{base}/members/{member.id}/timeline?page=99", headers=headers).status_code == 422


@pytest.mark.clause("PPL-06")
def test_changes_of_key_fields_are_told_masked_and_pages_cost_the_same_for_long_files(inside: Registry) -> None:
    member = inside.admit(name="成员001", document_number=identity_number(1), phone="13800138000")
    ctx = inside.ctx(inside.branch)
    changes = {"name": "成员002", "phone": "13900139000", "document_number": identity_number(2)}
    members.edit(ctx, member.id, changes, member.version)
    ctx.session.commit()
    line = timeline.of_member(ctx, member.id, kind="people.change")
    said = [f"{one.title} {one.detail}" for one in line.entries]
    assert len(said) == 2
    assert any("成员001 → 成员002" in one for one in said)
    assert not any(identity_number(2) in one or "139" in one for one in said)

    def statements() -> int:
        found: list[str] = []
        listen = lambda *args: found.append(args[2])  # noqa: E731
        engine = ctx.session.connection().engine
        event.listen(engine, "before_cursor_execute", listen)
        timeline.of_member(ctx, member.id)
        event.remove(engine, "before_cursor_execute", listen)
        return len(found)

    few = statements()
    for n in range(20):
        file_entries.create(ctx, member.id, {**ENTRY, "title": f"奖{n:02d}"})
        posts.open_post(ctx, {**POST, "member": member.id, "title": f"职务{n:02d}"})
    ctx.session.commit()
    assert statements() == few


def test_what_a_file_holds_comes_out_and_goes(inside: Registry) -> None:
    member = inside.admit()
    ctx = inside.ctx(inside.branch)
    posts.open_post(ctx, {**POST, "member": member.id})
    file_entries.create(ctx, member.id, {**ENTRY, "kind": "measure", "note": "缘由"})
    ctx.session.commit()
    out = file_privacy.export(ctx, member.person_id)
    assert out["file_entries"][0]["sealed_note"] == "缘由"
    assert out["posts"][0]["title"] == "书记"
    assert file_privacy.erase(ctx, member.person_id)["file_entry"] == 1
    ctx.session.commit()
    left = file_privacy.export(ctx, member.person_id)
    assert (left["file_entries"][0]["sealed_note"], left["file_entries"][0]["title"]) == ("", "—")
    assert ctx.session.scalars(select(Post.holder)).all() == ["—"]


@pytest.mark.clause("PPL-06")
def test_pages_of_a_file_show_print_and_refuse(inside: Registry) -> None:
    member, world = inside.admit(), inside.world
    base = f"/orgs/{inside.city.code}"
    browser = world.sign_in(world.admin(inside.city))
    form = {"kind": "certificate", "title": "志愿者证", "day": "2025-03-01", "until": "2025-06-01", "note": ""}
    typed = {**form, "document": (io.BytesIO(b"no paper"), "x.pdf")}
    refused = browser.post(f"{base}/members/{member.id}/entries/new", data=typed)
    assert refused.status_code == 422
    assert 'value="志愿者证"' in refused.text
    made = browser.post(
        f"{base}/members/{member.id}/entries/new", data={**form, "document": (io.BytesIO(PDF), "x.pdf")}
    )
    assert made.status_code == 303
    entry = made.headers["Location"]
    assert browser.get(entry).status_code == 200
    with browser.get(f"{entry}/document") as fetched:
        assert fetched.data == PDF
    opened = browser.post(
        f"{base}/posts/new",
        data={"member": str(member.id), "org": str(inside.city.id), "title": "委员", "kind": "committee",
              "began_on": "2025-01-01", "began_by": "elected", "term_ends": "2026-01-01"},
    )  # fmt: skip
    assert opened.status_code == 303, opened.text
    post = opened.headers["Location"]
    for address in (
        post, f"{post}/edit", f"{post}/end", f"{entry}/withdraw", f"{base}/posts?state=overdue", f"{base}/file-entries",
        f"{base}/members/{member.id}/", f"{base}/members/{member.id}/timeline", f"{base}/posts/new?member={member.id}",
        f"{base}/members/{member.id}/timeline/print",
    ):  # fmt: skip
        answer = browser.get(address)
        assert answer.status_code == 200, address
    assert "委员" in browser.get(f"{base}/posts?state=overdue").text
    assert "志愿者证" in browser.get(f"{base}/members/{member.id}/timeline/print").text
    assert browser.get(f"{base}/posts/new?member=x").status_code == 404
    assert browser.post(f"{entry}/withdraw", data={"reason": "", "version": "1"}).status_code == 422
    assert browser.post(f"{entry}/withdraw", data={"reason": "发错了", "version": "1"}).status_code == 303
    ended = {"ended_on": "2026-02-01", "ended_by": "term", "version": "1"}
    assert browser.post(f"{post}/end", data=ended).status_code == 303
