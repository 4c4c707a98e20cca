"""What a questionnaire is, which of its questions somebody is asked, and whether the answers answer them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

Kind = Literal["single", "multiple", "scale", "text"]
KINDS: Mapping[str, Text] = {
    "single": lazy("One of several"),
    "multiple": lazy("Several of several"),
    "scale": lazy("Scale"),
    "text": lazy("Text"),
}
STATES: Mapping[str, Text] = {"draft": lazy("Draft"), "open": lazy("Open"), "closed": lazy("Closed")}
STATE_TONES = {"open": "ok"}
CHANNELS: Mapping[str, Text] = {"online": lazy("Online"), "paper": lazy("On paper")}
MOST_QUESTIONS, MOST_OPTIONS, LONGEST_TEXT = 100, 50, 2000
SCALES = (3, 10)
# Fewer answers than these would tell who gave them.
LEAST_ANONYMOUS = 3

Answers = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Option:
    """A possible answer."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Condition:
    """That ``option`` was chosen in ``question``."""

    question: str
    option: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question.

    :ivar key: unique in its survey, kept for ever. :ivar options: of ``single`` and ``multiple``.
    :ivar most: upper end of a ``scale`` that begins at 1; ``low`` and ``high`` say what its ends mean.
    :ivar only_if: it is asked when one of these earlier answers was given; always, where there are none.
    """

    key: str
    kind: Kind
    label: str
    help: str = ""
    required: bool = False
    options: tuple[Option, ...] = ()
    most: int = 5
    low: str = ""
    high: str = ""
    only_if: tuple[Condition, ...] = ()

    @property
    def choices(self) -> tuple[str, ...]:
        """The answers that can be counted."""
        if self.kind == "scale":
            return tuple(str(n) for n in range(1, self.most + 1))
        return tuple(option.key for option in self.options)


def kept(questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Questions as JSON."""
    return [asdict(question) for question in questions]


def read(questions: Sequence[Mapping[str, Any]]) -> tuple[Question, ...]:
    """Questions out of JSON."""
    return tuple(
        Question(
            **{
                **one,
                "options": tuple(Option(**option) for option in one.get("options", ())),
                "only_if": tuple(Condition(**condition) for condition in one.get("only_if", ())),
            }
        )
        for one in questions
    )


def problems(questions: Sequence[Question]) -> list[Text]:
    """Everything that keeps ``questions`` from being a questionnaire."""
    found: list[Text] = []
    if len(questions) > MOST_QUESTIONS:
        found.append(lazy("A questionnaire has at most %(n)s questions.", n=MOST_QUESTIONS))
    earlier: dict[str, Question] = {}
    for number, question in enumerate(questions, 1):
        found += (lazy("Question %(n)s: %(reason)s", n=number, reason=reason) for reason in _wrong(question, earlier))
        earlier[question.key] = question
    return found


def _wrong(question: Question, earlier: Mapping[str, Question]) -> Iterator[Text]:
    if question.key in earlier:
        yield lazy("another question has the same key.")
    if question.kind in ("single", "multiple"):
        if not 2 <= len(question.options) <= MOST_OPTIONS:
            yield lazy("give 2 to %(n)s answers to choose from.", n=MOST_OPTIONS)
        if len({option.label for option in question.options}) < len(question.options):
            yield lazy("two answers to choose from are the same.")
        if len({option.key for option in question.options}) < len(question.options):
            yield lazy("two answers to choose from have the same key.")
    for condition in question.only_if:
        asked = earlier.get(condition.question)
        if asked is None or condition.option not in asked.choices:
            yield lazy("it depends on an answer that no earlier question offers.")


def asked(questions: Sequence[Question], answers: Answers) -> tuple[Question, ...]:
    """The questions that somebody with these answers is asked, in order. Answers to others count for nothing."""
    found: list[Question] = []
    given: dict[str, Any] = {}
    for question in questions:
        if question.only_if and not any(_chosen(given.get(one.question), one.option) for one in question.only_if):
            continue
        found.append(question)
        given[question.key] = answers.get(question.key)
    return tuple(found)


def _chosen(answer: Any, option: str) -> bool:
    return option in answer if isinstance(answer, list) else answer is not None and str(answer) == option


def taken(questions: Sequence[Question], answers: Answers) -> tuple[dict[str, Any], dict[str, list[Text]]]:
    """What is kept of ``answers``, and by question everything that is wrong with them.

    Answers to questions that were not asked are left out; those to questions nobody knows are wrong.
    """
    known = {question.key for question in questions}
    wrong: dict[str, list[Text]] = {key: [lazy("There is no such question.")] for key in answers if key not in known}
    given: dict[str, Any] = {}
    for question in asked(questions, answers):
        answer = answers.get(question.key)
        if answer in (None, "", []):
            if question.required:
                wrong[question.key] = [lazy("Please answer this.")]
            continue
        reason = _unfit(question, answer)
        if reason is None:
            given[question.key] = answer
        else:
            wrong[question.key] = [reason]
    return given, wrong


def _unfit(question: Question, answer: Any) -> Text | None:
    if question.kind == "text":
        if not isinstance(answer, str):
            return lazy("This is not a text.")
        return lazy("At most %(n)s characters.", n=LONGEST_TEXT) if len(answer) > LONGEST_TEXT else None
    if question.kind == "scale":
        fits = isinstance(answer, int) and not isinstance(answer, bool) and 1 <= answer <= question.most
        return None if fits else lazy("Choose a number from 1 to %(n)s.", n=question.most)
    several = answer if isinstance(answer, list) else [answer]
    if question.kind == "single" and isinstance(answer, list):
        return lazy("Choose one answer.")
    fits = all(isinstance(one, str) and one in question.choices for one in several)
    return None if fits and len(set(map(str, several))) == len(several) else lazy("Choose one of the listed values.")
