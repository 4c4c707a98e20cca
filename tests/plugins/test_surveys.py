"""Surveys that a plugin asks about its things (ACT-07): written, answered, anonymous where it was said, counted."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from banyan.kernel.files import StoredFile
from banyan.kernel.jobs import LongTask
from banyan.kernel.runtime import KEY
from banyan.kernel.worker import Runner
from banyan.modules.accounts.models import Account
from banyan.modules.audit.models import AuditEntry
from banyan.modules.surveys import jobs, rules
from banyan.modules.surveys import plugin as surveys
from banyan.modules.surveys.models import Survey, SurveyAnswer, SurveyTurnout
from banyan.modules.surveys.rules import Condition, Option, Question
from banyan.modules.surveys.services import copy_survey, create_survey
from banyan.plugins import enablement
from tests.factories import World
from tests.modules.tasks.conftest import run, runner
from tests.plugins.banyan_guestbook.models import Entry

__all__ = ["runner"]

YES, NO = Option("yes", "好"), Option("no", "不好")
QUESTIONS = (
    Question("q1", "single", "活动办得好吗？", required=True, options=(YES, NO)),
    Question("q2", "text", "哪里不好？", required=True, only_if=(Condition("q1", "no"),)),
    Question("q3", "multiple", "还想参加什么？", options=(Option("a", "读书会"), Option("b", "植树"))),
    Question("q4", "scale", "打几分？", most=5, low="很差", high="很好"),
)


class Room:
    """A county with the guestbook on, an entry in it, whoever runs it, and a city above."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.city = world.org(code="city")
        self.county = world.org(self.city, "county")
        enablement.set_switch(world.session, self.county.ref, "guestbook", on=True, by=None, at=world.clock.now())
        self.secretary = world.admin(self.county)
        self.headers = {**world.token(self.secretary), "Accept-Language": "zh-Hans"}
        self.entry = Entry(org_id=self.county.id, org_path=self.county.path, text="谢谢", written_at=world.clock.now())
        world.session.add(self.entry)
        world.session.commit()
        self.client: FlaskClient = world.app.test_client()

    def survey(self, *, anonymous: bool = False, questions: tuple[Question, ...] = QUESTIONS, **data: Any) -> str:
        """A draft about the entry."""
        ctx = self.world.context(self.secretary, self.county)
        with self.world.app.app_context():
            told = {"title": "活动反馈", "anonymous": anonymous, **data}
            made = create_survey(ctx, "guestbook.opinion", self.entry.id, self.county.ref, told, questions)
            ctx.session.commit()
        ctx.session.close()
        return str(made.id)

    def act(self, survey: str, what: str, code: str = "county", **body: Any) -> Any:
        return self.client.post(f"/api/v1/orgs/{code}/surveys/{survey}/{what}", json=body, headers=self.headers)

    def opened(self, **how: Any) -> str:
        survey = self.survey(**how)
        assert self.act(survey, "opening", version=self.shown(survey)["version"]).status_code == 200
        return survey

    def shown(self, survey: str, part: str = "") -> dict[str, Any]:
        answer = self.client.get(f"/api/v1/orgs/county/surveys/{survey}{part}", headers=self.headers)
        assert answer.status_code == 200, answer.get_json()
        found: dict[str, Any] = answer.get_json()
        return found

    def visitor(self) -> Account:
        return self.world.account(self.county)

    def answer(self, survey: str, who: Account, **answers: Any) -> Any:
        headers = self.world.token(who)
        return self.client.post(
            f"/api/v1/orgs/county/surveys/{survey}/answer", json={"answers": answers}, headers=headers
        )


@pytest.fixture
def room(world: World) -> Room:
    return Room(world)


@pytest.mark.clause("ACT-07")
def test_feedback_is_asked_answered_and_counted(room: Room) -> None:
    survey = room.survey()
    who = room.visitor()
    assert room.answer(survey, who, q1="yes").status_code == 404, "a draft is nobody's business"
    assert room.act(survey, "opening", version=99).status_code == 409
    assert room.act(survey, "opening", version=1).status_code == 200

    wrong = room.answer(survey, who, q1="no", q3=["a", "x"], q4=6, q9="?")
    assert wrong.status_code == 422
    assert {one["field"] for one in wrong.get_json()["errors"]} == {"q2", "q3", "q4", "q9"}
    assert room.answer(survey, who, q1="yes", q2="不会存下来", q3=["a", "b"], q4=4).status_code == 204
    assert room.answer(survey, who, q1="no", q2="太远", q4=2).status_code == 204, "with a name it can be changed"
    assert room.answer(survey, room.visitor(), q1="yes", q4=5).status_code == 204
    assert room.act(survey, "paper-answers", answers={"q1": "yes", "q3": ["b"]}).status_code == 204

    found = room.shown(survey, "/results")
    assert (found["answers"], found["on_paper"], found["withheld"]) == (3, 1, False)
    first, second, third, fourth = found["questions"]
    assert [(one["label"], one["number"]) for one in first["shares"]] == [("好", 2), ("不好", 1)]
    assert round(first["shares"][0]["percent"], 1) == 66.7
    assert (second["texts"], second["answered"]) == (["太远"], 1)
    assert [one["number"] for one in third["shares"]] == [0, 1]
    assert fourth["average"] == 3.5
    edit = {"questions": [], "version": room.shown(survey)["version"]}
    refused = room.client.put(f"/api/v1/orgs/county/surveys/{survey}/questions", json=edit, headers=room.headers)
    assert refused.status_code == 409, "answers answer these questions"


