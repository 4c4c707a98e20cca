"""Acts on members, transfers and the tree that tests string together: by one who may do all of it, in any order."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.db.failures import explained
from banyan.kernel.db.scoped import Scope, Subtree, Whole
from banyan.kernel.errors import DomainError, Refused
from banyan.kernel.flows import Act
from banyan.modules.accounts.models import Account
from banyan.modules.approvals.models import ApprovalRequest
from banyan.modules.approvals.services import decisions
from banyan.modules.people.models import Member
from banyan.modules.people.services import members
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.services.life import merging, revoking
from banyan.modules.tenancy.services.life import moving as placing
from banyan.modules.transfers.models import Transfer
from banyan.modules.transfers.rules import OPEN
from banyan.modules.transfers.services import applying, moving
from tests.modules.transfers.branches import Branches

DECISION = {"decided_on": date(2026, 2, 2), "number": "", "note": "", "document": None}
NUMBERS = itertools.count()
Step = tuple[str, int, int, bool]


@dataclass
class Field:
    """A small tree of its own, two members in it, and what was done.

    :ivar orgs: two cities and three branches. :ivar who: runs the whole of it; :ivar other: decides what ``who`` asked.
    """

    branches: Branches
    orgs: list[UUID]
    people: list[UUID]
    who: Account
    other: Account
    done: Counter[str] = field(default_factory=Counter)

    @classmethod
    def arranged(cls, branches: Branches) -> Field:
        world, number = branches.world, next(NUMBERS)
        root = world.org(code=f"root-{number}")
        cities = [world.org(root, f"city-{number}-{place}") for place in range(2)]
        leaves = [world.org(cities[place % 2], f"leaf-{number}-{place}") for place in range(3)]
        who, other = world.admin(root), world.admin(root)
        people = [branches.member(leaf).id for leaf in leaves[:2]]
        return cls(branches, [org.id for org in (*leaves, *cities)], people, who, other)

    def act(self, step: Step) -> None:
        """One step: done and kept, refused, or crashed before it could be kept."""
        kind, first, second, crash = step
        work: Callable[[int, int, bool], None] = getattr(self, f"_{kind}")
        try:
            work(first, second, crash)
        except DomainError:
            self.done["refused"] += 1
        except (DBAPIError, StaleDataError) as error:
            if not isinstance(explained(error), DomainError):
                raise
            self.done["lost"] += 1
        else:
            self.done["crashed" if crash else kind] += 1

    def within(
        self,
        who: Account,
        org: Org | None,
        crash: bool,
        work: Callable[[Context], object],
        scope: Scope | None = None,
    ) -> None:
        """A request: all of it is kept, or nothing."""
        with self.branches.world.app.test_request_context():
            seen = scope or (Subtree(org.ref) if org is not None else Whole("test"))
            ctx = self.branches.world.context(who, org, replace(seen, me=str(who.id)))
            try:
                work(ctx)
                if crash:
                    ctx.session.rollback()
                else:
                    ctx.session.commit()
            finally:
                ctx.session.close()

    def _apply(self, first: int, second: int, crash: bool) -> None:
        member, to = self._member(first), self._org(second)
        account = self.branches.account_of(member)
        body = {"member": member.id, "to": to.code, "kind": "work", "reason": "", "effective_on": None}
        home = Scope(account.org_path, account.org_path + "!")
        self.within(account, None, crash, lambda ctx: applying.apply_own(ctx, body), home)

    def _send(self, first: int, second: int, crash: bool) -> None:
        member, to = self._member(first), self._org(second)
        body = {"member": member.id, "to": to.code, "kind": "work", "reason": "", "effective_on": None}
        self.within(self.who, self._by_id(member.org_id), crash, lambda ctx: applying.apply_for(ctx, body))

    def _decide(self, act: Act, first: int, crash: bool) -> None:
        transfer = self._transfer(first)
        if transfer is None or transfer.request_id is None or transfer.state not in ("sending", "receiving"):
            raise Refused("nothing waits")
        side = transfer.from_id if transfer.state == "sending" else transfer.to_id
        org, request = self._by_id(side), transfer.request_id

        def work(ctx: Context) -> None:
            found = ctx.session.get(ApprovalRequest, request)
            version = found.version if found is not None else 0
            decisions.decide(ctx, request, act, "理由", version=version, explanation="理由")

        self.within(self.other, org, crash, work)

    def _approve(self, first: int, _second: int, crash: bool) -> None:
        self._decide(Act.APPROVE, first, crash)

    def _reject(self, first: int, _second: int, crash: bool) -> None:
        self._decide(Act.REJECT, first, crash)

    def _give_back(self, first: int, _second: int, crash: bool) -> None:
        self._decide(Act.RETURN, first, crash)

    def _withdraw(self, first: int, _second: int, crash: bool) -> None:
        transfer = self._transfer(first)
        if transfer is None:
            raise Refused("nothing waits")
        account = self.branches.world.session.get_one(Account, transfer.account_id)
        self.branches.world.session.commit()
        home = Scope(account.org_path, account.org_path + "!")

        def work(ctx: Context) -> None:
            applying.withdraw(ctx, ctx.session.get_one(Transfer, transfer.id))

        self.within(account, None, crash, work, home)

    def _carry_out(self, _first: int, _second: int, crash: bool) -> None:
        with self.branches.whole() as ctx:
            if not crash:
                moving.carry_out(ctx)
                return
            for identity in ctx.session.scalars(select(Transfer.id).where(Transfer.state == "accepted")).all():
                moving.one(ctx, identity)
            ctx.session.rollback()

    def _leave(self, first: int, _second: int, crash: bool) -> None:
        member = self._member(first)
        body = {"ended_on": today(self.branches.world.clock), "kind": "left", "reason": ""}
        org = self._by_id(member.org_id)
        self.within(self.who, org, crash, lambda ctx: members.leave(ctx, member.id, body))

    def _restore(self, first: int, _second: int, crash: bool) -> None:
        member = self._member(first)
        body = {"restored_on": today(self.branches.world.clock), "reason": ""}
        org = self._by_id(member.org_id)
        self.within(self.who, org, crash, lambda ctx: members.restore(ctx, member.id, body))

    def _edit(self, first: int, second: int, crash: bool) -> None:
        member = self._member(first)
        body = {"workplace": f"单位{second}"}
        org = self._by_id(member.org_id)
        self.within(self.who, org, crash, lambda ctx: members.edit(ctx, member.id, body))

    def _revoke(self, first: int, _second: int, crash: bool) -> None:
        org = self._org(first)

        def work(ctx: Context) -> None:
            held = ctx.session.get_one(Org, org.id)
            if revoking.open_decision(ctx, held) is None:
                revoking.decide(ctx, held, DECISION)
            revoking.carry_out(ctx, held, revoking.preview(ctx, held).plan)

        self.within(self.who, None, crash, work)

    def _place(self, first: int, second: int, crash: bool) -> None:
        org, parent = self._org(first), self._org(second)
        self._life(placing.preview, placing.carry_out, org, {**DECISION, "parent": parent.code}, crash)

    def _merge(self, first: int, second: int, crash: bool) -> None:
        org, into = self._org(first), self._org(second)
        self._life(merging.preview, merging.carry_out, org, {**DECISION, "into": into.code}, crash)

    def _life(self, preview: Any, carry_out: Any, org: Org, data: Mapping[str, Any], crash: bool) -> None:
        def work(ctx: Context) -> None:
            held = ctx.session.get_one(Org, org.id)
            carry_out(ctx, held, data, preview(ctx, held, data).plan)

        self.within(self.who, None, crash, work)

    def _member(self, number: int) -> Member:
        return self._read(Member, self.people[number % len(self.people)])

    def _org(self, number: int) -> Org:
        return self._read(Org, self.orgs[number % len(self.orgs)])

    def _by_id(self, identity: UUID | None) -> Org:
        return self._read(Org, identity)

    def _transfer(self, number: int) -> Transfer | None:
        with self.branches.session() as session:
            mine = Transfer.member_id.in_(self.people)
            rows = session.scalars(select(Transfer).where(mine, Transfer.state.in_(OPEN)).order_by(Transfer.id)).all()
            return rows[number % len(rows)] if rows else None

    def _read(self, model: Any, identity: Any) -> Any:
        with self.branches.session() as session:
            return session.get_one(model, identity)
