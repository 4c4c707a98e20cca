"""Create and edit organisations below (ORG-01, ORG-03)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from banyan.kernel import treepath
from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.counting import count
from banyan.kernel.errors import Conflict, Invalid, NotFound, Text
from banyan.kernel.events import publish
from banyan.kernel.files import FileStore, Sniffed, keep
from banyan.kernel.i18n import lazy
from banyan.kernel.pinyin import sort_name, tokens
from banyan.modules.access.decision import require
from banyan.modules.audit.services import Subject, changes, record
from banyan.modules.tenancy import life_rules, rules
from banyan.modules.tenancy.events import OrgChanged, OrgCreated
from banyan.modules.tenancy.life_models import OrgChange
from banyan.modules.tenancy.models import Level, Org, OrgToken, OrgType
from banyan.modules.tenancy.permissions import ORG_CREATE, ORG_UPDATE
from banyan.modules.tenancy.services import documents
from banyan.modules.tenancy.services.linking import link_problems, territorial
from banyan.modules.tenancy.stats import own_metrics

NAMES = ("name", "short_name")
APPROVAL = ("approved_on", "approval_number")
EDITABLE = ("name", "short_name", "founded_on", "person_in_charge", "phone", "division_code")


REVOKED: Text = lazy("This organisation has been revoked.")


def among(codes: Sequence[str]) -> ColumnElement[Any]:
    """``column == among(codes)``: one value for the database however many there are, where IN would be thousands."""
    return any_(literal(list(codes), ARRAY(Org.code.type)))


def subject(org: Org) -> Subject:
    """An organisation as the audit log names it."""
    return Subject("org", str(org.id), org.name)


def find(ctx: Context, permission: str, code: str) -> Org:
    """The organisation called ``code``, after deciding there; out of reach is the same as unknown."""
    org = ctx.session.scalar(select(Org).where(Org.code == code))
    if org is None:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    require(ctx, permission, org.ref)
    return org


def here(ctx: Context) -> Org:
    """The organisation of the request."""
    return ctx.session.get_one(Org, ctx.here.id)


def create(
    ctx: Context, data: Mapping[str, Any], *, document: Sniffed | None = None, store: FileStore | None = None
) -> Org:
    """Create an organisation below ``data["parent"]``, any that a grant covers.

    :param data: of `OrgCreate`. :param document: the approval document, checked but not yet kept, with its store.
    :raises Invalid: with every reason. :raises NotFound: the parent is out of reach.
    """
    parent = _parent(ctx, data["parent"])
    _check(ctx, data, parent)
    if document is None and data.get("approval_document") is None:
        raise Invalid({"approval_document": [lazy("The approval document is missing.")]})
    org = place_below(ctx, parent.id, data)
    for key in APPROVAL:
        setattr(org, key, data[key])
    org.entry_days = life_rules.days_until_entry(data["approved_on"], today(ctx.clock))
    if document is not None and store is not None:
        org.approval_document = _kept(ctx, store, org, document)
    else:
        org.approval_document = documents.take(ctx, data["approval_document"], org)
    ctx.session.flush()
    tell_created(ctx, org)
    return org


def place_below(ctx: Context, parent_id: UUID, data: Mapping[str, Any]) -> Org:
    """Give a new organisation its place below a parent, which is held until the transaction ends.

    :param data: ``code``, ``level``, ``type`` and all of `EDITABLE`, checked.
    :raises Invalid: the parent was revoked meanwhile.
    """
    parent = locked(ctx, parent_id)
    if parent.status != "active":
        raise Invalid({"parent": [REVOKED]})
    parent.last_ordinal += 1
    now = ctx.clock.now()
    org = Org(
        parent_id=parent.id,
        path=treepath.child(parent.path, parent.last_ordinal),
        depth=parent.depth + 1,
        ordinal=parent.last_ordinal,
        code=data["code"],
        level=data["level"],
        type=data["type"],
        link=data["link"],
        sort_name=sort_name(data["name"]),
        created_at=now,
        created_by=ctx.actor.account_id,
        updated_at=now,
        **{key: data[key] for key in EDITABLE},
    )
    ctx.session.add(org)
    ctx.session.flush()
    _index(ctx, org)
    return org


def count_org(ctx: Context, org: Org, n: int = 1) -> None:
    """Count an organisation that became active, or with -1 one that ceased to be."""
    for metric in own_metrics(org):
        count(ctx.session, org.ref, metric, n)


def tell_created(ctx: Context, org: Org) -> None:
    """Count a new organisation, write it down and tell others."""
    count_org(ctx, org)
    record(ctx, "tenancy.org.create", subject(org), org=org.ref, after=snapshot(org))
    publish(ctx, org.ref, OrgCreated(str(org.id), org.code))


def update(ctx: Context, org: Org, data: Mapping[str, Any]) -> Org:
    """Edit details of ``org``.

    :param data: of `OrgUpdate`. :raises Conflict: somebody edited it since ``data["version"]`` was read.
    """
    require(ctx, ORG_UPDATE.name, org.ref)
    if org.version != data["version"]:
        raise Conflict(lazy("Somebody else changed this meanwhile. Load the page again and repeat your change."))
    _check_edit(ctx, org, data)
    before = snapshot(org)
    for key in EDITABLE:
        if key not in NAMES:
            setattr(org, key, data[key])
    give_name(ctx, org, data["name"], data["short_name"])
    old, new = changes(before, snapshot(org))
    if not new:
        return org
    org.updated_at = ctx.clock.now()
    ctx.session.flush()
    correct = {key: value for key, value in new.items() if key in NAMES}
    if correct:
        keep_correction(ctx, org, {key: old[key] for key in correct}, correct)
    record(ctx, "tenancy.org.update", subject(org), org=org.ref, before=old, after=new)
    publish(ctx, org.ref, OrgChanged(str(org.id), tuple(new)))
    return org


def give_name(ctx: Context, org: Org, name: str, short_name: str) -> None:
    """Call ``org`` otherwise; lists and the search know it from now on."""
    old_name = org.name
    org.name, org.short_name = name, short_name
    if name != old_name:
        org.sort_name, org.updated_at = sort_name(name), ctx.clock.now()
        _reindex(ctx, org, old_name)


def keep_correction(ctx: Context, org: Org, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """A name that was mended without a decision is part of the organisation's history, too."""
    ctx.session.add(
        OrgChange(
            org_id=org.id,
            kind="rename",
            before=dict(before),
            after=dict(after),
            account_id=ctx.actor.account_id,
            account_name=ctx.actor.name,
            at=ctx.clock.now(),
        )
    )


