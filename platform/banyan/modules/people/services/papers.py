"""Papers of posts and entries: through the kernel's file port, for those who may read the file they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, union_all

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, NotFound
from banyan.kernel.files import DOCUMENT_TYPES, FileStore, Sniffed, StoredFile, keep
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.audit.services import Subject, record
from banyan.modules.people.file_models import FileEntry, Post


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
    if found is None or not own or found.extension not in DOCUMENT_TYPES or _used(ctx, found.id):
        raise Invalid({"document": [lazy("There is no such document of yours.")]})
    found.org_id, found.org_path = org.id, org.path
    ctx.session.flush()
    return found.id


def _used(ctx: Context, file_id: UUID) -> bool:
    named = union_all(
        select(Post.id).where(Post.document == file_id), select(FileEntry.id).where(FileEntry.document == file_id)
    )
    return ctx.session.execute(named.limit(1)).first() is not None


def fetch(ctx: Context, owner: Post | FileEntry, subject: Subject) -> StoredFile:
    """The document of a post or an entry, which the caller has loaded; fetching it is written down.

    :raises NotFound: it has none.
    """
    row = ctx.session.get(StoredFile, owner.document) if owner.document is not None else None
    if row is None:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    record(ctx, "people.document.download", subject, org=owner.org, after={"file": row.name})
    return row
