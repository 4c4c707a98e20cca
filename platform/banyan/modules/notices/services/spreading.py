"""What follows on publication, as a long task: whom it is for is written down, then e-mail, SMS and webhooks queued."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select, text

from banyan.kernel.context import Context
from banyan.kernel.crypto import Unreadable
from banyan.kernel.i18n import language, message
from banyan.kernel.jobs import LongTask, Progress, TaskRun, start
from banyan.kernel.runtime import runtime
from banyan.kernel.sealing import unseal
from banyan.kernel.sending import Channel
from banyan.kernel.values import Actor
from banyan.modules.accounts.models import Account
from banyan.modules.delivery.services import posting
from banyan.modules.delivery.services.posting import Recipient, Words
from banyan.modules.notices import rules
from banyan.modules.notices.models import Notice, NoticePreference, NoticeRecipient, NoticeTally
from banyan.modules.notices.services import recipients, telling
from banyan.modules.people.models import Member

KIND = "notices.spread"
TITLE = message("Send a notice")
CHUNK = 1_000
# The sender was asked who may be told before it was published; the platform itself writes it down.
PLATFORM = Actor(None, KIND, "job")
ONCE: tuple[Channel, ...] = ("email", "sms")


def begin(ctx: Context, notice: Notice) -> LongTask:
    """Start the task in the transaction that publishes."""
    task = start(ctx, KIND, TITLE, notice.org, {"notice": str(notice.id)}, language=language())
    notice.task_id = task.id
    return task


def run(run: TaskRun) -> Iterator[Progress]:
    """The task. Its memory names the stage and, within a channel, the reader after whom it goes on."""
    ctx = replace(run.ctx, actor=PLATFORM, org=None)
    notice = ctx.session.get_one(Notice, UUID(run.arguments["notice"]))
    stages = [f"audience {n}" for n in range(len(notice.audiences))]
    stages += [channel for channel in (*ONCE, "webhook") if channel in notice.channels]
    for number, stage in enumerate(stages):
        if number < run.memory.get("done", 0):
            continue
        yield from _stage(ctx, run, notice, stage, number, len(stages))


def _stage(ctx: Context, run: TaskRun, notice: Notice, stage: str, number: int, total: int) -> Iterator[Progress]:
    if stage.startswith("audience"):
        # A whole nation is one statement, and a job waits for nobody.
        ctx.session.execute(text("SET LOCAL statement_timeout = '15min'"))
        recipients.freeze(ctx, notice, notice.audiences[number])
    elif stage == "webhook":
        told = select(NoticeTally.org_id).where(NoticeTally.notice_id == notice.id)
        orgs = [notice.org_id, *ctx.session.scalars(told)]
        posting.post(ctx, notice.org, "webhook", _words(notice), posting.webhooks(ctx, orgs), urgent=_urgent(notice))
    else:
        yield from _channel(ctx, run, notice, "sms" if stage == "sms" else "email", number, total)
    yield Progress(number + 1, total, memory={"done": number + 1})


def _channel(
    ctx: Context, run: TaskRun, notice: Notice, channel: Channel, number: int, total: int
) -> Iterator[Progress]:
    memory = run.memory if run.memory.get("done", 0) == number else {}
    content = UUID(memory["content"]) if memory.get("content") else posting.words(ctx, notice.org, _words(notice))
    after = UUID(memory["after"]) if memory.get("after") else None
    while rows := _readers(ctx, notice, channel, after):
        after = rows[-1][0]
        to = [one for row in rows if (one := _recipient(row, channel)) is not None]
        posting.address(ctx, notice.org, content, channel, to, urgent=_urgent(notice))
        yield Progress(number, total, memory={"done": number, "content": str(content), "after": str(after)})


def _readers(ctx: Context, notice: Notice, channel: Channel, after: UUID | None) -> Sequence[Any]:
    """A page of those who can be reached by a channel and want it."""
    statement = _reachable(notice, channel).order_by(NoticeRecipient.reader_id).limit(CHUNK)
    if after is not None:
        statement = statement.where(NoticeRecipient.reader_id > after)
    return ctx.session.execute(statement).all()


def contacts(ctx: Context, notice: Notice, channel: Channel, readers: Sequence[UUID]) -> list[Recipient]:
    """Where some of a notice's readers are reached by a channel, as far as they want it."""
    rows = ctx.session.execute(_reachable(notice, channel).where(NoticeRecipient.reader_id.in_(readers)))
    return [one for row in rows if (one := _recipient(row, channel)) is not None]


def _reachable(notice: Notice, channel: Channel) -> Select[Any]:
    """Those who can be reached by a channel; urgent notices ask nobody whether they want it."""
    sealed = Member.phone_sealed if channel == "sms" else Member.email_sealed
    columns: tuple[Any, ...] = (NoticeRecipient.reader_id, NoticeRecipient.account_id, NoticeRecipient.person_id)
    statement: Select[Any] = (
        select(*columns, Member.id, sealed, Account.phone)
        .outerjoin(Member, Member.id == NoticeRecipient.member_id)
        .outerjoin(Account, Account.id == NoticeRecipient.account_id)
        .outerjoin(NoticePreference, NoticePreference.account_id == NoticeRecipient.account_id)
        .where(NoticeRecipient.notice_id == notice.id, or_(sealed.is_not(None), Account.phone != ""))
    )  # fmt: skip
    if _urgent(notice):
        return statement
    return statement.where(func.coalesce(NoticePreference.sms if channel == "sms" else NoticePreference.email, True))


def _recipient(row: Any, channel: Channel) -> Recipient | None:
    _reader, account_id, person_id, member_id, sealed, phone = row
    purpose = "people.phone" if channel == "sms" else "people.email"
    try:
        address = unseal(purpose, sealed, member_id) if sealed else (phone or "") if channel == "sms" else ""
    except Unreadable:
        return None
    return Recipient(address, account_id=account_id, person_id=person_id) if address else None


def address(notice: Notice) -> str:
    """Where a reader finds a notice."""
    return f"{runtime().settings.public_url}/me/notices/{notice.id}"


def _urgent(notice: Notice) -> bool:
    return notice.importance == "urgent"


def _words(notice: Notice) -> Words:
    title, body = telling.said(notice)
    return Words(
        title,
        rules.plain(body),
        html=rules.rendered(body),
        link=address(notice),
        thing_type="notice",
        thing_id=str(notice.id),
        data={"importance": notice.importance, "kind_of_notice": notice.kind},
    )
