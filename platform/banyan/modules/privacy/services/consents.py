"""What members took note of and agreed to, when, and that they withdrew it (PPL-10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import NotFound, Refused
from banyan.kernel.i18n import lazy
from banyan.modules.audit.services import record
from banyan.modules.people.models import Member
from banyan.modules.people.services.changing import subject
from banyan.modules.privacy.notice_models import Consent, PrivacyNotice
from banyan.modules.privacy.services import notices

NOTICE, SENSITIVE = "notice", "sensitive"
KINDS = (NOTICE, SENSITIVE)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a member's consents stand. :ivar notice: what holds at the member's organisation; None: nothing yet.

    :ivar noted: the member took note of this version. :ivar sensitive: agreed to the processing of sensitive data.
    """

    notice: PrivacyNotice | None
    noted: Consent | None
    sensitive: Consent | None

    @property
    def waiting(self) -> bool:
        """Whether the member has to take note of a version."""
        return self.notice is not None and self.noted is None


def standing(ctx: Context, member: Member) -> Standing:
    """How a member's consents stand. :param ctx: of the member, or of somebody who may read the record."""
    notice = notices.holding(ctx, member.org)
    given = [one for one in of_member(ctx, member.id) if one.withdrawn_at is None]
    noted = next((one for one in given if notice and one.kind == NOTICE and one.notice_id == notice.id), None)
    return Standing(notice, noted, next((one for one in given if one.kind == SENSITIVE), None))


def of_member(ctx: Context, member_id: UUID) -> Sequence[Consent]:
    """Every consent of a member, withdrawn ones among them; newest first."""
    statement = (
        select(Consent).where(Consent.member_id == member_id).order_by(Consent.given_at.desc(), Consent.id.desc())
    )
    return ctx.session.scalars(statement).all()


def give(ctx: Context, member: Member, kind: str) -> Consent:
    """Take note of the notice that holds, or agree to the processing of sensitive data it tells of.

    :param ctx: of the member, inside the member's organisation. :raises NotFound: there is no notice.
    :raises Refused: that was given already.
    """
    now = standing(ctx, member)
    if now.notice is None or kind not in KINDS:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    if (now.noted if kind == NOTICE else now.sensitive) is not None:
        raise Refused(lazy("You have agreed to this already."))
    consent = Consent(
        org_id=member.org_id,
        org_path=member.org_path,
        kind=kind,
        member_id=member.id,
        person_id=member.person_id,
        notice_id=now.notice.id,
        number=now.notice.number,
        given_at=ctx.clock.now(),
    )
    ctx.session.add(consent)
    ctx.session.flush()
    told = {"consent": kind, "notice_number": now.notice.number}
    record(ctx, "privacy.consent.give", subject(member), org=member.org, after=told)
    return consent


def withdraw(ctx: Context, member: Member) -> Consent:
    """Withdraw the consent to the processing of sensitive data; what was done until now stays lawful.

    :raises Refused: there is none.
    """
    consent = standing(ctx, member).sensitive
    if consent is None:
        raise Refused(lazy("There is no consent that could be withdrawn."))
    consent.withdrawn_at = ctx.clock.now()
    ctx.session.flush()
    record(ctx, "privacy.consent.withdraw", subject(member), org=member.org, before={"consent": SENSITIVE})
    return consent


def withdrawn_ids(ctx: Context) -> frozenset[UUID]:
    """Records whose members have withdrawn the consent to sensitive data: few, among all that the session sees."""
    again = Consent.__table__.alias("again")
    given = again.select().where(
        again.c.member_id == Consent.member_id, again.c.kind == SENSITIVE, again.c.withdrawn_at.is_(None)
    )
    gone = select(Consent.member_id).where(
        Consent.kind == SENSITIVE, Consent.withdrawn_at.is_not(None), ~given.exists()
    )
    return frozenset(ctx.session.scalars(gone))


def withdrawn(ctx: Context, member_id: UUID) -> bool:
    """Whether a member has withdrawn the consent to sensitive data, and not given it again since."""
    given = [one for one in of_member(ctx, member_id) if one.kind == SENSITIVE]
    return bool(given) and given[0].withdrawn_at is not None
