"""Processors, impact assessments and breaches: what the law wants on record (PPL-10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Invalid, NotFound, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.files import FileStore, Sniffed, StoredFile, keep
from banyan.kernel.i18n import lazy
from banyan.modules.access.decision import load, require
from banyan.modules.audit.services import Subject, changes, record
from banyan.modules.privacy.events import BreachEntered
from banyan.modules.privacy.permissions import REGISTER_READ, REGISTER_UPDATE
from banyan.modules.privacy.register_models import Breach, RegisterEntry
from banyan.modules.privacy.rules import REGISTERS, YEARS_KEPT, due, years_later

KEYS = ("title", "party", "purpose", "categories", "measures", "since", "until")
BREACH = ("title", "what", "categories", "people", "cause", "harm", "measures", "authority", "tell_people", "found_at")
PROGRESS = ("authority_told_at", "people_told_at", "closed_at")
STALE = lazy("Somebody else changed this meanwhile. Load the page again and repeat your change.")


def entry(ctx: Context, entry_id: UUID, permission: str = REGISTER_READ.name) -> RegisterEntry:
    """An entry within reach."""
    return load(ctx, permission, RegisterEntry, entry_id)


def enter(ctx: Context, data: Mapping[str, Any], document: Sniffed | None, store: FileStore) -> RegisterEntry:
    """Enter a processor or an assessment.

    :param data: ``kind`` and any of `KEYS`. :raises Invalid: with every reason.
    """
    require(ctx, REGISTER_UPDATE.name, ctx.here)
    _check(data)
    kept = keep(ctx, store, ctx.here, document) if document is not None else None
    ctx.session.flush()
    made = RegisterEntry(
        org_id=ctx.here.id,
        org_path=ctx.here.path,
        kind=data["kind"],
        **{key: data[key] for key in KEYS},
        keep_until=years_later(data["until"] or data["since"], YEARS_KEPT),
        document=kept.id if kept is not None else None,
        created_by=ctx.actor.account_id,
        created_at=ctx.clock.now(),
    )
    ctx.session.add(made)
    ctx.session.flush()
    record(ctx, "privacy.register.create", _named(made), after={"register": made.kind, **_values(made, KEYS)})
    return made


def edit(ctx: Context, entry_id: UUID, data: Mapping[str, Any]) -> RegisterEntry:
    """Edit an entry.

    :raises Invalid: with every reason. :raises Conflict: edited since it was read.
    """
    found = entry(ctx, entry_id, REGISTER_UPDATE.name)
    _hold(ctx, found, data["version"])
    _check(data)
    before = _values(found, KEYS)
    for key in KEYS:
        setattr(found, key, data[key])
    found.keep_until = max(found.keep_until, years_later(found.until or found.since, YEARS_KEPT))
    ctx.session.flush()
    old, new = changes(before, _values(found, KEYS))
    if new:
        record(ctx, "privacy.register.update", _named(found), org=found.org, before=old, after=new)
    return found


def remove(ctx: Context, entry_id: UUID, version: int) -> None:
    """Delete an entry whose time to be kept is over.

    :raises Refused: it has to be kept.
    """
    found = entry(ctx, entry_id, REGISTER_UPDATE.name)
    _hold(ctx, found, version)
    if today(ctx.clock) <= found.keep_until:
        raise Refused(lazy("This is kept until %(day)s at least.", day=found.keep_until.isoformat()))
    record(ctx, "privacy.register.delete", _named(found), org=found.org, before=_values(found, KEYS))
    ctx.session.delete(found)
    ctx.session.flush()


def document(ctx: Context, entry_id: UUID) -> StoredFile:
    """The document of an entry. :raises NotFound: there is none."""
    found = entry(ctx, entry_id)
    row = ctx.session.get(StoredFile, found.document) if found.document is not None else None
    if row is None:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    record(ctx, "privacy.register.download", _named(found), org=found.org, after={"file": row.name})
    return row


def breach(ctx: Context, breach_id: UUID, permission: str = REGISTER_READ.name) -> Breach:
    """A breach within reach."""
    return load(ctx, permission, Breach, breach_id)


def report(ctx: Context, data: Mapping[str, Any]) -> Breach:
    """Enter a breach; the authority has to be told within three days of its discovery.

    :param data: of `BREACH`. :raises Invalid: it was found in the future.
    """
    require(ctx, REGISTER_UPDATE.name, ctx.here)
    if data["found_at"] > ctx.clock.now():
        raise Invalid({"found_at": [lazy("This date lies in the future.")]})
    made = Breach(
        org_id=ctx.here.id,
        org_path=ctx.here.path,
        **{key: data[key] for key in BREACH},
        due_at=due(data["found_at"]),
        created_by=ctx.actor.account_id,
        created_at=ctx.clock.now(),
    )
    ctx.session.add(made)
    ctx.session.flush()
    record(ctx, "privacy.breach.create", _named(made), after=_values(made, BREACH))
    publish(ctx, ctx.here, BreachEntered(str(made.id), made.due_at.isoformat(), made.tell_people))
    return made


def follow(ctx: Context, breach_id: UUID, data: Mapping[str, Any]) -> Breach:
    """Note what was done about a breach: measures, whom it was told, that it is closed.

    :raises Invalid: closed before those were told who have to be. :raises Conflict: edited since it was read.
    """
    found = breach(ctx, breach_id, REGISTER_UPDATE.name)
    _hold(ctx, found, data["version"])
    keys = ("cause", "harm", "measures", *PROGRESS)
    before = _values(found, keys)
    for key in keys:
        setattr(found, key, data[key])
    wrong = _against_closing(found)
    if wrong:
        raise Invalid({"closed_at": wrong})
    ctx.session.flush()
    old, new = changes(before, _values(found, keys))
    if new:
        record(ctx, "privacy.breach.update", _named(found), org=found.org, before=old, after=new)
    return found


def _against_closing(found: Breach) -> list[Text]:
    reasons: list[Text] = []
    if found.closed_at is not None and found.authority_told_at is None:
        reasons.append(lazy("The authority has not been told yet."))
    if found.closed_at is not None and found.tell_people and found.people_told_at is None:
        reasons.append(lazy("Those concerned have not been told yet."))
    return reasons


def _check(data: Mapping[str, Any]) -> None:
    wrong: dict[str, list[Text]] = {}
    if "kind" in data and data["kind"] not in REGISTERS:
        wrong["kind"] = [lazy("Choose one of the listed values.")]
    if data["until"] is not None and data["until"] < data["since"]:
        wrong["until"] = [lazy("This lies before the first day.")]
    if wrong:
        raise Invalid(wrong)


def _hold(ctx: Context, found: RegisterEntry | Breach, version: int) -> None:
    ctx.session.refresh(found, with_for_update=True)
    if found.version != version:
        raise Conflict(STALE)


def _values(found: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: getattr(found, key) for key in keys}


def _named(found: RegisterEntry | Breach) -> Subject:
    return Subject("breach" if isinstance(found, Breach) else "privacy_register", str(found.id), found.title)