@pytest.mark.clause("ACT-07")
def test_an_anonymous_answer_cannot_be_traced(room: Room) -> None:
    survey = room.opened(anonymous=True)
    visitors = [room.visitor() for _ in range(3)]
    for number, who in enumerate(visitors):
        assert room.answer(survey, who, q1="no", q2=f"意见{number}").status_code == 204
    assert room.answer(survey, visitors[0], q1="yes").status_code == 409, "once, as nobody can find it again"
    assert room.shown(survey, "/results") == {"answers": 3, "on_paper": 0, "withheld": True, "questions": []}
    assert room.act(survey, "export").status_code == 409
    session = room.world.session
    rows = session.scalars(select(SurveyAnswer)).all()
    assert {(row.account_id, row.answered_at) for row in rows} == {(None, None)}
    assert {row.id.version for row in rows} == {4}, "ids that tell no order"
    before = {row.id for row in rows}

    assert room.act(survey, "closing", version=room.shown(survey)["version"]).status_code == 200
    session.expire_all()
    assert before.isdisjoint(session.scalars(select(SurveyAnswer.id)).all())
    written = session.execute(text("SELECT count(DISTINCT xmin::text) FROM survey_answer")).scalar_one()
    assert written == 1, "one transaction wrote them all: none shares it with the record of who has answered"
    found = room.shown(survey, "/results")
    assert sorted(found["questions"][1]["texts"]) == ["意见0", "意见1", "意见2"]
    kept = session.scalars(select(AuditEntry.after).where(AuditEntry.action.like("surveys.%"))).all()
    assert "意见" not in str(kept)


def test_few_anonymous_answers_are_never_shown(room: Room) -> None:
    survey = room.opened(anonymous=True)
    room.answer(survey, room.visitor(), q1="yes")
    room.act(survey, "closing", version=room.shown(survey)["version"])
    assert room.shown(survey, "/results")["withheld"]


def test_who_may_answer_is_the_hosts_to_say(room: Room) -> None:
    survey = room.opened()
    stranger = room.world.account(room.city)
    assert room.answer(survey, stranger, q1="yes").status_code == 404
    elsewhere = room.world.token(stranger)
    assert room.client.get(f"/api/v1/orgs/city/surveys/{survey}/answer", headers=elsewhere).status_code == 404
    auditor = {**room.world.token(room.world.admin(room.county, "org_auditor"))}
    assert room.client.get(f"/api/v1/orgs/county/surveys/{survey}", headers=auditor).status_code == 403
    enablement.set_switch(
        room.world.session, room.county.ref, "guestbook", on=False, by=None, at=room.world.clock.now()
    )
    room.world.session.commit()
    assert room.answer(survey, room.visitor(), q1="yes").status_code == 404, "its module is off"


def test_of_two_answers_at_once_one_is_kept(room: Room) -> None:
    survey = room.opened(anonymous=True)
    headers = room.world.token(room.visitor())
    gate, statuses = threading.Barrier(2), []

    def send() -> None:
        client = room.world.app.test_client()
        gate.wait()
        body = {"answers": {"q1": "yes"}}
        statuses.append(
            client.post(f"/api/v1/orgs/county/surveys/{survey}/answer", json=body, headers=headers).status_code
        )

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [204, 409]
    assert room.world.session.scalar(select(func.count()).select_from(SurveyAnswer)) == 1


def test_the_last_day_closes_it(room: Room) -> None:
    world = room.world
    day = world.clock.now().date() + timedelta(days=1)
    survey = room.opened(closes_on=day)
    who = room.visitor()
    held = world.app.extensions[KEY].clock
    began = held.instant
    held.instant = began + timedelta(days=3)
    try:
        assert room.answer(survey, who, q1="yes").status_code == 409
        ctx = world.context(room.secretary)
        with world.app.app_context():
            jobs.close_due(ctx)
            ctx.session.commit()
        ctx.session.close()
        assert room.shown(survey)["state"] == "closed"
    finally:
        held.instant = began


