"""Use cases of surveys. What the sdk offers to other modules is named here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from banyan.kernel.errors import Text
from banyan.modules.surveys import rules
from banyan.modules.surveys.services.reach import of_host as surveys_of
from banyan.modules.surveys.services.results import results as survey_answers
from banyan.modules.surveys.services.writing import copy as copy_survey
from banyan.modules.surveys.services.writing import create as create_survey

__all__ = ["copy_survey", "create_survey", "survey_answers", "survey_problems", "surveys_of"]


def survey_problems(
    questions: Sequence[Mapping[str, Any]], answers: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, list[Text]]]:
    """What is kept of answers to questions that a module asks by itself, and by question all that is wrong.

    :param questions: as `SurveyQuestionBody` loads them.
    """
    return rules.taken(rules.read(questions), answers)
