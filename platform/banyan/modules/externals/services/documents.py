"""Documents of filings and replies: through the kernel's file port, for those who may read the filing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, NotFound
from banyan.kernel.files import DOCUMENT_TYPES, FileStore, Sniffed, StoredFile, keep
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import load
from banyan.modules.audit.services import Subject, record
from banyan.modules.externals.models import ExternalFiling, ExternalReply
from banyan.modules.externals.permissions import FILING_READ


@dataclass(frozen=True, slots=True)
class Upload:
    """A document on its way in: checked, but not yet kept, with its store."""

    document: Sniffed
    store: FileStore


def kept(ctx: Context, org: OrgRef, data: Mapping[str, Any], upload: Upload | None) -> UUID | None:
    """The id of the document that belongs to ``org``: one uploaded with a form, or named by its id.

    :raises Invalid: the id is unknown, somebody else's, of the wrong kind or in use.
    """
    if upload is not None:
        row = keep(ctx, upload.store, org, upload.document)
        ctx.session.flush()
        return row.id
    if data.get("document") is None:
        return None
    found = ctx.session.get(StoredFile, data["document"], with_for_update=True)
    own = found is not None and found.created_by is not None and found.created_by == ctx.actor.account_id
    if found is None or not own or found.org_id != org.id or found.extension not in DOCUMENT_TYPES or _used(ctx, found):
        raise Invalid({"document": [lazy("There is no such document of yours.")]})
    return found.id


def _used(ctx: Context, row: StoredFile) -> bool:
    filed = select(ExternalFiling.id).where(ExternalFiling.document == row.id)
    replied = select(ExternalReply.id).where(ExternalReply.document == row.id)
    return ctx.session.scalar(filed.union_all(replied).limit(1)) is not None


def download(ctx: Context, filing_id: UUID, file_id: UUID) -> StoredFile:
    """A document of a filing or of its reply, for whoever may read the filing.

    :raises NotFound: as everywhere; other files are none of this door's business.
    """
    filing = load(ctx, FILING_READ.name, ExternalFiling, filing_id)
    named = ctx.session.scalar(
        select(ExternalFiling.id)
        .outerjoin(ExternalReply, ExternalReply.filing_id == ExternalFiling.id)
        .where(
            ExternalFiling.id == filing.id,
            or_(ExternalFiling.document == file_id, ExternalReply.document == file_id),
        )
    )
    row = ctx.session.get(StoredFile, file_id) if named is not None else None
    if row is None:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    subject = Subject("external_filing", str(filing.id), filing.subject)
    record(ctx, "externals.document.download", subject, org=filing.org, after={"file": row.name})
    return row
