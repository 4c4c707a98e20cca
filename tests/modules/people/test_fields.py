"""Fields that an organisation adds to the records of its members (PPL-01)."""

from __future__ import annotations

import re
import threading
from datetime import date
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError
from sqlalchemy import select

from banyan.kernel.db.scoped import Subtree, Whole
from banyan.kernel.errors import Conflict, Forbidden, Invalid, Refused
from banyan.kernel.worker import run_periodic
from banyan.modules.audit.models import AuditEntry
from banyan.modules.people import privacy
from banyan.modules.people.field_inputs import clean
from banyan.modules.people.field_jobs import FIELD_JOBS
from banyan.modules.people.field_models import MemberField, MemberFieldValue
from banyan.modules.people.rules import fields as rules
from banyan.modules.people.rules.fields import Field
from banyan.modules.people.services import field_changes, field_definitions, field_records, field_values, members
from banyan.modules.people.services.field_reading import fields_of, value_of
from tests.modules.people.conftest import Registry
from tests.modules.people.test_uniting import done


def definition(label: str = "学号", kind: str = "code", choices: Any = (), **more: Any) -> dict[str, Any]:
    """A definition as the API takes it."""
    return {
        "key": "",
        "label": label,
        "labels": {},
        "kind": kind,
        "choices": [{"value": "", "label": one} for one in choices],
        "pattern": "",
        "help": "",
        "required": False,
        "is_unique": False,
        "sensitive": False,
        "searchable": False,
        "filled_by": "branch",
        "position": 0,
        **more,
    }


def changed(row: MemberField, **more: Any) -> dict[str, Any]:
    """The definition of ``row`` with some changes, as the API takes it."""
    held = {key: getattr(row, key) for key in (*field_definitions.PLAIN, "version")}
    return {**held, **more}


def defined(registry: Registry, place: Any = None, **more: Any) -> MemberField:
    """A field that was added and committed."""
    ctx = registry.ctx(place or registry.city)
    row = field_definitions.create(ctx, definition(**more))
    ctx.session.commit()
    return row


@pytest.fixture
def inside(registry: Registry) -> Any:
    with registry.world.app.test_request_context():
        yield registry


def holding(ctx: Any, member: Any) -> dict[str, Any]:
    return {one.label: one.text for one in field_records.shown(ctx, member)}


@pytest.mark.clause("PPL-01")
def test_a_field_holds_for_the_organisation_and_all_below_and_nowhere_else(inside: Registry) -> None:
    defined(inside, label="学号")
    defined(inside, inside.branch, label="宿舍")
    assert [one.key for one in fields_of(inside.ctx(inside.branch), inside.branch.ref)] == ["xue_hao", "su_she"]
    assert [one.key for one in fields_of(inside.ctx(inside.other), inside.other.ref)] == ["xue_hao"]
    assert fields_of(inside.ctx(inside.root), inside.root.ref) == ()


@pytest.mark.clause("PPL-01")
def test_one_key_stands_once_in_a_line_of_the_tree(inside: Registry) -> None:
    defined(inside, key="school")
    for place in (inside.root, inside.city, inside.branch):
        ctx = inside.ctx(place)
        with pytest.raises(Invalid) as refused:
            field_definitions.create(ctx, definition(key="school"))
        ctx.session.rollback()
        assert list(refused.value.fields) == ["key"]
    assert defined(inside, label="学号").key != defined(inside, label="学号").key, (
        "a key made of the name is a free one"
    )
    aside = inside.world.org(inside.root)
    assert defined(inside, aside, key="school").key == "school"


