"""Decide the kind of an organisation's link to its parent; what follows is shown before (ORG-12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Invalid, NotFound, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.files import FileStore, Sniffed, keep
from banyan.kernel.i18n import lazy
from banyan.modules.access.decision import may, require
from banyan.modules.access.services.above import Above, held_above
from banyan.modules.audit.services import record
from banyan.modules.tenancy import links, rules
from banyan.modules.tenancy.events import LinkChanged
from banyan.modules.tenancy.models import Org, OrgLinkChange, OrgType
from banyan.modules.tenancy.permissions import LINK_UPDATE
from banyan.modules.tenancy.services import documents, organisations
from banyan.modules.tenancy.services.linking import territorial
from banyan.plugins import manager
from banyan.plugins.enablement import enabled_modules

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """A kind the link could have.

    :ivar reasons: why it may not. :ivar ends: rights from above would end here. :ivar begins: they would begin again.
    :ivar modules_on: labels of modules that would go on here. :ivar modules_off: and off.
    """

    link: str
    reasons: tuple[Text, ...]
    ends: bool
    begins: bool
    modules_on: tuple[Text, ...]
    modules_off: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What each kind would do.

    :ivar above: who holds grants above that reach here, or would.
    """

    org: Org
    parent: Org
    choices: tuple[Choice, ...]
    above: Above


def may_decide(ctx: Context, org: Org) -> bool:
    """Whether the actor has authority on both sides of the link, for buttons."""
    parent = organisations.parent_of(ctx, org)
    both = parent is not None and may(ctx, LINK_UPDATE.name, org.ref) and may(ctx, LINK_UPDATE.name, parent.ref)
    return both and org.status == "active"


def preview(ctx: Context) -> Preview:
    """What each kind of link would do at the organisation of the request.

    :raises NotFound: it has no parent. :raises Refused: the actor has no authority on the upper side.
    """
    org, parent = _both_sides(ctx, organisations.here(ctx))
    choices = tuple(_choice(ctx, org, parent, link) for link in links.LINKS)
    return Preview(org, parent, choices, held_above(ctx, org.ref))


def _both_sides(ctx: Context, org: Org) -> tuple[Org, Org]:
    require(ctx, LINK_UPDATE.name, org.ref)
    parent = organisations.parent_of(ctx, org)
    if parent is None:
        raise NotFound(lazy("An organisation without parent has no link to one."))
    if not may(ctx, LINK_UPDATE.name, parent.ref):
        reason = lazy("Both sides have to agree: you have no authority at %(name)s.", name=parent.name)
        raise Refused(reason)
    return org, parent


def _choice(ctx: Context, org: Org, parent: Org, link: str) -> Choice:
    guidance = ctx.actor.policy.guidance
    edges = {True: org.path, False: guidance.edge(parent.path) if guidance is not None else ""}
    before, after = org.link == "guidance", link == "guidance"
    on, off = frozenset[str](), frozenset[str]()
    if before != after:
        plugins = manager.current()
        now = enabled_modules(ctx.session, plugins, org.ref, edge=edges[before])
        then = enabled_modules(ctx.session, plugins, org.ref, edge=edges[after])
        on, off = then - now, now - then
    reasons = () if link == org.link else tuple(_against(ctx, org, parent, link))
    return Choice(link, reasons, after and not before, before and not after, _labels(on), _labels(off))


def _labels(names: frozenset[str]) -> tuple[Text, ...]:
    return tuple(manager.current().manifests[name].label for name in sorted(names))


def _against(ctx: Context, org: Org, parent: Org, link: str) -> list[Text]:
    allowed = ctx.session.get_one(OrgType, org.type).links
    below = ctx.session.scalars(select(Org.link).where(Org.parent_id == org.id, Org.status == "active").distinct())
    return [
        *links.problems(link, allowed, parent.link, below.all()),
        *territorial(ctx, link, org.name, parent),
    ]


def decide_link(
    ctx: Context, data: Mapping[str, Any], *, document: Sniffed | None = None, store: FileStore | None = None
) -> Org:
    """Give the link of the organisation of the request another kind, by a decision of both sides.

    From the next request on rights from above end here, or reach again.

    :param data: of `LinkDecide`. :param document: the decision, checked but not yet kept, with its store.
    :raises Refused: with every reason, the lack of authority on one side among them.
    :raises Conflict: somebody changed the organisation since ``data["version"]`` was read.
    """
    org, parent = _both_sides(ctx, organisations.here(ctx))
    for identity in sorted((org, parent), key=lambda one: one.path):
        ctx.session.refresh(identity, with_for_update=True)
    _check(ctx, org, parent, data)
    before = org.link
    org.link, org.updated_at = data["link"], ctx.clock.now()
    ctx.session.flush()
    change = OrgLinkChange(
        org_id=org.id,
        org_path=org.path,
        before=before,
        after=org.link,
        decided_on=data["decided_on"],
        document=_document(ctx, org, data, document, store),
        changed_by=ctx.actor.account_id,
        changed_at=ctx.clock.now(),
    )
    ctx.session.add(change)
    ctx.session.flush()
    after = {"link": org.link, "decided_on": change.decided_on, "document": change.document}
    record(ctx, "tenancy.link.decide", organisations.subject(org), org=org.ref, before={"link": before}, after=after)
    publish(ctx, org.ref, LinkChanged(str(org.id), before, org.link))
    return org


def _check(ctx: Context, org: Org, parent: Org, data: Mapping[str, Any]) -> None:
    if org.version != data["version"]:
        raise Conflict(lazy("Somebody else changed this meanwhile. Load the page again and repeat your change."))
    if rules.in_future(data["decided_on"], today(ctx.clock)):
        raise Invalid({"decided_on": [lazy("This date lies in the future.")]})
    if org.status != "active":
        raise Refused(lazy("This organisation has been revoked."))
    if data["link"] == org.link:
        raise Refused(lazy("The link is of this kind already."))
    if reasons := _against(ctx, org, parent, data["link"]):
        raise Refused(*reasons)


def _document(
    ctx: Context, org: Org, data: Mapping[str, Any], document: Sniffed | None, store: FileStore | None
) -> UUID | None:
    if document is not None and store is not None:
        row = keep(ctx, store, org.ref, document)
        ctx.session.flush()
        return row.id
    if data.get("document") is not None:
        return documents.take(ctx, data["document"], org, "document")
    return None


def decisions(ctx: Context, org: Org) -> Sequence[OrgLinkChange]:
    """What was decided about the link of ``org``, newest first."""
    return ctx.session.scalars(
        select(OrgLinkChange)
        .where(OrgLinkChange.org_id == org.id)
        .order_by(OrgLinkChange.changed_at.desc(), OrgLinkChange.id.desc())
        .limit(SHOWN)
    ).all()