@pytest.mark.clause("ACT-07", "UI-03")
def test_the_console_writes_a_questionnaire_and_members_answer_it(room: Room) -> None:
    survey = room.survey(questions=())
    browser = room.world.sign_in(room.secretary)
    page = f"/orgs/county/surveys/{survey}"
    question = {"version": "1", "label": "活动办得好吗？", "kind": "single", "most": "5", "_shown": "required only_if"}
    failed = browser.post(f"{page}/questions/new", data={**question, "options": "好\n好"})
    assert failed.status_code == 422
    assert "活动办得好吗？" in failed.get_data(as_text=True)
    assert browser.post(f"{page}/questions/new", data={**question, "options": "好\n不好"}).status_code == 303
    follow = {**question, "version": "2", "label": "哪里不好？", "kind": "text", "only_if": "q1:o2", "required": "true"}
    assert browser.post(f"{page}/questions/new", data=follow).status_code == 303
    moved = browser.post(f"{page}/questions/q2/move", data={"version": "3", "to": "up"})
    assert moved.status_code == 422, "it would come before the question it depends on"
    kept = {**question, "version": "3", "options": "不好\n很好"}
    assert browser.post(f"{page}/questions/q1", data=kept).status_code == 303
    assert room.shown(survey)["questions"][1]["only_if"] == [{"question": "q1", "option": "o2"}], (
        "the words kept the key"
    )
    assert browser.post(f"{page}/open", data={"version": "4"}).status_code == 303

    member = room.world.sign_in(room.visitor())
    shown = member.get(f"{page}/answer").get_data(as_text=True)
    assert 'data-shown-if="q1=o2"' in shown
    again = member.post(f"{page}/answer", data={"q1": "o2", "_shown": "q1 q2"})
    assert again.status_code == 422
    assert "checked" in again.get_data(as_text=True)
    assert member.post(f"{page}/answer", data={"q1": "o2", "q2": "太远", "_shown": "q1 q2"}).status_code == 303
    assert "太远" in member.get(f"{page}/answer").get_data(as_text=True), "to be changed until it closes"
    assert "太远" in browser.get(page).get_data(as_text=True)
    assert "活动反馈" in browser.get("/orgs/county/surveys").get_data(as_text=True)


def test_all_answers_can_be_had_as_a_file(room: Room, runner: Runner) -> None:
    survey = room.opened()
    room.answer(survey, room.visitor(), q1="no", q2="=HYPERLINK(1)", q3=["a", "b"], q4=3)
    started = room.act(survey, "export")
    assert started.status_code == 202
    run(runner, started.get_json()["id"])
    session = room.world.session
    [task] = session.scalars(select(LongTask)).all()
    assert task.state == "done", task.message
    stored = session.get_one(StoredFile, task.result_id)
    with room.world.app.extensions[KEY].store.open(stored.key) as stream:
        rows = list(openpyxl.load_workbook(stream).active.values)
    assert rows[0][-4:] == tuple(one.label for one in QUESTIONS)
    assert rows[1][-4:] == ("不好", "=HYPERLINK(1)", "读书会；植树", 3)


@pytest.mark.clause("PPL-07")
def test_a_person_takes_its_answers_along_and_leaves_figures_behind(room: Room) -> None:
    survey, who = room.opened(), room.visitor()
    person = who.id
    who.person_id = person
    room.world.session.commit()
    room.answer(survey, who, q1="yes")
    ctx = room.world.context(room.secretary, room.county)
    with room.world.app.app_context():
        told = surveys.banyan_export_person(ctx, str(person))
        assert told["surveys"][0]["answers"] == {"q1": "yes"}
        assert surveys.banyan_erase_person(ctx, str(person)) == {"survey_answer": 1, "survey_turnout": 1}
        ctx.session.commit()
    ctx.session.close()
    assert room.shown(survey, "/results")["answers"] == 1
    assert room.world.session.scalars(select(SurveyTurnout)).all() == []


def test_a_survey_is_copied_to_another_thing(room: Room) -> None:
    survey = room.opened()
    ctx = room.world.context(room.secretary, room.county)
    with room.world.app.app_context():
        made = copy_survey(ctx, ctx.session.get_one(Survey, survey), room.entry.id)
        ctx.session.commit()
        assert (made.state, len(made.questions)) == ("draft", 4)
    ctx.session.close()


ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "q1": st.sampled_from(["yes", "no", "maybe"]),
        "q2": st.text(max_size=5),
        "q3": st.lists(st.sampled_from(["a", "b", "c"]), max_size=3),
        "q4": st.integers(0, 6),
    },
)


@given(ANSWERS)
def test_what_is_kept_was_asked_and_fits(answers: dict[str, Any]) -> None:
    kept, wrong = rules.taken(QUESTIONS, answers)
    asked = {question.key: question for question in rules.asked(QUESTIONS, answers)}
    assert set(kept) <= set(asked)
    assert set(kept).isdisjoint(wrong)
    assert ("q2" in asked) == (answers.get("q1") == "no")
    for key, question in asked.items():
        if question.required and key not in kept:
            assert key in wrong
    again, none = rules.taken(QUESTIONS, kept)
    if not wrong:
        assert (again, none) == (kept, {})


@given(st.permutations(QUESTIONS))
def test_a_question_comes_after_what_it_depends_on(order: list[Question]) -> None:
    places = [question.key for question in order]
    assert bool(rules.problems(order)) == (places.index("q2") < places.index("q1"))
    assert rules.read(rules.kept(order)) == tuple(order)
