"""Questionnaires about a thing of a module: what the module declares, so that others need to know nothing of it.

A module returns its hosts from the hook ``banyan_survey_hosts`` and makes surveys through ``surveys.services``. Who may
answer is the host's to say; asking, counting and keeping anonymous what was promised to be is the module's ``surveys``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from banyan.kernel.context import Context
from banyan.kernel.errors import Text


@dataclass(frozen=True, slots=True)
class SurveyHost:
    """A kind of thing that surveys are about.

    :ivar name: ``<module>.<what>``, kept for ever. :ivar title: what people read, for instance "Feedback".
    :ivar permission: who has it at the survey's organisation writes the survey and reads its results.
    :ivar may_answer: whether the account of the context may answer what is asked about the thing with that id; asked
        in a session that sees the organisation of the survey alone, and the account's own rows.
    :ivar address: the thing's own page for the reader of the context; None if there is none.
    """

    name: str
    title: Text
    permission: str
    may_answer: Callable[[Context, UUID], bool]
    address: Callable[[Context, UUID], str | None] | None = None

    @property
    def module(self) -> str:
        """The module that declares it."""
        return self.name.split(".", 1)[0]
