"""Sound the alarm: a banner for everybody at once, a notice in every inbox, e-mail and SMS before all else (NOT-02)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, NotFound
from banyan.kernel.i18n import LANGUAGES, lazy
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import require
from banyan.modules.notices.models import Notice
from banyan.modules.notices.permissions import EMERGENCY
from banyan.modules.notices.services import publishing, recipients
from banyan.modules.operators.models import ServiceWindow
from banyan.modules.operators.services import windows
from banyan.modules.tenancy.models import Org

ACTION = "notices.emergency.announce"


def sound(ctx: Context, data: Mapping[str, Any]) -> ServiceWindow:
    """Tell an organisation and everybody below it, whatever the links between, at once and by every channel.

    The caller has had the actor confirm it. :param data: of `EmergencyWrite`.
    """
    require(ctx, EMERGENCY.name, ctx.here)
    return _tell(ctx, data, [ctx.here], ctx.here)


def sound_everywhere(ctx: Context, data: Mapping[str, Any]) -> ServiceWindow:
    """Tell the whole installation, or one organisation and all below it, as the one who runs it.

    ``ctx`` sees everything, for that reason. :raises Invalid: there is no such organisation.
    """
    if not ctx.actor.operator:
        raise NotFound(windows.NOTHING)
    if data["code"]:
        row = ctx.session.scalar(select(Org).where(Org.code == data["code"], Org.status == "active"))
        if row is None:
            raise Invalid({"code": [lazy("There is no such organisation.")]})
        return _tell(ctx, data, [row.ref], row.ref)
    roots = [
        root.ref for root in ctx.session.scalars(select(Org).where(Org.parent_id.is_(None), Org.status == "active"))
    ]
    return _tell(ctx, data, roots, None)


def _tell(ctx: Context, data: Mapping[str, Any], tops: list[OrgRef], place: OrgRef | None) -> ServiceWindow:
    """One banner, and one notice for each tree: rows never cross a root."""
    window = windows.alarm(ctx, data["effects"], data["until"], place, ACTION)
    for org in tops:
        notice = Notice(
            org_id=org.id,
            org_path=org.path,
            origin="emergency",
            importance="urgent",
            title=data["title"],
            body=data["effects"][LANGUAGES[0]],
            confirm=data["confirm"],
            channels=["email", "sms", "webhook"],
            audiences=[recipients.everybody(org)],
            valid_until=data["until"],
            order_at=ctx.clock.now(),
            created_by=ctx.actor.account_id,
            created_at=ctx.clock.now(),
        )
        ctx.session.add(notice)
        ctx.session.flush()
        publishing.now_published(ctx.at(org), notice)
    return window
