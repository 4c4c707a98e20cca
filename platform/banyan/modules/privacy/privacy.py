"""What this module itself holds about a person, what stands in the way of an erasure, and what stays (PPL-07)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.files import StoredFile, forget
from banyan.kernel.i18n import lazy
from banyan.kernel.jobs import LongTask
from banyan.kernel.runtime import runtime
from banyan.kernel.sealing import opened
from banyan.modules.approvals.models import ApprovalRequest
from banyan.modules.approvals.services import of_person
from banyan.modules.people.file_models import Post
from banyan.modules.people.models import Member
from banyan.modules.privacy.models import DataRequest, Look
from banyan.modules.privacy.notice_models import GUARDIAN_PHONE, Consent, Guardian
from banyan.modules.privacy.services.erasure import FLOW
from banyan.modules.tenancy.models import Org


def held(ctx: Context, person_id: UUID) -> dict[str, Any]:
    """Looks, requests, consents and guardians of a person."""
    session = ctx.session
    looks = session.scalars(select(Look).where(Look.person_id == person_id).order_by(Look.at))
    asked = session.scalars(
        select(DataRequest).where(DataRequest.person_id == person_id).order_by(DataRequest.asked_at)
    )
    given = session.scalars(select(Consent).where(Consent.person_id == person_id).order_by(Consent.given_at))
    guardians = session.scalars(select(Guardian).where(Guardian.person_id == person_id))
    found = {
        "privacy_look": [_told(row, ("at", "account_name", "how", "fields", "reason", "note")) for row in looks],
        "privacy_request": [
            _told(row, ("id", "kind", "how", "state", "reason", "asked_at", "ended_at")) for row in asked
        ],
        "privacy_consent": [_told(row, ("kind", "number", "given_at", "withdrawn_at")) for row in given],
        "privacy_guardian": [
            {
                **_told(row, ("name", "relation", "consented_on", "withdrawn_at")),
                "phone": opened(GUARDIAN_PHONE, row.phone_sealed, row.id),
            }
            for row in guardians
        ],
    }
    return {key: rows for key, rows in found.items() if rows}


def _told(row: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        return value if value is None or isinstance(value, (str, int, bool, list)) else str(value)

    return {key: plain(getattr(row, key)) for key in keys}


def erase(ctx: Context, person_id: UUID) -> dict[str, int]:
    """Guardians go with their papers; that somebody looked, agreed or asked stays, without what was said.

    Requests that were decided about the person's records are emptied as well.
    """
    ids = list(ctx.session.scalars(select(Member.id).where(Member.person_id == person_id)))
    asked = list(ctx.session.scalars(select(DataRequest.id).where(DataRequest.person_id == person_id)))
    quiet = {"synchronize_session": False}
    ctx.session.execute(update(Look).where(Look.person_id == person_id).values(note="").execution_options(**quiet))
    ctx.session.execute(
        update(DataRequest)
        .where(DataRequest.person_id == person_id)
        .values(reason="", version=DataRequest.version + 1)
        .execution_options(**quiet)
    )
    papers = list(ctx.session.scalars(select(Guardian.document).where(Guardian.person_id == person_id)))
    gone = ctx.session.execute(delete(Guardian).where(Guardian.person_id == person_id).returning(Guardian.id)).all()
    _forget_files(ctx, [one for one in papers if one is not None])
    about = of_person.forget(ctx, ApprovalRequest.subject_id.in_([str(one) for one in (*ids, *asked)]))
    copies = [
        one for one in ctx.session.scalars(select(DataRequest).where(DataRequest.person_id == person_id)) if one.task_id
    ]
    _forget_copies(ctx, [one.task_id for one in copies if one.kind == "copy" and one.task_id])
    return {"privacy_guardian": len(gone), "approval_request": about}


def _forget_files(ctx: Context, ids: list[UUID]) -> None:
    for stored in ctx.session.scalars(select(StoredFile).where(StoredFile.id.in_(ids))):
        forget(ctx, runtime().store, stored)


def _forget_copies(ctx: Context, tasks: list[UUID]) -> None:
    """Copies that were made for the person are the person's data once more."""
    results = list(ctx.session.scalars(select(LongTask.result_id).where(LongTask.id.in_(tasks))))
    _forget_files(ctx, [one for one in results if one is not None])


def against(ctx: Context, person_id: UUID) -> list[Text]:
    """Memberships that last, and what the person has asked for that is not decided."""
    statement = (
        select(Org.name)
        .join(Member, Member.org_id == Org.id)
        .where(Member.person_id == person_id, Member.status == "active")
        .order_by(Org.path)
    )
    found: list[Text] = [
        lazy("The membership at %(name)s has not ended. Note first that it has.", name=name)
        for name in ctx.session.scalars(statement)
    ]
    held = select(Post.title).where(Post.person_id == person_id, Post.ended_on.is_(None)).order_by(Post.id)
    found += [lazy("The post %(name)s has not ended.", name=title) for title in ctx.session.scalars(held)]
    open_requests = of_person.waiting(ctx, person_id, FLOW)
    if open_requests:
        found.append(lazy("Requests handed in that are not decided yet: %(n)s.", n=open_requests))
    return found


def kept(ctx: Context, person_id: UUID) -> list[Text]:
    """What stays in this module and in the log, and why."""
    looked = ctx.session.scalar(select(func.count()).where(Look.person_id == person_id))
    return [
        lazy("Entries of the audit log: they prove themselves by a chain, and leave with their month."),
        lazy("When memberships began and ended, without a name: the figures of the organisation stand on it."),
        *([lazy("Who looked at the data, and when: it has to be proved later.")] if looked else []),
    ]


def merge(ctx: Context, kept_id: UUID, gone: UUID) -> None:
    """Everything about a person who turned out to be another one is that one's."""
    for model in (Look, DataRequest, Consent, Guardian):
        values: dict[str, Any] = {"person_id": kept_id}
        if model is DataRequest:
            values["version"] = DataRequest.version + 1
        statement = update(model).where(model.person_id == gone).values(**values)
        ctx.session.execute(statement.execution_options(synchronize_session=False))
