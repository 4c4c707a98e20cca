"""Many at once: a class that graduates, chosen from the list of members or brought in by a file (TRF-03).

They are one batch, of which every member is a transfer of its own: each receiving side answers for its own, all or
single ones, within its own working days. What cannot be asked for is told row by row; none holds up the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.db.base import new_id
from banyan.kernel.db.failures import explained
from banyan.kernel.errors import DomainError, Invalid, Text
from banyan.kernel.i18n import language, lazy, msgid
from banyan.kernel.jobs import LongTask, Progress, TaskRun, start
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import require
from banyan.modules.approvals.models import ApprovalDesk
from banyan.modules.audit.services import Subject, record
from banyan.modules.people.models import Member
from banyan.modules.people.services import members
from banyan.modules.tenancy.models import Org
from banyan.modules.transfers import rules
from banyan.modules.transfers.models import Transfer, TransferBatch
from banyan.modules.transfers.permissions import CREATE
from banyan.modules.transfers.services import applying, places, reading

JOB = "transfers.together"
CHUNK = 20
MOST = 1_000


@dataclass(frozen=True, slots=True)
class Standing:
    """A batch as one reader sees it.

    :ivar states: how many of its transfers that the reader sees are in each state. :ivar desks: what waits for a
        decision here, as ids that the inbox decides together.
    """

    batch: TransferBatch
    org_name: str
    states: Mapping[str, int]
    desks: Sequence[UUID]


def begin(ctx: Context, data: Mapping[str, Any]) -> LongTask:
    """Ask for the transfer of several members of this organisation and those below, as a long task.

    :param data: of `TransfersTogether`. :raises Invalid: none or too many, or what all of them share is wrong.
    """
    require(ctx, CREATE.name, ctx.here)
    chosen = list(dict.fromkeys(data["members"]))
    if not 0 < len(chosen) <= MOST:
        raise Invalid({"members": [lazy("Choose between 1 and %(most)s members.", most=MOST)]})
    to = places.meant(ctx, ctx.here, data["to"])
    against = places.against(ctx, to)
    days = rules.against_day(data["effective_on"], today(ctx.clock))
    found = {"to": against, "effective_on": days}
    if any(found.values()):
        raise Invalid({key: reasons for key, reasons in found.items() if reasons})
    day: date | None = data["effective_on"]
    arguments = {
        "batch": str(new_id()),
        "members": [str(member) for member in chosen],
        "title": data["title"],
        "to": to.code,
        "kind": data["kind"],
        "reason": data["reason"],
        "effective_on": day.isoformat() if day else None,
    }
    title = msgid(lazy("Transfers"))
    return start(ctx, JOB, title, ctx.here, arguments, language=language(), total=len(chosen))


def run(task: TaskRun) -> Iterator[Progress]:
    """The job: a chunk is asked for with the note that it was, so that nothing is asked for twice."""
    ctx, asked = task.ctx, task.arguments
    require(ctx, CREATE.name, ctx.here)
    ids = [UUID(member) for member in asked["members"]]
    day = asked["effective_on"]
    data = {**asked, "effective_on": date.fromisoformat(day) if day else None}
    done = int(task.memory.get("done", 0))
    while done < len(ids):
        problems = []
        batch = take(ctx, ctx.here, asked["batch"], asked["title"])
        for number, member_id in enumerate(ids[done : done + CHUNK], done + 1):
            problem = _one(ctx, batch, member_id, data)
            if problem is not None:
                problems.append({"row": number, "column": "", "value": problem[0], "reason": problem[1]})
        done = min(done + CHUNK, len(ids))
        yield Progress(done, len(ids), {"done": done}, tuple(problems))


def take(ctx: Context, org: OrgRef, source: str, title: str) -> TransferBatch:
    """The batch of ``org`` that ``source`` makes, made if it is not there yet."""
    found = ctx.session.scalar(
        select(TransferBatch).where(TransferBatch.org_id == org.id, TransferBatch.source == source)
    )
    if found is None:
        found = TransferBatch(
            org_id=org.id,
            org_path=org.path,
            title=title,
            source=source,
            created_by=ctx.actor.account_id,
            created_at=ctx.clock.now(),
        )
        ctx.session.add(found)
        ctx.session.flush()
        record(ctx, "transfers.batch.create", Subject("transfer_batch", str(found.id), title), org=org)
    return found


def standing(ctx: Context, batch_id: UUID) -> Standing:
    """A batch with where its transfers stand, those that the reader may see.

    :raises NotFound: none of the reader's business.
    """
    batch = reading.batch(ctx, batch_id)
    mine = Transfer.batch_id == batch_id, reading.seen(ctx)
    states = ctx.session.execute(select(Transfer.state, func.count()).where(*mine).group_by(Transfer.state)).all()
    waiting = (
        select(ApprovalDesk.id)
        .join(Transfer, Transfer.request_id == ApprovalDesk.request_id)
        .where(*mine, ApprovalDesk.org_id == ctx.here.id)
        .order_by(ApprovalDesk.id)
        .limit(200)
    )
    return Standing(
        batch,
        ctx.session.get_one(Org, batch.org_id).name,
        {row[0]: row[1] for row in states},
        ctx.session.scalars(waiting).all(),
    )


def chosen(ctx: Context, ids: Sequence[UUID]) -> list[tuple[Member, list[Text]]]:
    """The members that were chosen, each with what keeps it from being transferred; those out of reach are left out."""
    found = []
    for identity in dict.fromkeys(ids):
        try:
            member = members.find(ctx, identity)
            require(ctx, CREATE.name, member.org)
        except DomainError:
            continue
        found.append((member, applying.against_member(ctx, member, "branch")))
    return found


def _one(ctx: Context, batch: TransferBatch, member_id: UUID, data: Mapping[str, Any]) -> tuple[str, str] | None:
    """Ask for one; what it is called and why not, where it cannot be."""
    name = ""
    try:
        with ctx.session.begin_nested():
            member = members.find(ctx, member_id)
            name = member.name
            require(ctx, CREATE.name, member.org)
            applying.ask(ctx, member, data, "branch", batch=batch.id)
    except DomainError as error:
        return name, _reason(error)
    except DBAPIError as error:
        known = explained(error)
        if not isinstance(known, DomainError):
            raise
        return name, _reason(known)
    return None


def _reason(error: DomainError) -> str:
    named = [reason for reasons in error.fields.values() for reason in reasons]
    return " ".join(map(str, [*error.reasons, *named]))
