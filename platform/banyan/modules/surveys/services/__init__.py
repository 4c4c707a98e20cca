"""Use cases of surveys. What the sdk offers to other modules is named here."""

from banyan.modules.surveys.services.reach import of_host as surveys_of
from banyan.modules.surveys.services.results import results as survey_answers
from banyan.modules.surveys.services.writing import copy as copy_survey
from banyan.modules.surveys.services.writing import create as create_survey

__all__ = ["copy_survey", "create_survey", "survey_answers", "surveys_of"]
