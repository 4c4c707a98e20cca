"""The hooks of the module ``privacy``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint as PageBlueprint
from flask_smorest import Blueprint as ApiBlueprint

from banyan import __version__
from banyan.kernel.context import Context
from banyan.kernel.db.base import Base
from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.exports import Exportable
from banyan.kernel.flows import Flow
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import Job
from banyan.kernel.values import Binding, Card, ModuleManifest, NavItem, OwnTile, Permission, Role, SettingDef
from banyan.modules.privacy import (
    api,
    cards,
    events,
    exports,
    jobs,
    models,
    notice_api,
    notice_models,
    own_api,
    own_pages,
    pages,
    permissions,
    privacy,
    register_models,
    settings,
)
from banyan.modules.privacy.services import erasure
from banyan.plugins import hookimpl


@hookimpl
def banyan_manifest() -> ModuleManifest:
    return ModuleManifest(
        "privacy",
        lazy("Personal data"),
        lazy("Seen in clear with a reason only; given out, corrected, erased; notices, consents and registers"),
        __version__,
        author=lazy("Banyan"),
        holds=(
            lazy("Who looked at sensitive data, when and why"),
            lazy("Requests, consents, guardians of members under fourteen"),
        ),
        always_on=True,
    )


@hookimpl
def banyan_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def banyan_roles() -> tuple[Sequence[Role], Sequence[Binding]]:
    return (), permissions.BINDINGS


@hookimpl
def banyan_models() -> Sequence[type[Base]]:
    return (
        models.Look,
        models.ManyLooks,
        models.DataRequest,
        notice_models.PrivacyNotice,
        notice_models.Consent,
        notice_models.Guardian,
        register_models.RegisterEntry,
        register_models.Breach,
    )


@hookimpl
def banyan_api_blueprints() -> Sequence[ApiBlueprint]:
    return (api.api, notice_api.api, own_api.api)


@hookimpl
def banyan_page_blueprints() -> Sequence[PageBlueprint]:
    return (pages.pages, own_pages.pages)


@hookimpl
def banyan_settings() -> Sequence[SettingDef]:
    return settings.SETTINGS


@hookimpl
def banyan_flows() -> Sequence[Flow]:
    return (erasure.flow(),)


@hookimpl
def banyan_jobs() -> Sequence[Job]:
    return jobs.JOBS


@hookimpl
def banyan_exports() -> Sequence[Exportable]:
    return exports.EXPORTS


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
    return cards.navigation(ctx)


@hookimpl
def banyan_member_panels(ctx: Context, member_id: str) -> Sequence[Card]:
    return cards.panels(ctx, member_id)


@hookimpl
def banyan_member_actions(ctx: Context, member_id: str) -> Sequence[NavItem]:
    return cards.actions(ctx, member_id)


@hookimpl
def banyan_me(ctx: Context, member_id: str) -> Sequence[OwnTile]:
    return cards.tiles(ctx, member_id)


@hookimpl
def banyan_export_person(ctx: Context, person_id: str) -> dict[str, Any]:
    return privacy.held(ctx, UUID(person_id))


@hookimpl
def banyan_erase_person(ctx: Context, person_id: str) -> dict[str, int]:
    return privacy.erase(ctx, UUID(person_id))


@hookimpl
def banyan_person_erasable(ctx: Context, person_id: str) -> Sequence[Text]:
    return privacy.against(ctx, UUID(person_id))


@hookimpl
def banyan_person_kept(ctx: Context, person_id: str) -> Sequence[Text]:
    return privacy.kept(ctx, UUID(person_id))


@hookimpl
def banyan_persons_merged(ctx: Context, kept: str, gone: str) -> None:
    privacy.merge(ctx, UUID(kept), UUID(gone))
