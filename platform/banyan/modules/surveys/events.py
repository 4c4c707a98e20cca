"""What this module tells others, and what the audit log calls its acts and fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.i18n import lazy
from banyan.modules.surveys.rules import STATES

ACTIONS: Mapping[str, Text] = {
    "surveys.survey.create": lazy("Began a survey"),
    "surveys.survey.update": lazy("Edited a survey"),
    "surveys.survey.open": lazy("Opened a survey"),
    "surveys.survey.close": lazy("Closed a survey"),
    "surveys.survey.discard": lazy("Discarded the draft of a survey"),
    "surveys.survey.answer": lazy("Answered a survey"),
    "surveys.survey.enter": lazy("Entered an answer on paper"),
    "surveys.survey.export": lazy("Exported the answers of a survey"),
}
FIELDS: Mapping[str, Text] = {
    "questions": lazy("Questions"),
    "anonymous": lazy("Anonymous"),
    "closes_on": lazy("Last day"),
    "intro": lazy("Introduction"),
    **{f"survey_state={key}": label for key, label in STATES.items()},
    "survey_state": lazy("State"),
}


@dataclass(frozen=True, slots=True)
class SurveyOpened(Event):
    """A survey can be answered from now on."""

    NAME: ClassVar[str] = "surveys.survey.opened"
    survey_id: str
    host: str
    host_id: str


@dataclass(frozen=True, slots=True)
class SurveyClosed(Event):
    """A survey takes no more answers; its results are there."""

    NAME: ClassVar[str] = "surveys.survey.closed"
    survey_id: str
    host: str
    host_id: str


EVENTS = (SurveyOpened, SurveyClosed)
