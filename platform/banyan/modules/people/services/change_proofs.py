"""Files with which members show that what they ask for is so."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid
from banyan.kernel.files import DOCUMENT_TYPES, FileStore, Sniffed, StoredFile, keep
from banyan.kernel.i18n import lazy
from banyan.modules.people.change_models import MemberChange
from banyan.modules.people.models import Member


def keep_proof(ctx: Context, member: Member, store: FileStore, sniffed: Sniffed) -> StoredFile:
    """Keep a checked upload with the organisation of one's own record."""
    row = keep(ctx, store, member.org, sniffed)
    ctx.session.flush()
    return row


def own_proof(ctx: Context, member: Member, file_id: UUID) -> StoredFile:
    """A file that the member uploaded before and that proves nothing yet.

    :raises Invalid: there is none of theirs.
    """
    row = ctx.session.get(StoredFile, file_id)
    mine = row is not None and row.created_by is not None and row.created_by == ctx.actor.account_id
    used = select(MemberChange.id).where(MemberChange.proof_id == file_id).limit(1)
    if (
        row is None
        or not mine
        or row.org_id != member.org_id
        or row.extension not in DOCUMENT_TYPES
        or ctx.session.scalar(used) is not None
    ):
        raise Invalid({"proof": [lazy("There is no such document of yours.")]})
    return row
