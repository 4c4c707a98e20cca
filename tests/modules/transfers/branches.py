"""Branches of one tree and of another, with members who want to go from one to the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Exact, Subtree, Whole
from banyan.kernel.db.session import ScopedSession
from banyan.kernel.values import Actor, SettingValue
from banyan.modules.accounts.models import Account
from banyan.modules.approvals.services import deadlines
from banyan.modules.people.models import Member, Membership
from banyan.modules.people.services import members
from banyan.modules.tenancy.models import Org
from banyan.modules.transfers.models import Transfer
from banyan.modules.transfers.services import crossing, moving
from banyan.plugins import manager, settings
from tests.factories import World
from tests.modules.people.conftest import identity_number


@dataclass
class Branches:
    """吉林省 › 长春市 › 桂林街道支部; 吉林省 › 延边州 › 延吉支部; and the tree of another province.

    :ivar sender: secretary of the branch 桂林. :ivar receiver: of the branch 延吉. :ivar stranger: of the other tree.
    :ivar upper_from: administrator of the city above the sender. :ivar upper_to: likewise of the receiver.
    """

    world: World
    client: FlaskClient
    root: Org
    city: Org
    prefecture: Org
    guilin: Org
    yanji: Org
    outside: Org
    away: Org
    sender: Account
    receiver: Account
    upper_from: Account
    upper_to: Account
    stranger: Account
    opened: list[Context] = field(default_factory=list)
    people: int = 0

    def member(self, org: Org | None = None, *, account: bool = True, **data: Any) -> Member:
        """A member, by default of the branch 桂林, with an account of its own and without any role."""
        place = org or self.guilin
        self.people += 1
        name = data.pop("name", f"成员{self.people:03}")
        data.setdefault("document_number", identity_number(self.people))
        with self.whole() as ctx:
            made = members.enter(ctx, place.ref, {"name": name, **data}, how="admission")
            if account:
                opened = self.world.account(place, display_name=name, person_id=made.person_id)
                made.account_id = opened.id
            ctx.session.commit()
        return made

    def account_of(self, member: Member) -> Account:
        """The member's account, as it is now."""
        found = self.world.session.scalars(
            select(Account).where(Account.id == member.account_id).execution_options(populate_existing=True)
        ).one()
        self.world.session.commit()
        return found

    @contextmanager
    def whole(self) -> Iterator[Context]:
        """What a job works in."""
        with self.world.app.test_request_context(), self.session() as session:
            yield Context(session, Actor(None, "test", "job"), None, self.world.clock, "job")

    def session(self) -> ScopedSession:
        """A connection of its own that sees everything."""
        found: ScopedSession = self.world.app.extensions["banyan.runtime"].db.session(Whole("test"))
        return found

    @contextmanager
    def acting(self, who: Account, org: Org | None) -> Iterator[Context]:
        """What a request of ``who`` works in: at an organisation, or on a page of one's own."""
        scope = Subtree(org.ref) if org is not None else Exact(who.org)
        with self.world.app.test_request_context():
            ctx = self.world.context(who, org, replace(scope, me=str(who.id)))
            try:
                yield ctx
            finally:
                ctx.session.close()

    def api(self, who: Account, method: str, path: str, body: Any = None) -> TestResponse:
        """Ask the API as ``who``; ``path`` begins with a code, or with ``/me``."""
        address = f"/api/v1{path}" if path.startswith("/") else f"/api/v1/orgs/{path}"
        self.world.session.refresh(who)
        headers = {**self.world.token(who), "Accept-Language": "en"}
        return self.client.open(address, method=method, headers=headers, json=body)

    def apply(self, member: Member, to: str = "yanji", **more: Any) -> dict[str, Any]:
        """The member asks for itself."""
        body = {"to": to, "kind": "study", "reason": "考入延边大学", **more}
        answer = self.api(self.account_of(member), "POST", "/me/transfers", body)
        assert answer.status_code == 201, answer.get_json()
        found: dict[str, Any] = answer.get_json()
        return found

    def decide(self, who: Account, at: str, transfer: Any, act: str = "approve", **more: Any) -> TestResponse:
        """``who`` answers for the branch, as the page was just read."""
        request = self.found(transfer).request_id
        shown = self.api(who, "GET", f"{at}/approvals/{request}").get_json()
        opinion = more.pop("opinion", "" if act == "approve" else "材料不齐")
        body = {"act": act, "opinion": opinion, "version": shown.get("version", 0), **more}
        return self.api(who, "POST", f"{at}/approvals/{request}/decision", body)

    def found(self, transfer: Any) -> Transfer:
        """A transfer as it stands now."""
        identity = transfer if isinstance(transfer, UUID) else UUID(str(transfer["id"]))
        with self.session() as session:
            return session.get_one(Transfer, identity)

    def state(self, transfer: Any) -> str:
        return self.found(transfer).state

    def place(self, member: Member) -> str:
        """The code of the organisation whose member it is."""
        with self.session() as session:
            org_id = session.scalars(select(Member.org_id).where(Member.id == member.id)).one()
            return session.get_one(Org, org_id).code

    def lay_down(self, org: Org, key: str, value: SettingValue) -> None:
        """A setting at an organisation."""
        with self.whole() as ctx:
            settings.set_value(ctx.session, manager.current(), org.ref, key, value, by=None, at=ctx.clock.now())
            ctx.session.commit()

    def run(self) -> None:
        """Everything that the worker does by itself."""
        with self.whole() as ctx:
            deadlines.watch(ctx)
            moving.carry_out(ctx)
            crossing.run(ctx)
            moving.carry_out(ctx)
            crossing.run(ctx)

    def nobody_is_lost(self) -> None:
        """Every active record is in one organisation, its own, and every record in no more than one."""
        with self.session() as session:
            open_ones = session.execute(
                select(Membership.member_id, Membership.org_id).where(Membership.ended_on.is_(None))
            ).all()
            places = {row.member_id: row.org_id for row in open_ones}
            assert len(places) == len(open_ones), "somebody is in two organisations"
            records = session.execute(select(Member.id, Member.org_id, Member.status)).all()
            active = {row.id: row.org_id for row in records if row.status == "active"}
            assert active == places, "somebody is in none, or not where the record says"
            twice = session.execute(
                text(
                    "SELECT member_id FROM transfer WHERE state IN ('sending', 'receiving', 'returned', 'accepted',"
                    " 'offered') GROUP BY member_id HAVING count(*) > 1 AND member_id IS NOT NULL"
                )
            ).all()
            assert not twice, "somebody has two open transfers"
