"""What a member asked for ends with the membership; what took effect is checked by whoever has the record then."""

from __future__ import annotations

from datetime import date

from flask_babel import force_locale
from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.i18n import DEFAULT_LANGUAGE, lazy, translate
from banyan.modules.approvals import services as approvals
from banyan.modules.people.change_models import MemberChange
from banyan.modules.people.models import Member
from banyan.modules.people.rules import changes as rules
from banyan.modules.people.services.leaving import LEFT
from banyan.modules.people.services.moving import MOVED


def end_open(ctx: Context, member: Member, _on: date) -> None:
    """Take back, for the member, what the former organisation has not answered; the member may ask again."""
    waiting = select(MemberChange.request_id).where(
        MemberChange.member_id == member.id, MemberChange.state == rules.WAITING
    )
    with force_locale(DEFAULT_LANGUAGE):
        note = translate(lazy("The membership there has ended. What still needs changing can be asked for anew."))
    for request_id in sorted({found for found in ctx.session.scalars(waiting) if found is not None}):
        approvals.withdraw(ctx, request_id, note=note, vouched=True)


MOVED.append(end_open)
LEFT.append(end_open)
