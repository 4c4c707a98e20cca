"""Two persons turn out to be one: their records are put together with everything that hangs on them.

Shown first, then confirmed as it was shown, in one transaction. For the preview it is tried out and undone, so that
every module has said what it has against it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from banyan.kernel.context import Context
from banyan.kernel.db.failures import explained
from banyan.kernel.errors import Conflict, DomainError, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.services import accounts
from banyan.modules.approvals import registry
from banyan.modules.approvals.models import ApprovalRequest
from banyan.modules.audit.services import record
from banyan.modules.people.events import PersonsMerged
from banyan.modules.people.file_models import PersonMerge
from banyan.modules.people.models import Member, Person
from banyan.modules.people.rules import uniting as rules
from banyan.modules.people.rules.uniting import Side
from banyan.modules.people.services import absorbing, comparing, field_records, hanging, persons, values
from banyan.modules.people.services.changing import apply_changes, subject
from banyan.modules.people.services.comparing import COMPARED, Compared
from banyan.modules.people.services.hanging import Hanging
from banyan.modules.tenancy.life_rules import digest
from banyan.modules.tenancy.models import Org

STALE: Text = lazy("What this touches has changed since it was shown. Look at it again before you confirm.")
TWO_LINES = "what hangs on a person lies anywhere in the tree; both records are decided about"


@dataclass(frozen=True, slots=True)
class Preview:
    """A merge before it is done.

    :ivar places: names of the organisations of the two. :ivar reasons: why it may not be; none: confirm it.
    """

    kept: Member
    gone: Member
    places: tuple[str, str]
    fields: Sequence[Compared]
    taken: Sequence[str]
    hanging: Sequence[Hanging]
    standing: Standing
    reasons: Sequence[Text]
    plan: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How two records stand to each other, before anything is chosen.

    :ivar absorbed: the other record goes into the one that remains. :ivar ends: a membership of it ends thereby.
    :ivar asks_both: the person may stay a member of both organisations. :ivar accounts: sign-in names, "" for none.
    """

    absorbed: bool
    ends: bool
    asks_both: bool
    accounts: tuple[str, str]

    @property
    def asks_account(self) -> bool:
        """Whether one of two accounts has to be chosen."""
        return bool(self.accounts[0] and self.accounts[1] and self.accounts[0] != self.accounts[1])


def standing(ctx: Context, kept: Member, gone: Member, *, keep_both: bool = False) -> Standing:
    """How two records stand to each other."""
    side, other = _side(kept), _side(gone)
    absorbed = rules.fate(side, other, keep_both=keep_both) == "absorbed"
    both = side.active and other.active and rules.both_may_stay(side, other)
    names = _sign_in_name(ctx, kept), _sign_in_name(ctx, gone)
    return Standing(absorbed, absorbed and other.active, both, names)


def preview(ctx: Context, data: Mapping[str, Any]) -> Preview:
    """What putting two records together would do, and every reason against it.

    :param data: of `PersonsMerge`. :raises NotFound: :raises Forbidden: at either organisation.
    """
    kept, gone = comparing.pair(ctx, data["kept"], data["gone"])
    fields = comparing.compared(kept, gone)
    taken = _taken(fields, data)
    numbers = hanging.counted(ctx, kept.person_id, gone.person_id)
    reasons = _against(ctx, kept, gone, data)
    plan = _plan(kept, gone, taken, data, numbers)
    return Preview(
        kept=kept,
        gone=gone,
        places=(_place(ctx, kept), _place(ctx, gone)),
        fields=fields,
        taken=taken,
        hanging=numbers,
        standing=standing(ctx, kept, gone, keep_both=bool(data.get("keep_both"))),
        reasons=reasons or _tried(ctx, kept, gone, taken, data),
        plan=plan,
    )


