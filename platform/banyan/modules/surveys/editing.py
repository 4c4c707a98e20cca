"""Questions one by one, as the console edits them: pure functions from questions to questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from banyan.kernel.errors import Invalid, NotFound, Text
from banyan.kernel.i18n import lazy
from banyan.modules.surveys import rules
from banyan.modules.surveys.rules import Condition, Option, Question


def put(questions: Sequence[Question], key: str, data: Mapping[str, Any]) -> list[Question]:
    """The questions with one more at the end, or with the one called ``key`` changed.

    :param data: of `QuestionForm`; ``only_if`` as ``question:option``. :raises Invalid: :raises NotFound:
    """
    before = named(questions, key) if key else None
    made = _made(data, key or _free(questions), before)
    place = questions.index(before) if before is not None else len(questions)
    wrong = _reasons(questions[:place], made)
    if wrong:
        raise Invalid(wrong)
    return [*questions[:place], made, *questions[place + (before is not None) :]]


def without(questions: Sequence[Question], key: str) -> list[Question]:
    """The questions without the one called ``key``; raises `NotFound`."""
    gone = named(questions, key)
    return [question for question in questions if question is not gone]


def moved(questions: Sequence[Question], key: str, by: int) -> list[Question]:
    """The questions with the one called ``key`` further up (-1) or down (1); raises `NotFound`."""
    question = named(questions, key)
    place = min(max(questions.index(question) + by, 0), len(questions) - 1)
    others = without(questions, key)
    return [*others[:place], question, *others[place:]]


def named(questions: Sequence[Question], key: str) -> Question:
    """The question called ``key``; raises `NotFound`."""
    found = next((question for question in questions if question.key == key), None)
    if found is None:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    return found


def conditions(questions: Sequence[Question], before: str = "") -> list[tuple[str, str, str]]:
    """What a question may depend on: the answers of those before it, as options under the question's words."""
    found: list[tuple[str, str, str]] = []
    for question in questions:
        if question.key == before:
            break
        labels = {option.key: option.label for option in question.options}
        found += ((f"{question.key}:{one}", labels.get(one, one), question.label) for one in question.choices)
    return found


def _made(data: Mapping[str, Any], key: str, before: Question | None) -> Question:
    choosing, scale = data["kind"] in ("single", "multiple"), data["kind"] == "scale"
    return Question(
        key=key,
        kind=data["kind"],
        label=data["label"],
        help=data["help"],
        required=data["required"],
        options=_options(data["options"], before.options if before else ()) if choosing else (),
        most=data["most"] if scale else Question("", "scale", "").most,
        low=data["low"] if scale else "",
        high=data["high"] if scale else "",
        only_if=tuple(Condition(*one.partition(":")[::2]) for one in data["only_if"]),
    )


def _options(labels: Sequence[str], before: Sequence[Option]) -> tuple[Option, ...]:
    """Answers that keep their words keep their key, so that conditions which name them still hold."""
    keys = {option.label: option.key for option in before}
    used, found = set(keys.values()), []
    for label in labels:
        key = keys.pop(label, "") or next(name for n in range(1, 1000) if (name := f"o{n}") not in used)
        used.add(key)
        found.append(Option(key, label))
    return tuple(found)


def _free(questions: Sequence[Question]) -> str:
    used = {question.key for question in questions}
    return next(name for n in range(1, 1000) if (name := f"q{n}") not in used)


def _reasons(earlier: Sequence[Question], made: Question) -> dict[str, list[Text]]:
    wrong: dict[str, list[Text]] = {}
    if made.kind in ("single", "multiple"):
        if not 2 <= len(made.options) <= rules.MOST_OPTIONS:
            wrong["options"] = [lazy("Give 2 to %(n)s answers to choose from.", n=rules.MOST_OPTIONS)]
        elif len({option.label for option in made.options}) < len(made.options):
            wrong["options"] = [lazy("Two answers to choose from are the same.")]
    offered = {value for value, _label, _question in conditions(earlier)}
    if any(f"{one.question}:{one.option}" not in offered for one in made.only_if):
        wrong["only_if"] = [lazy("Choose from the listed values only.")]
    return wrong
