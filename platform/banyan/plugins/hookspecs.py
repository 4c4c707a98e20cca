"""The public contract of modules and plugins. Arguments are added, never removed; a golden file holds the signatures.

Hooks of the first part are asked once at start; of the second per organisation, only of modules that are on there;
of the third of every installed plugin whether on or off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from flask import Blueprint as PageBlueprint
from flask_smorest import Blueprint as ApiBlueprint
from pluggy import HookspecMarker

from banyan.kernel.context import Context
from banyan.kernel.db.base import Base
from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.exports import Exportable
from banyan.kernel.flows import Flow
from banyan.kernel.imports import Importable
from banyan.kernel.jobs import Job
from banyan.kernel.sending import Sender
from banyan.kernel.surveys import SurveyHost
from banyan.kernel.values import (
    Binding,
    Card,
    Health,
    Metric,
    ModuleManifest,
    NavItem,
    OrgRef,
    OwnTile,
    Permission,
    Role,
    Service,
    SettingDef,
    TimelineEntry,
)
from banyan.plugins import PROJECT

hookspec = HookspecMarker(PROJECT)

# ---- asked once, at start


@hookspec(firstresult=True)
def banyan_manifest() -> ModuleManifest:  # type: ignore[empty-body]
    """What the module is.

    :return: name, version, dependencies, prefix of its tables.
    """


@hookspec
def banyan_models() -> Sequence[type[Base]]:  # type: ignore[empty-body]
    """Tables the module brings; a plugin's carry its prefix.

    :return: mapped classes.
    """


@hookspec(firstresult=True)
def banyan_migrations() -> Path:  # type: ignore[empty-body]
    """Where the module's Alembic revisions lie.

    :return: folder with ``<name>_0001_….py`` files.
    """


@hookspec
def banyan_api_blueprints() -> Sequence[ApiBlueprint]:  # type: ignore[empty-body]
    """REST views.

    :return: flask-smorest blueprints; their URLs begin with ``/api/v1/``.
    """


@hookspec
def banyan_page_blueprints() -> Sequence[PageBlueprint]:  # type: ignore[empty-body]
    """Console views.

    :return: Flask blueprints.
    """


@hookspec
def banyan_permissions() -> Sequence[Permission]:  # type: ignore[empty-body]
    """Permissions the module's views and services ask for.

    :return: permissions named ``<module>.<thing>:<verb>``.
    """


@hookspec
def banyan_roles() -> tuple[Sequence[Role], Sequence[Binding]]:  # type: ignore[empty-body]
    """Built-in roles the module adds, and what built-in roles may do with its permissions by default.

    :return: roles, policy lines.
    """


@hookspec
def banyan_services() -> Sequence[Service]:  # type: ignore[empty-body]
    """What the module does for others, who require it in their manifest and find it with `banyan.sdk.service`.

    :return: services named ``<module>.<what>``.
    """


@hookspec
def banyan_settings() -> Sequence[SettingDef]:  # type: ignore[empty-body]
    """Settings an organisation lays down for itself and all below; read with `banyan.plugins.settings.value`.

    :return: setting definitions; their keys begin with the name of the module.
    """


@hookspec
def banyan_flows() -> Sequence[Flow]:  # type: ignore[empty-body]
    """Approval flows the module declares.

    :return: flows for the approval engine.
    """


@hookspec
def banyan_survey_hosts() -> Sequence[SurveyHost]:  # type: ignore[empty-body]
    """What surveys of the module are about; see `banyan.kernel.surveys`.

    :return: hosts named ``<module>.<what>``, each saying who may answer.
    """


@hookspec
def banyan_jobs() -> Sequence[Job]:  # type: ignore[empty-body]
    """Long tasks and periodic jobs.

    :return: jobs of `banyan.kernel.jobs`.
    """


@hookspec
def banyan_exports() -> Sequence[Exportable]:  # type: ignore[empty-body]
    """Lists that can be had as Excel files.

    :return: the module's lists, each with its permission and the predicate of its rows.
    """


@hookspec
def banyan_imports() -> Sequence[Importable]:  # type: ignore[empty-body]
    """What can be brought in from spreadsheets; see `banyan.kernel.imports` for a declaration of a few lines.

    :return: imports, each with its schema, its permission, how its rows are checked and how they are written.
    """


@hookspec
def banyan_event_types() -> Sequence[type[Event]]:  # type: ignore[empty-body]
    """Events the module publishes.

    :return: subclasses of `Event`.
    """


@hookspec
def banyan_senders() -> Sequence[Sender]:  # type: ignore[empty-body]
    """Ways in which e-mail and SMS leave, for providers the platform does not know.

    :return: senders; the operator chooses one by its name (``BANYAN_EMAIL_SENDER``, ``BANYAN_SMS_SENDER``).
    """


@hookspec
def banyan_metrics() -> Sequence[Metric]:  # type: ignore[empty-body]
    """Numbers the module counts with `banyan.kernel.counting.count`.

    :return: metrics.
    """


@hookspec
def banyan_actions() -> Mapping[str, Text]:  # type: ignore[empty-body]
    """What the actions that the module writes to the audit log are called.

    :return: ``module.thing.verb`` → label.
    """


@hookspec
def banyan_fields() -> Mapping[str, Text]:  # type: ignore[empty-body]
    """What the fields in the module's audit entries are called, where the audit log has no word for them yet.

    :return: name of the field → label; ``field=value`` → label of a stored value.
    """


@hookspec
def banyan_cli() -> Sequence[click.Command]:  # type: ignore[empty-body]
    """Commands for operators, below ``banyan``.

    :return: click commands or groups.
    """


@hookspec(firstresult=True)
def banyan_catalogues() -> Path:  # type: ignore[empty-body]
    """Where the module's translations lie.

    :return: folder with ``<language>/LC_MESSAGES/messages.po``.
    """


# ---- asked per organisation, of modules that are on there


@hookspec
def banyan_navigation(ctx: Context) -> Sequence[NavItem]:  # type: ignore[empty-body]
    """Entries of the rail.

    :param ctx: the request. :return: entries; those without permission here are left out by the shell.
    """


@hookspec
def banyan_dashboard_cards(ctx: Context) -> Sequence[Card]:  # type: ignore[empty-body]
    """Panels of the dashboard.

    :param ctx: the request. :return: cards.
    """


@hookspec
def banyan_stats(ctx: Context, org: OrgRef, lo: str, hi: str) -> dict[str, dict[str, int]]:  # type: ignore[empty-body]
    """The module's metrics counted from source, to rebuild the rollups.

    :param org: the organisation a rebuild was asked for. :param lo: first path. :param hi: path after the last.
    :return: metric → path of organisation → number at that organisation alone.
    """


@hookspec
def banyan_me(ctx: Context, member_id: str) -> Sequence[OwnTile]:  # type: ignore[empty-body]
    """What the module has for a member on the member's own page: tiles, and what waits for the member to do.

    Asked for each of the member's organisations, of modules that are on there; members need not hold any role.

    :param ctx: the member's request, at that organisation. :param member_id: UUID of the member's record there.
    :return: tiles; one whose address does not exist costs the module its tiles, not the page.
    """


@hookspec
def banyan_search(ctx: Context, text: str, most: int) -> Iterable[tuple[str, str]]:  # type: ignore[empty-body]
    """Hits of the search box over the tree: what is found at the organisation of the request and those below it.

    It is asked while somebody types: look things up by the beginning of an indexed column, within `visible`.

    :param text: what was typed. :param most: more than so many are not shown.
    :return: label and address of each hit, the best first.
    """


@hookspec
def banyan_can_enable(ctx: Context, org: OrgRef) -> Sequence[Text]:  # type: ignore[empty-body]
    """Whether the module can be switched on; asked of the module itself before it is on.

    :param org: where. :return: all reasons against it, or nothing.
    """


@hookspec
def banyan_enabled(ctx: Context, org: OrgRef) -> None:
    """The module was switched on, in the same transaction.

    Where an upper level has laid it down as mandatory it is on without this: what it needs it makes when first used.

    :param org: where.
    """


@hookspec
def banyan_disabled(ctx: Context, org: OrgRef) -> None:
    """The module was switched off, in the same transaction; its data stays.

    :param org: where.
    """


@hookspec
def banyan_on_event(ctx: Context, name: str, event_id: str, payload: dict[str, Any]) -> None:
    """An event of the outbox, at least once; handlers are idempotent by ``event_id``.

    :param name: ``source.subject.action``. :param event_id: UUID. :param payload: the event's fields.
    """


@hookspec
def banyan_timeline(ctx: Context, person_id: str, most: int) -> Iterable[TimelineEntry]:  # type: ignore[empty-body]
    """What the module knows of a person's life, for the timeline of their file: the latest first.

    Asked when somebody who may read the file opens it; the module decides nothing about that, but tells only what
    whoever reads the file may know.

    :param person_id: UUID. :param most: more than so many are not read.
    :return: entries, each with its day.
    """


@hookspec
def banyan_member_panels(ctx: Context, member_id: str) -> Sequence[Card]:  # type: ignore[empty-body]
    """Panels of a member's page, beside the record.

    :param ctx: the request of somebody who may read the record. :param member_id: UUID of the record.
    :return: cards; their endpoints take ``member_id``, their permission is decided at the member's organisation. Up to
        four columns wide stand beside the record, wider ones below it.
    """


@hookspec
def banyan_member_actions(ctx: Context, member_id: str) -> Sequence[NavItem]:  # type: ignore[empty-body]
    """What can be done with a member, as links in the head of the member's page.

    :param ctx: the request of somebody who may read the record. :param member_id: UUID of the record.
    :return: links; their endpoints take ``member_id``, their permission is decided at the member's organisation.
    """


# ---- asked of every installed plugin, on or off


@hookspec(firstresult=True)
def banyan_health(ctx: Context) -> Health:  # type: ignore[empty-body]
    """How the module is, asked when the operator looks. No organisation's rows can be seen then.

    :param ctx: the operator's request. :return: its health.
    """


@hookspec
def banyan_export_person(ctx: Context, person_id: str) -> dict[str, Any]:  # type: ignore[empty-body]
    """Everything the module holds about a person.

    :param person_id: UUID. :return: JSON values by heading.
    """


@hookspec
def banyan_erase_person(ctx: Context, person_id: str) -> dict[str, int]:  # type: ignore[empty-body]
    """Erase a person, keeping what law demands without the person.

    :param person_id: UUID. :return: rows erased by table.
    """


@hookspec
def banyan_person_erasable(ctx: Context, person_id: str) -> Sequence[Text]:  # type: ignore[empty-body]
    """What stands in the way of erasing a person: something that is open and names the person. It sees the whole tree.

    :param person_id: UUID. :return: all reasons against it, or nothing.
    """


@hookspec
def banyan_person_kept(ctx: Context, person_id: str) -> Sequence[Text]:  # type: ignore[empty-body]
    """What stays when a person is erased, and why: votes, money, decisions. It sees the whole tree.

    Told to the person before, and kept with the request afterwards: sentences of the catalogue, without values in them.

    :param person_id: UUID. :return: sentences; nothing where the module keeps nothing of this person.
    """


@hookspec
def banyan_persons_merged(ctx: Context, kept: str, gone: str) -> None:
    """Two persons turned out to be one, in the same transaction; it sees the whole tree.

    Afterwards no row of the module names ``gone``: rows go over to ``kept``, and where there may be only one of a kind
    they are put together. Raise `Refused` where that must not be; the merge then does not happen.

    :param kept: UUID of the person that remains. :param gone: UUID of the one that is no more.
    """


@hookspec
def banyan_filter_uses(ctx: Context, filter_id: str) -> Sequence[Text]:  # type: ignore[empty-body]
    """What still uses a saved filter of members that somebody wants to delete.

    :param filter_id: UUID. :return: all reasons against it, or nothing.
    """


@hookspec
def banyan_org_moved(ctx: Context, org: OrgRef, old_path: str) -> None:
    """An organisation moved with all below it, in the same transaction.

    :param org: where it is now. :param old_path: where it was.
    """


@hookspec
def banyan_org_merging(ctx: Context, org: OrgRef, into: OrgRef) -> None:
    """An organisation is being merged into another one, in the same transaction; those below it have gone over already.

    Afterwards every row of the module that names it as its organisation names the other one. Rows of which an
    organisation has only one of a kind are to be put together here.

    :param org: which one. :param into: the one that remains.
    """


@hookspec
def banyan_org_revocable(ctx: Context, org: OrgRef) -> Sequence[Text]:  # type: ignore[empty-body]
    """What stands in the way of revoking an organisation.

    :param org: which one. :return: all reasons against it, or nothing.
    """