def carry_out(ctx: Context, data: Mapping[str, Any], plan: str) -> Member:
    """Put two records together as was shown; returns the one that remains.

    For callers whose session sees the whole tree. Two who do it at once wait for each other; the second is told.

    :raises Refused: with every reason. :raises Conflict: something changed since ``plan`` was shown.
    """
    kept, gone = comparing.pair(ctx, data["kept"], data["gone"])
    _hold(ctx, kept, gone)
    taken = _taken(comparing.compared(kept, gone), data)
    reasons = _against(ctx, kept, gone, data)
    if reasons:
        raise Refused(*reasons)
    if _plan(kept, gone, taken, data, hanging.counted(ctx, kept.person_id, gone.person_id)) != plan:
        raise Conflict(STALE)
    _unite(ctx, kept, gone, taken, data)
    return kept


def _hold(ctx: Context, kept: Member, gone: Member) -> None:
    people = select(Person).where(Person.id.in_({kept.person_id, gone.person_id})).order_by(Person.id)
    ctx.session.execute(people.with_for_update().execution_options(populate_existing=True)).all()
    rows = select(Member).where(Member.id.in_((kept.id, gone.id))).order_by(Member.id)
    ctx.session.execute(rows.with_for_update().execution_options(populate_existing=True)).all()


def _taken(fields: Sequence[Compared], data: Mapping[str, Any]) -> list[str]:
    """The fields that come from the record that does not remain; what nobody chose is filled where it was empty."""
    asked = data.get("take")
    if asked is None:
        return [one.key for one in fields if one.filled]
    return [one.key for one in fields if one.differs and one.key in asked]


def _against(ctx: Context, kept: Member, gone: Member, data: Mapping[str, Any]) -> list[Text]:
    if kept.person_id == gone.person_id:
        return [lazy("The two records are known to be of one person.")]
    roots = set(ctx.session.scalars(select(Person.root_id).where(Person.id.in_((kept.person_id, gone.person_id)))))
    if len(roots) > 1:
        return [lazy("The two are registered in different trees.")]
    others = [
        Side(one.org.path, one.status, one.exclusive)
        for person_id in (kept.person_id, gone.person_id)
        for one in persons.standings(ctx, person_id)
        if one.member_id not in (kept.id, gone.id)
    ]
    reasons = rules.against(_side(kept), _side(gone), others, keep_both=bool(data.get("keep_both")))
    if _requests(ctx, kept, gone):
        reasons.append(lazy("A request about one of the two is still open. Have it decided or withdrawn first."))
    if kept.account_id and gone.account_id and kept.account_id != gone.account_id and not data.get("account"):
        reasons.append(lazy("Both have an account: say which one stays."))
    return reasons


def _requests(ctx: Context, kept: Member, gone: Member) -> bool:
    about = [str(one) for one in (kept.id, gone.id, kept.person_id, gone.person_id)]
    statement = select(ApprovalRequest.id).where(
        ApprovalRequest.flow.in_(sorted(registry.flows())),
        ApprovalRequest.subject_id.in_(about),
        ApprovalRequest.state.in_(("open", "returned")),
    )
    return ctx.session.scalar(statement.limit(1)) is not None


def _tried(ctx: Context, kept: Member, gone: Member, taken: Sequence[str], data: Mapping[str, Any]) -> Sequence[Text]:
    """Do it and undo it: what stands in the way comes out, of this module and of all others."""
    savepoint = ctx.session.begin_nested()
    try:
        _unite(ctx, kept, gone, taken, data)
    except IntegrityError as error:
        return list(_reasons(explained(error)))
    except DomainError as error:
        return list(_reasons(error))
    finally:
        if savepoint.is_active:
            savepoint.rollback()
        ctx.session.expire_all()
    return ()


def _reasons(error: Exception | None) -> list[Text]:
    if not isinstance(error, DomainError):
        return [lazy("The two cannot be put together as they are.")]
    return [*error.reasons, *(reason for found in error.fields.values() for reason in found)]