def snapshot(org: Org) -> dict[str, Any]:
    """The values of an organisation that its history shows."""
    keys = ("code", "level", "type", "link", *EDITABLE, *APPROVAL, "status", "approval_document")
    return {key: getattr(org, key) for key in keys}


def parent_of(ctx: Context, org: Org) -> Org | None:
    """The organisation above; its name is for everybody below it."""
    return ctx.session.get(Org, org.parent_id) if org.parent_id else None


def _parent(ctx: Context, code: str) -> Org:
    try:
        return find(ctx, ORG_CREATE.name, code)
    except NotFound as error:
        raise Invalid({"parent": [lazy("There is no such organisation within your reach.")]}) from error


def _check(ctx: Context, data: Mapping[str, Any], parent: Org) -> None:
    problems = dict(placing_problems(ctx, data["level"], data["type"], parent))
    problems |= link_problems(ctx, data["link"], data["type"], data["name"], parent)
    problems |= life_rules.date_problems(data.get("founded_on"), data.get("approved_on"), today(ctx.clock))
    if ctx.session.scalar(select(Org.id).where(Org.code == data["code"])) is not None:
        problems["code"] = [lazy("This code is already taken.")]
    if parent.status != "active":
        problems["parent"] = [REVOKED]
    if problems:
        raise Invalid(problems)


def _check_edit(ctx: Context, org: Org, data: Mapping[str, Any]) -> None:
    problems: dict[str, list[Text]] = {}
    if rules.in_future(data.get("founded_on"), today(ctx.clock)):
        problems["founded_on"] = [lazy("This date lies in the future.")]
    parent = parent_of(ctx, org)
    if parent is not None and data["name"] != org.name and (named := territorial(ctx, org.link, data["name"], parent)):
        problems["name"] = named
    if problems:
        raise Invalid(problems)


@dataclass(frozen=True, slots=True)
class Placing:
    """What levels and types there are, for `rules.misplaced` and `links.problems`."""

    ranks: Mapping[str, int]
    kinds: Mapping[str, rules.Kind]
    links: Mapping[str, Sequence[str]]


def placing(ctx: Context) -> Placing:
    """Levels and types of the manifest."""
    ranks = dict(ctx.session.execute(select(Level.key, Level.rank)).all())
    rows = ctx.session.execute(select(OrgType.key, OrgType.parents, OrgType.root, OrgType.links)).all()
    kinds = {key: rules.Kind(key, tuple(parents), root) for key, parents, root, _links in rows}
    return Placing(ranks, kinds, {key: links for key, _parents, _root, links in rows})


def placing_problems(ctx: Context, level: str, kind: str, parent: Org) -> dict[str, list[Text]]:
    """Why this level and type may not stand below ``parent``."""
    places = placing(ctx)
    return rules.misplaced(level, kind, parent.level, parent.type, places.ranks, places.kinds)


def locked(ctx: Context, identity: UUID) -> Org:
    """The parent under a row lock: two children created at once get two ordinals."""
    statement = select(Org).where(Org.id == identity).with_for_update().execution_options(populate_existing=True)
    return ctx.session.scalars(statement).one()


def _index(ctx: Context, org: Org) -> None:
    ctx.session.add_all(OrgToken(token=token, org_path=org.path, org_id=org.id) for token in tokens(org.name))


def _reindex(ctx: Context, org: Org, old_name: str) -> None:
    old, new = tokens(old_name), tokens(org.name)
    for token in old - new:
        row = ctx.session.get(OrgToken, (token, org.path, org.id))
        if row is not None:
            ctx.session.delete(row)
    ctx.session.add_all(OrgToken(token=token, org_path=org.path, org_id=org.id) for token in new - old)


def _kept(ctx: Context, store: FileStore, org: Org, document: Sniffed) -> UUID:
    row = keep(ctx, store, org.ref, document)
    ctx.session.flush()
    return row.id
