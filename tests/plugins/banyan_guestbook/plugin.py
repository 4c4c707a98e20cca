"""The hooks of the plugin ``guestbook``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Blueprint

from banyan.sdk import (
    ApiBlueprint,
    Base,
    Binding,
    Card,
    Context,
    Exportable,
    Flow,
    Job,
    Message,
    Metric,
    ModuleManifest,
    NavItem,
    OrgRef,
    OwnTile,
    Permission,
    Role,
    Sender,
    SettingDef,
    SurveyHost,
    hookimpl,
    lazy,
)

from . import flows, letters, lists, models, opinions, permissions, services
from .api import api
from .pages import pages

HERE = Path(__file__).parent


@hookimpl
def banyan_manifest() -> ModuleManifest:
    what = lazy("Visitors leave a line")
    return ModuleManifest(
        "guestbook",
        lazy("Guestbook"),
        what,
        "1.0",
        prefix="guestbook_",
        author="Banyan",
        icon="notebook",
        holds=(lazy("What visitors wrote, and when"),),
    )


@hookimpl
def banyan_models() -> Sequence[type[Base]]:
    return (models.Entry,)


@hookimpl
def banyan_migrations() -> Path:
    return HERE / "migrations"


@hookimpl
def banyan_catalogues() -> Path:
    return HERE / "locale"


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
def banyan_page_blueprints() -> Sequence[Blueprint]:
    return (pages,)


@hookimpl
def banyan_exports() -> Sequence[Exportable]:
    return lists.EXPORTS


@hookimpl
def banyan_settings() -> Sequence[SettingDef]:
    order = (("newest", lazy("Newest first")), ("oldest", lazy("Oldest first")))
    return (
        SettingDef("guestbook.title", lazy("Title of the book"), "text", "Guestbook", minimum=2, maximum=20),
        SettingDef("guestbook.lines", lazy("Longest entry"), "integer", 10, minimum=1, maximum=50, wins="highest"),
        SettingDef("guestbook.signed", lazy("Entries are signed"), "boolean", False, wins="highest"),
        SettingDef("guestbook.order", lazy("Order of entries"), "choice", "newest", choices=order),
    )


@hookimpl
def banyan_flows() -> Sequence[Flow]:
    return flows.FLOWS


@hookimpl
def banyan_senders() -> Sequence[Sender]:
    return (letters.Letterbox(),)


@hookimpl
def banyan_survey_hosts() -> Sequence[SurveyHost]:
    return (opinions.OPINION,)


@hookimpl
def banyan_metrics() -> Sequence[Metric]:
    return (Metric("guestbook.entries", lazy("Entries")),)


@hookimpl
def banyan_jobs() -> Sequence[Job]:
    reason = "old pages of every organisation"
    return (Job("guestbook.tidy", lazy("Tear out old pages"), periodic=services.tidy, cron="0 4 * * *", reason=reason),)


@hookimpl
def banyan_actions() -> Mapping[str, Message]:
    return {"guestbook.entry.write": lazy("Wrote into the guestbook")}


@hookimpl
def banyan_navigation(ctx: Context) -> Sequence[NavItem]:
    return (NavItem(lazy("Guestbook"), "guestbook_pages.book", "notebook", permission=permissions.READ.name),)


@hookimpl
def banyan_dashboard_cards(ctx: Context) -> Sequence[Card]:
    return (Card("guestbook", lazy("Guestbook"), "guestbook_pages.card", permission=permissions.READ.name),)


@hookimpl
def banyan_me(ctx: Context, member_id: str) -> Sequence[OwnTile]:
    return (OwnTile("guestbook", lazy("Guestbook"), "guestbook_pages.book"),)


@hookimpl
def banyan_member_panels(ctx: Context, member_id: str) -> Sequence[Card]:
    return (Card("guestbook", lazy("Guestbook"), "guestbook_pages.card", permission=permissions.READ.name),)


@hookimpl
def banyan_member_actions(ctx: Context, member_id: str) -> Sequence[NavItem]:
    return (NavItem(lazy("Guestbook"), "guestbook_pages.book", "notebook", permission=permissions.READ.name),)


@hookimpl
def banyan_stats(ctx: Context, org: OrgRef, lo: str, hi: str) -> dict[str, dict[str, int]]:
    return services.counted(ctx, lo, hi)


@hookimpl
def banyan_can_enable(ctx: Context, org: OrgRef) -> Sequence[Message]:
    return services.against(ctx, org)


@hookimpl
def banyan_enabled(ctx: Context, org: OrgRef) -> None:
    services.write(ctx, "The book is open.")


@hookimpl
def banyan_disabled(ctx: Context, org: OrgRef) -> None:
    services.write(ctx, "The book is closed.")


@hookimpl
def banyan_on_event(ctx: Context, name: str, event_id: str, payload: dict[str, Any]) -> None:
    services.hear(ctx, name, event_id, payload)
