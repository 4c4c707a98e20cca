"""Documents of an organisation: uploaded first, then named where they belong, such as the approval of a founding."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, union_all

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, NotFound
from banyan.kernel.files import DOCUMENT_TYPES, FileStore, Sniffed, StoredFile, keep
from banyan.kernel.i18n import lazy
from banyan.modules.access.decision import load
from banyan.modules.audit.services import Subject, record
from banyan.modules.tenancy.life_models import OrgChange, OrgRevocation
from banyan.modules.tenancy.models import Org, OrgLinkChange
from banyan.modules.tenancy.permissions import ORG_READ


def upload(ctx: Context, store: FileStore, sniffed: Sniffed) -> StoredFile:
    """Keep a checked upload for the organisation of the request."""
    row = keep(ctx, store, ctx.here, sniffed)
    ctx.session.flush()
    after = {"name": row.name, "size": row.size, "sha256": row.sha256}
    record(ctx, "tenancy.document.upload", Subject("file", str(row.id), row.name), after=after)
    return row


def download(ctx: Context, file_id: UUID) -> StoredFile:
    """A document for whoever may read the organisation it belongs to.

    Files that are no organisation's document (results of exports, say) are none of this door's business.

    :raises NotFound: as everywhere.
    """
    row = load(ctx, ORG_READ.name, StoredFile, file_id)
    named = _named(ctx, row.id)
    own = ctx.actor.account_id is not None and row.created_by == ctx.actor.account_id
    if not named and not (own and row.extension in DOCUMENT_TYPES):
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    return row


def take(ctx: Context, file_id: UUID, org: Org, field: str = "approval_document") -> UUID:
    """Make a document that the actor has uploaded at the organisation of the request that of the new ``org``.

    :param field: what names it in the request.
    :raises Invalid: it is unknown, somebody else's, of the wrong kind or in use.
    """
    row = ctx.session.get(StoredFile, file_id, with_for_update=True)
    usable = (
        row is not None
        and row.org_path.startswith(ctx.here.path)
        and row.created_by is not None
        and row.created_by == ctx.actor.account_id
        and row.extension in DOCUMENT_TYPES
        and not _named(ctx, row.id)
    )
    if row is None or not usable:
        raise Invalid({field: [lazy("There is no such document of yours.")]})
    row.org_id, row.org_path = org.id, org.path
    ctx.session.flush()
    return row.id


def _named(ctx: Context, file_id: UUID) -> bool:
    """Whether a file is a document of an organisation: of its founding, of a change in its life, of its link."""
    named = union_all(
        select(Org.id).where(Org.approval_document == file_id),
        select(OrgChange.id).where(OrgChange.document == file_id),
        select(OrgRevocation.id).where(OrgRevocation.document == file_id),
        select(OrgLinkChange.id).where(OrgLinkChange.document == file_id),
    )
    return ctx.session.execute(named.limit(1)).first() is not None