def _unite(ctx: Context, kept: Member, gone: Member, taken: Sequence[str], data: Mapping[str, Any]) -> None:
    keep_both = bool(data.get("keep_both"))
    absorbed = rules.fate(_side(kept), _side(gone), keep_both=keep_both) == "absorbed"
    values_taken = _values(gone, taken)
    kept_id, gone_id = kept.person_id, gone.person_id
    if absorbed:
        absorbing.take_in(ctx, kept, gone, data["reason"])
    _name_one_person(ctx, kept_id, gone_id)
    _accounts(ctx, kept, gone, data, absorbed=absorbed)
    ctx.session.flush()
    hanging.ask_modules(ctx, kept_id, gone_id)
    hanging.carry(ctx, kept_id, gone_id)
    if values_taken:
        apply_changes(ctx, kept, values_taken)
    if absorbed:
        field_records.take_over(ctx, kept, gone)
    _write_down(ctx, kept, gone, taken, data["reason"], gone_id, absorbed=absorbed)


def _values(gone: Member, taken: Sequence[str]) -> dict[str, Any]:
    theirs = values.record_of(gone)
    found = {key: theirs[key] for key in COMPARED if key in taken}
    if "document_number" in found:
        found["document_type"] = theirs["document_type"]
    return found


def _name_one_person(ctx: Context, kept_id: UUID, gone_id: UUID) -> None:
    """The person that is gone is known by the other one from now on, and so is whoever turned out to be that one."""
    kept, gone = (ctx.session.get_one(Person, one) for one in (kept_id, gone_id))
    for earlier in ctx.session.scalars(select(Person).where(Person.merged_into == gone_id)):
        earlier.merged_into = kept_id
    gone.merged_into = kept_id
    ctx.session.flush()
    if kept.document_index is None:
        kept.document_index = gone.document_index
    ctx.session.flush()


def _accounts(ctx: Context, kept: Member, gone: Member, data: Mapping[str, Any], *, absorbed: bool) -> None:
    """One of two accounts stays; the other cannot sign in any more."""
    ours, theirs = kept.account_id, gone.account_id
    stays = (theirs if data.get("account") == "gone" else ours) if ours and theirs else ours or theirs
    for one in {ours, theirs} - {stays, None}:
        account = ctx.session.get_one(Account, one)
        if account.status == "active":
            accounts.suspend(ctx, account.id)
    kept.account_id = stays
    gone.account_id = None if absorbed else stays


def _write_down(
    ctx: Context, kept: Member, gone: Member, taken: Sequence[str], reason: str, gone_person: UUID, *, absorbed: bool
) -> None:
    ctx.session.add(
        PersonMerge(
            org_id=kept.org_id,
            org_path=kept.org_path,
            person_id=kept.person_id,
            member_id=kept.id,
            gone_person=gone_person,
            gone_member=gone.id,
            absorbed=absorbed,
            taken=list(taken),
            reason=reason,
            merged_by=ctx.actor.account_id,
            merged_at=ctx.clock.now(),
        )
    )
    ctx.session.flush()
    for member, role in ((kept, "kept"), (gone, "absorbed" if absorbed else "remains")):
        after = {"merge_role": role, "reason": reason, "merged_with": (gone if member is kept else kept).name}
        record(ctx, "people.person.merge", subject(member), org=member.org, after=after)
    for org in {kept.org, gone.org}:
        publish(ctx, org, PersonsMerged(str(kept.person_id), str(gone_person)))


def _side(member: Member) -> Side:
    return Side(member.org_path, member.status, member.exclusive, member.erased_at is not None)


def _place(ctx: Context, member: Member) -> str:
    return ctx.session.scalar(select(Org.name).where(Org.id == member.org_id)) or ""


def _sign_in_name(ctx: Context, member: Member) -> str:
    account = ctx.session.get(Account, member.account_id) if member.account_id else None
    return account.sign_in_name if account is not None else ""


def _plan(kept: Member, gone: Member, taken: Sequence[str], data: Mapping[str, Any], numbers: Sequence[Hanging]) -> str:
    facts = [
        [[str(one.id), one.version, one.status, one.org_path, str(one.person_id)] for one in (kept, gone)],
        [sorted(taken), data.get("account") or "", bool(data.get("keep_both")), data["reason"]],
        [[one.key, one.kept, one.gone] for one in numbers],
    ]
    return digest(facts)
