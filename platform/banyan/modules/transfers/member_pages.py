"""What the page of a member shows of transfers."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from banyan.kernel.access_marks import permission
from banyan.kernel.runtime import current
from banyan.modules.people.services import members
from banyan.modules.transfers.forms import words
from banyan.modules.transfers.models import Transfer
from banyan.modules.transfers.permissions import READ
from banyan.modules.transfers.services.reading import seen

MOST = 10


def add_member_pages(pages: Blueprint) -> None:
    """Add the fragment to the module's blueprint."""
    pages.add_url_rule("/orgs/<code>/transfers/of/<uuid:member_id>", "of_member", of_member, methods=["GET"])


@permission(READ.name)
def of_member(member_id: UUID) -> ResponseReturnValue:
    """The transfers of a member, the latest first."""
    ctx = current()
    member = members.find(ctx, member_id)
    statement = select(Transfer).where(Transfer.member_id == member.id, seen(ctx)).order_by(Transfer.id.desc())
    return render_template(
        "transfers/_of_member.html", transfers=ctx.session.scalars(statement.limit(MOST)).all(), **words()
    )
