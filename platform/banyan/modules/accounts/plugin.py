"""The hooks of the module ``accounts``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import click
from flask import Blueprint
from flask_smorest import Blueprint as ApiBlueprint

from banyan import __version__
from banyan.api.answers import StoredAnswer
from banyan.api.rates import RequestCount
from banyan.kernel.context import Context
from banyan.kernel.db.base import Base
from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.exports import Exportable
from banyan.kernel.i18n import lazy
from banyan.kernel.imports import Importable
from banyan.kernel.jobs import Job
from banyan.kernel.values import Card, Metric, ModuleManifest, NavItem, OrgRef, Permission, SettingDef
from banyan.modules.accounts import (
    api,
    cli,
    events,
    exports,
    jobs,
    models,
    navigation,
    permissions,
    security_api,
    security_models,
    settings,
    stats,
    token_api,
    token_jobs,
)
from banyan.modules.accounts.imports import IMPORTS
from banyan.modules.accounts.pages import pages
from banyan.modules.accounts.services import finding, of_person
from banyan.modules.accounts.services.codes import against_revocation
from banyan.plugins import hookimpl


@hookimpl
def banyan_manifest() -> ModuleManifest:
    label, description = lazy("Accounts"), lazy("Sign-in, administrators and API tokens")
    return ModuleManifest(
        "accounts",
        label,
        description,
        __version__,
        author=lazy("Banyan"),
        holds=(
            lazy("Accounts: name, sign-in name, phone and roles of administrators"),
            lazy("Sign-ins: when, from which address, with which device"),
            lazy("Passwords and tokens, as fingerprints only"),
        ),
        always_on=True,
    )


@hookimpl
def banyan_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def banyan_models() -> Sequence[type[Base]]:
    own = (models.Account, models.AccountSession, models.ApiToken, models.TokenPlace, models.RegistrationCode)
    return (*own, models.Throttle, StoredAnswer, RequestCount, *security_models.ALL)


@hookimpl
def banyan_api_blueprints() -> Sequence[ApiBlueprint]:
    return (api.api, api.own, token_api.api, token_api.own, security_api.api, security_api.own)


@hookimpl
def banyan_page_blueprints() -> Sequence[Blueprint]:
    return (pages,)


@hookimpl
def banyan_exports() -> Sequence[Exportable]:
    return exports.EXPORTS


@hookimpl
def banyan_imports() -> Sequence[Importable]:
    return IMPORTS


@hookimpl
def banyan_navigation(ctx: Context) -> Sequence[NavItem]:
    return navigation.ITEMS


@hookimpl
def banyan_dashboard_cards(ctx: Context) -> Sequence[Card]:
    return navigation.cards(ctx)


@hookimpl
def banyan_search(ctx: Context, text: str, most: int) -> Iterable[tuple[str, str]]:
    return finding.find(ctx, text, most)


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
def banyan_settings() -> Sequence[SettingDef]:
    return settings.SETTINGS


@hookimpl
def banyan_metrics() -> Sequence[Metric]:
    return stats.METRICS


@hookimpl
def banyan_stats(ctx: Context, org: OrgRef, lo: str, hi: str) -> dict[str, dict[str, int]]:
    return stats.counted(ctx, lo, hi)


@hookimpl
def banyan_jobs() -> Sequence[Job]:
    return (jobs.PURGE, token_jobs.PURGE_API, token_jobs.TOKEN_WARNINGS)


@hookimpl
def banyan_org_revocable(ctx: Context, org: OrgRef) -> Sequence[Text]:
    return against_revocation(ctx, org)


@hookimpl
def banyan_cli() -> Sequence[click.Command]:
    return (cli.commands,)


@hookimpl
def banyan_export_person(ctx: Context, person_id: str) -> dict[str, Any]:
    return of_person.held(ctx, UUID(person_id))


@hookimpl
def banyan_erase_person(ctx: Context, person_id: str) -> dict[str, int]:
    return of_person.close(ctx, UUID(person_id))


@hookimpl
def banyan_persons_merged(ctx: Context, kept: str, gone: str) -> None:
    of_person.merge(ctx, UUID(kept), UUID(gone))