@pytest.mark.clause("PPL-01")
def test_of_two_who_add_one_key_at_once_one_is_told(inside: Registry) -> None:
    """One in the city, one in a branch of it, on two connections."""
    told: list[str] = []
    meet = threading.Barrier(2)
    contexts = [inside.ctx(inside.city), inside.ctx(inside.branch)]

    def add(ctx: Any) -> None:
        with inside.world.app.test_request_context():
            meet.wait()
            try:
                field_definitions.create(ctx, definition(key="school"))
                ctx.session.commit()
                told.append("made")
            except Invalid:
                ctx.session.rollback()
                told.append("told")

    threads = [threading.Thread(target=add, args=[ctx]) for ctx in contexts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(told) == ["made", "told"]


@pytest.mark.clause("PPL-01")
def test_values_are_typed_and_every_reason_is_told_at_once(inside: Registry) -> None:
    defined(inside, label="学号", kind="code", pattern="99-AAA|9999", required=True)
    defined(inside, label="入学", kind="date")
    defined(inside, label="年级", kind="integer")
    defined(inside, label="住校", kind="boolean")
    defined(inside, label="特长", kind="choices", choices=["书法", "足球"])
    with pytest.raises(Invalid) as refused:
        inside.admit(fields={"xue_hao": "12-abc", "ru_xue": "2026-02-30", "nian_ji": "x", "te_chang": ["c9"], "no": 1})
    wanted = {"fields.xue_hao", "fields.ru_xue", "fields.nian_ji", "fields.te_chang", "fields.no"}
    assert set(refused.value.fields) == wanted
    with pytest.raises(Invalid) as refused:
        inside.admit(fields={"nian_ji": 3}, phone="1")
    assert set(refused.value.fields) == {"phone", "fields.xue_hao"}, "what is missing stands beside what is wrong"
    values = {"xue_hao": "12-ABC", "ru_xue": date(2025, 9, 1), "nian_ji": 3, "zhu_xiao": True, "te_chang": ["c2", "c1"]}
    made = inside.admit(fields=values)
    ctx = inside.ctx(inside.branch)
    said = {"学号": "12-ABC", "入学": "2025-09-01", "年级": "3", "住校": "是", "特长": "书法、足球"}
    assert holding(ctx, made) == said
    assert field_records.api_values(ctx, made) == {
        **values,
        "ru_xue": "2025-09-01",
        "te_chang": ["c1", "c2"],
    }
    members.edit(ctx, made.id, {"fields": {"nian_ji": None, "zhu_xiao": False}}, made.version)
    assert holding(ctx, made) == {**said, "年级": "", "住校": "否"}
    with pytest.raises(Invalid):
        members.edit(ctx, made.id, {"fields": {"xue_hao": ""}}, None)
    entry = ctx.session.scalars(select(AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())).first()
    assert entry is not None
    assert entry.after == {"年级": "", "住校": "否"}
    assert entry.before == {"年级": "3", "住校": "是"}


@pytest.mark.clause("PPL-05")
def test_nothing_readable_of_a_sensitive_field_is_kept_anywhere(inside: Registry, urls: Any) -> None:
    field = defined(inside, label="银行卡", kind="code", sensitive=True, searchable=True, is_unique=True)
    secret, other = "6222020200112233", "6222020200998877"
    made = inside.admit(fields={field.key: secret})
    ctx = inside.ctx(inside.branch)
    assert secret not in str(holding(ctx, made))
    assert holding(ctx, made)["银行卡"]
    assert list(field_values.revealed(ctx, made.id).values()) == [secret]
    members.edit(ctx, made.id, {"fields": {field.key: other}}, None)
    ctx.session.commit()
    with pytest.raises(Invalid):
        inside.admit(name="成员002", fields={field.key: other})
    with psycopg.connect(urls.owner) as owner:
        for table in ("member_field_value", "audit_entry", "outbox_event", "member"):
            for row in owner.execute(f"SELECT t::text FROM {table} t").fetchall():
                for text in (secret, other):
                    assert not {text, text.encode().hex()} & set(re.findall(r"[0-9a-f]{8,}", row[0])), table


@pytest.mark.clause("PPL-01")
def test_a_unique_value_belongs_to_one_active_member_of_the_subtree(inside: Registry) -> None:
    field = defined(inside, is_unique=True)
    first = inside.admit(inside.branch, fields={field.key: "A1"})
    with pytest.raises(Invalid) as refused:
        inside.admit(inside.other, name="成员002", fields={field.key: "a 1"})
    assert list(refused.value.fields) == [f"fields.{field.key}"]
    ctx = inside.ctx(inside.branch, scope=Subtree(inside.branch.ref))
    gone = {"ended_on": first.admitted_on, "kind": "left", "version": None}
    members.leave(ctx, first.id, gone)
    ctx.session.commit()
    second = inside.admit(inside.other, name="成员002", fields={field.key: "a 1"})
    back = members.restore(ctx, first.id, {"restored_on": first.admitted_on, "reason": ""})
    ctx.session.commit()
    alone = dict(ctx.session.execute(select(MemberFieldValue.member_id, MemberFieldValue.single)).all())
    assert alone == {back.id: False}, "what was taken meanwhile stays in the record, and is no longer one's own alone"
    assert second.id not in alone, "a branch does not see its neighbour's"


@pytest.mark.clause("PPL-01")
def test_two_who_give_one_unique_value_at_once_end_with_one(inside: Registry, client: Any) -> None:
    field = defined(inside, is_unique=True)
    headers = [inside.world.token(inside.world.admin(place)) for place in (inside.branch, inside.other)]
    answers: list[int] = []
    meet = threading.Barrier(2)

    def post(place: Any, header: Any) -> None:
        body = {"name": "成员003", "fields": {field.key: "A1"}}
        meet.wait()
        address = f"/api/v1/orgs/{place.code}/members"
        answers.append(inside.world.app.test_client().post(address, json=body, headers=header).status_code)

    pairs = zip((inside.branch, inside.other), headers, strict=True)
    threads = [threading.Thread(target=post, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(answers) == [201, 422]


@pytest.mark.clause("PPL-01")
def test_values_move_with_their_member_and_come_back(inside: Registry) -> None:
    field = defined(inside, label="学号", is_unique=True)
    aside = inside.world.org(inside.root)
    made = inside.admit(inside.branch, fields={field.key: "A1"})
    whole = inside.world.context(inside.world.admin(inside.root), inside.root, Whole("moving a test"))
    for place, alone in ((inside.other, True), (aside, False), (inside.branch, True)):
        member = members.find(whole, made.id)
        members.move(whole, member, place.ref, on=made.admitted_on, how="transfer")
        whole.session.commit()
        columns = (MemberFieldValue.org_path, MemberFieldValue.value, MemberFieldValue.single)
        assert whole.session.execute(select(*columns)).one() == (place.path, "A1", alone)
    assert holding(inside.ctx(inside.branch), made) == {"学号": "A1"}
    whole.session.close()


@pytest.mark.clause("PPL-01")
def test_a_change_counts_what_lies_below_and_is_refused_with_the_duplicates(inside: Registry) -> None:
    field = defined(inside, label="楼号", kind="text")
    for number, value in enumerate(["一", "一", "二", None]):
        inside.admit(name=f"成员{number:03d}", fields={field.key: value} if value else {})
    ctx = inside.ctx(inside.city)
    found = field_changes.effects(ctx, value_of(field))
    assert (found.filled, found.lacking) == (3, 1)
    with pytest.raises(Refused) as refused:
        field_definitions.update(ctx, field.id, changed(field, is_unique=True))
    assert "成员000" in str(refused.value.reasons[0])
    assert "成员001" in str(refused.value.reasons[0])
    ctx.session.rollback()
    renamed = field_definitions.update(ctx, field.id, changed(field, label="宿舍楼", required=True))
    ctx.session.commit()
    assert renamed.key == "lou_hao"
    with pytest.raises(Conflict):
        field_definitions.update(ctx, field.id, changed(field, version=1))
    assert "宿舍楼" in holding(ctx, members.find(ctx, _first(ctx)))


def _first(ctx: Any) -> Any:
    return ctx.session.scalars(select(MemberFieldValue.member_id).order_by(MemberFieldValue.member_id)).first()


@pytest.mark.clause("PPL-01")
def test_options_are_renamed_for_all_and_not_taken_away_from_anybody(inside: Registry) -> None:
    field = defined(inside, label="校区", kind="choice", choices=["东", "西"])
    made = inside.admit(fields={field.key: "c1"})
    ctx = inside.ctx(inside.city)
    with pytest.raises(Refused) as refused:
        field_definitions.update(
            ctx, field.id, changed(field, choices=[{"value": "c2", "label": "西"}, {"label": "南"}])
        )
    assert "东" in str(refused.value.reasons[0])
    ctx.session.rollback()
    wanted = [{"value": "c1", "label": "东校区"}, {"value": "", "label": "南"}]
    row = field_definitions.update(ctx, field.id, changed(field, choices=wanted))
    ctx.session.commit()
    assert [one["value"] for one in row.choices] == ["c1", "c3"], (
        "the number of an option that is gone is not given again"
    )
    assert holding(ctx, made) == {"校区": "东校区"}


@pytest.mark.clause("PPL-05")
def test_a_field_becomes_sensitive_with_all_that_is_in_it(inside: Registry, runner: Any) -> None:
    field = defined(inside, label="证号", kind="code")
    aside = inside.world.org(inside.root)
    made, away = inside.admit(fields={field.key: "A1"}), inside.admit(name="成员002", fields={field.key: "B2"})
    whole = inside.world.context(inside.world.admin(inside.root), inside.root, Whole("moving a test"))
    members.move(whole, members.find(whole, away.id), aside.ref, on=away.admitted_on, how="transfer")
    whole.session.commit()
    ctx = inside.ctx(inside.city)
    field_definitions.update(ctx, field.id, changed(field, sensitive=True, searchable=True))
    ctx.session.commit()
    run_periodic(runner, next(job for job in FIELD_JOBS if job.periodic is not None))
    whole.session.expire_all()
    rows = {row.member_id: row for row in whole.session.scalars(select(MemberFieldValue))}
    assert all(row.value_sealed is not None and row.key == "" for row in rows.values())
    assert "A1" not in rows[made.id].value
    assert "B2" not in rows[away.id].value
    back = ctx.session.get_one(MemberField, field.id)
    field_definitions.update(ctx, field.id, changed(back, sensitive=False, searchable=False))
    assert holding(ctx, made) == {"证号": "A1"}
    whole.session.close()


@pytest.mark.clause("PPL-01")
def test_a_field_is_put_away_and_brought_back_with_its_values(inside: Registry) -> None:
    field = defined(inside, label="学号")
    made = inside.admit(fields={field.key: "A1"})
    ctx = inside.ctx(inside.city)
    away = field_definitions.archive(ctx, field.id, field.version)
    ctx.session.commit()
    assert holding(ctx, made) == {}
    field_definitions.restore(ctx, field.id, away.version)
    assert holding(ctx, made) == {"学号": "A1"}
    below = inside.ctx(inside.branch)
    with pytest.raises(Forbidden):
        field_definitions.archive(below, field.id, away.version)


@pytest.mark.clause("PPL-01")
def test_an_import_checks_and_writes_many_at_once(inside: Registry, statements: list[str]) -> None:
    field = defined(inside, is_unique=True)
    made = [inside.admit(name=f"成员{number:03d}") for number in range(5)]
    ctx = inside.ctx(inside.city)
    fields = fields_of(ctx, inside.city.ref)
    rows = [(one, field_values.cleaned(fields, {field.key: f"N{n % 4}"}, complete=True)) for n, one in enumerate(made)]
    statements.clear()
    wrong = field_values.check_many(ctx, fields, [(one.id, values) for one, values in rows])
    assert [bool(one) for one in wrong] == [False] * 4 + [True]
    field_values.put(ctx, {one.id: one for one in fields}, rows[:4])
    assert len(statements) <= 4
    assert field_values.check_many(ctx, fields, [(None, rows[0][1])])[0].keys() == {field.key}


FIELD = Field(uuid4(), uuid4(), "1.", "key", "text", "名称")
INTEGERS = st.integers(-rules.BIGGEST, rules.BIGGEST)


@pytest.mark.clause("PPL-01")
@given(INTEGERS, INTEGERS, st.dates(rules.FIRST_DAY, rules.LAST_DAY), st.dates(rules.FIRST_DAY, rules.LAST_DAY))
def test_keys_stand_in_the_order_of_values(one: int, other: int, day: date, later: date) -> None:
    keys = [rules.compare_key("integer", str(value)) for value in (one, other)]
    assert (keys[0] < keys[1]) == (one < other)
    assert (keys[0] == keys[1]) == (one == other)
    days = [rules.compare_key("date", value.isoformat()) for value in (day, later)]
    assert (days[0] < days[1]) == (day < later)


@pytest.mark.clause("PPL-01")
@given(st.sampled_from(sorted(rules.KINDS)), st.one_of(st.text(max_size=40), INTEGERS, st.booleans(), st.none()))
def test_whatever_comes_is_kept_as_it_is_read_again_or_refused(kind: str, raw: Any) -> None:
    field = Field(uuid4(), uuid4(), "1.", "key", kind, "名称", choices=(("c1", "甲"), ("c2", "乙")))
    try:
        kept = clean(field, [raw] if kind == "choices" and raw is not None else raw)
    except ValidationError:
        return
    given_back = field_values.given(field, kept)
    assert clean(field, given_back) == kept
    assert all(rules.compare_key(kind, value) == rules.compare_key(kind, value.strip()) for value in kept)


@pytest.mark.clause("PPL-01")
@given(st.text("9Aa*|-/.", max_size=12), st.text("0aZ-/.9", max_size=12))
def test_a_pattern_means_what_its_places_mean(pattern: str, value: str) -> None:
    if rules.pattern_problems(pattern) or not pattern:
        return
    tests = {"9": str.isdecimal, "A": lambda c: c.isascii() and c.isupper(), "a": str.isalpha, "*": str.isalnum}
    ways = pattern.split("|")
    fits = any(
        len(way) == len(value) and all(tests[p](c) if p in tests else p == c for p, c in zip(way, value, strict=True))
        for way in ways
    )
    assert rules.matches(pattern, value) == fits


@given(st.text(max_size=40))
def test_a_key_can_be_made_of_any_name(label: str) -> None:
    assert re.fullmatch(rules.KEY, rules.key_of(label))


@pytest.mark.clause("PPL-01")
def test_a_record_that_takes_another_one_in_is_filled_where_it_was_empty(inside: Registry) -> None:
    number = defined(inside, label="学号", is_unique=True).key
    grade = defined(inside, label="年级", kind="integer").key
    kept = inside.admit(inside.branch, name="成员001", fields={grade: 2})
    gone = inside.admit(inside.other, name="成员001", fields={number: "A1", grade: 3})
    done(inside, kept, gone)
    ctx = inside.ctx(inside.city)
    assert holding(ctx, members.find(ctx, kept.id)) == {"学号": "A1", "年级": "2"}
    with pytest.raises(Invalid):
        inside.admit(name="成员009", fields={number: "A1"})


@pytest.mark.clause("PPL-07")
def test_own_fields_come_out_with_a_person_and_go_with_it(inside: Registry) -> None:
    secret = defined(inside, label="银行卡", kind="code", sensitive=True).key
    grade = defined(inside, label="校区", kind="choice", choices=["东", "西"]).key
    made = inside.admit(fields={secret: "6222020200112233", grade: "c2"})
    ctx = inside.ctx(inside.city)
    told = privacy.export(ctx, made.person_id)["own_fields"]
    assert {one["label"]: one["value"] for one in told} == {"银行卡": "6222020200112233", "校区": "西"}
    assert privacy.erase(ctx, made.person_id)["member_field_value"] == 2
    assert ctx.session.scalars(select(MemberFieldValue)).all() == []
