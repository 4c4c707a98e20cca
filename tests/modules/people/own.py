"""A member with an account, the branch's secretary, and the city above: what tests of changes arrange."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Exact, Subtree
from banyan.modules.accounts.models import Account
from banyan.modules.people.models import Member
from banyan.modules.people.rules.changes import Answer
from banyan.modules.people.services import change_answers, changes
from banyan.modules.people.services.changes import Wanted
from banyan.modules.tenancy.models import Org
from tests.modules.people.conftest import Registry, identity_number

NUMBER = identity_number(7)
RECORD: Mapping[str, Any] = {
    "name": "成员001",
    "document_number": NUMBER,
    "phone": "13800138000",
    "email": "a@example.org",
    "workplace": "第一中学",
}


@dataclass
class Branch:
    """:ivar account: of the member. :ivar secretary: decides at the branch. :ivar chief: of the city above."""

    registry: Registry
    member: Member
    account: Account
    secretary: Account
    chief: Account
    opened: list[Context] = field(default_factory=list)

    @property
    def org(self) -> Org:
        return self.registry.branch

    @contextmanager
    def as_member(self, account: Account | None = None, org: Org | None = None) -> Iterator[Context]:
        """What a request of the member works in, committed in the end."""
        who, place = account or self.account, org or self.org
        with self._context(who, replace(Exact(place.ref), me=str(who.id)), place) as ctx:
            yield ctx

    @contextmanager
    def as_branch(self, who: Account | None = None, org: Org | None = None) -> Iterator[Context]:
        """What a request of the secretary works in, committed in the end."""
        account, place = who or self.secretary, org or self.org
        with self._context(account, replace(Subtree(place.ref), me=str(account.id)), place) as ctx:
            yield ctx

    @contextmanager
    def _context(self, who: Account, scope: Any, org: Org) -> Iterator[Context]:
        ctx = self.registry.world.context(who, org, scope)
        self.opened.append(ctx)
        with self.registry.world.app.test_request_context():
            try:
                yield ctx
                ctx.session.commit()
            finally:
                ctx.session.close()

    def ask(self, **items: Any) -> UUID:
        """The member asks for ``items``; the document's value is its number."""
        with self.as_member() as ctx:
            made = changes.ask(ctx, self.member.id, [self.wanted(item, value) for item, value in items.items()])
            return made.id

    @staticmethod
    def wanted(item: str, value: Any, reason: str = "写错了") -> Wanted:
        return Wanted(item, value if isinstance(value, Mapping) else {item: value}, reason)

    def answer(self, request_id: UUID, who: Account | None = None, **answers: bool | str) -> None:
        """The secretary answers: True agrees, a text is why not."""
        given = {item: Answer(said is True, "" if said is True else str(said)) for item, said in answers.items()}
        with self.as_branch(who) as ctx:
            found, record = self.versions(ctx, request_id)
            change_answers.answer(ctx, request_id, given, version=found, record_version=record)

    def versions(self, ctx: Context, request_id: UUID) -> tuple[int, int]:
        """Of the request and the record, as they are read now."""
        from banyan.modules.approvals.models import ApprovalRequest

        request = ctx.session.get_one(ApprovalRequest, request_id)
        return request.version, ctx.session.get_one(Member, self.member.id).version

    def record(self) -> Member:
        """The record as it is now."""
        session = self.registry.world.session
        session.expire_all()
        return session.get_one(Member, self.member.id)


def linked(registry: Registry, member: Member, account: Account) -> None:
    """Let ``account`` be the member's sign-in."""
    session = registry.world.session
    session.get_one(Member, member.id).account_id = account.id
    session.get_one(Account, account.id).person_id = member.person_id
    session.commit()


def arranged(registry: Registry) -> Branch:
    """Somebody who can sign in, somebody who answers for the branch, and somebody above."""
    world = registry.world
    member = registry.admit(**RECORD)
    account = world.account(registry.branch, display_name="成员001")
    linked(registry, member, account)
    secretary = world.account(registry.branch, display_name="书记")
    world.grant(secretary, registry.branch, "branch_secretary", "self")
    chief = world.account(registry.city, display_name="市委书记")
    world.grant(chief, registry.city)
    return Branch(registry, member, account, secretary, chief)
