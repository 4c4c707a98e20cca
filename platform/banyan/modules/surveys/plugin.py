"""The hooks of the module ``surveys``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint as PageBlueprint
from flask_smorest import Blueprint as ApiBlueprint

from banyan import __version__
from banyan.kernel.context import Context
from banyan.kernel.db.base import Base
from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.exports import Exportable
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.kernel.values import Binding, ModuleManifest, NavItem, Permission, Role
from banyan.modules.surveys import events, jobs, lists, models, permissions
from banyan.modules.surveys.api import api
from banyan.modules.surveys.pages import pages
from banyan.modules.surveys.services import people
from banyan.plugins import hookimpl


@hookimpl
def banyan_manifest() -> ModuleManifest:
    return ModuleManifest(
        "surveys",
        lazy("Surveys"),
        lazy("Questionnaires about activities and whatever else modules ask about"),
        __version__,
        author=lazy("Banyan"),
        holds=(lazy("Questions, answers, and who has answered; of anonymous surveys never who answered what"),),
        always_on=True,
        icon="notebook",
    )


@hookimpl
def banyan_models() -> Sequence[type[Base]]:
    return (models.Survey, models.SurveyAnswer, models.SurveyTurnout)


@hookimpl
def banyan_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def banyan_roles() -> tuple[Sequence[Role], Sequence[Binding]]:
    return (), permissions.BINDINGS


@hookimpl
def banyan_api_blueprints() -> Sequence[ApiBlueprint]:
    return (api,)


@hookimpl
def banyan_page_blueprints() -> Sequence[PageBlueprint]:
    return (pages,)


@hookimpl
def banyan_jobs() -> Sequence[Job]:
    return jobs.JOBS


@hookimpl
def banyan_exports() -> Sequence[Exportable]:
    return lists.EXPORTS


@hookimpl
def banyan_event_types() -> Sequence[type[Event]]:
    return events.EVENTS


@hookimpl
def banyan_actions() -> Mapping[str, Text]:
    return events.ACTIONS


@hookimpl
def banyan_fields() -> Mapping[str, Text]:
    return events.FIELDS


@hookimpl
def banyan_navigation(ctx: Context) -> Sequence[NavItem]:
    return (NavItem(lazy("Surveys"), "surveys_pages.surveys", "notebook", "work", 60, permissions.SURVEY_READ.name),)


@hookimpl
def banyan_export_person(ctx: Context, person_id: str) -> dict[str, Any]:
    return people.export(ctx, person_id)


@hookimpl
def banyan_erase_person(ctx: Context, person_id: str) -> dict[str, int]:
    return people.erase(ctx, person_id)
