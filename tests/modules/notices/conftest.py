"""A province that tells its counties and branches something, and those who read it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from banyan.boundary import Banyan
from banyan.cli.worker import runner as runner_of
from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Whole
from banyan.kernel.jobs import LIVE, LongTask
from banyan.kernel.values import Actor
from banyan.kernel.worker import run_long_task
from banyan.modules.accounts.models import Account
from banyan.modules.delivery.services import sending
from banyan.modules.operators.services import standing
from banyan.modules.people.models import Member
from banyan.modules.people.services import members
from banyan.modules.tenancy.models import Org
from banyan.plugins import delivery, manager
from tests.factories import World


class Board:
    """吉林省 with two counties and three branches, their administrators, and members with and without accounts."""

    def __init__(self, world: World, client: FlaskClient, app: Banyan) -> None:
        self.world, self.client, self.app = world, client, app
        self.province = world.org(code="province", name="吉林省")
        self.north, self.south = (world.org(self.province, code, level="county") for code in ("north", "south"))
        self.first, self.second = (world.org(self.north, code, level="village") for code in ("first", "second"))
        self.third = world.org(self.south, "third", level="village")
        self.secretary = world.admin(self.province)
        self.north_admin, self.south_admin = world.admin(self.north), world.admin(self.south)
        self.branch = world.admin(self.first, "branch_secretary", "self")
        self.runner = runner_of(app, threading.Event())
        self._headers: dict[Any, dict[str, str]] = {}

    def headers(self, account: Account) -> dict[str, str]:
        return self._headers.setdefault(account.id, self.world.token(account))

    def member(self, org: Org, name: str = "成员001", *, account: bool = True, **data: Any) -> tuple[Member, Account]:
        """A member of ``org``; with a sign-in unless said otherwise."""
        with self.working(org) as ctx:
            made = members.enter(ctx, org.ref, {"name": name, **data})
        holder = self.world.account(org, display_name=name, person_id=made.person_id) if account else self.branch
        if account:
            row = self.world.session.get_one(Member, made.id)
            row.account_id = holder.id
            self.world.session.commit()
        return made, holder

    @contextmanager
    def working(self, org: Org | None = None) -> Iterator[Context]:
        """A context of a job that sees everything, committed at the end."""
        with (
            self.app.test_request_context(),
            self.app.extensions["banyan.runtime"].db.session(Whole("test")) as session,
        ):
            place = org.ref if org is not None else None
            yield Context(session, Actor(None, "test", "job"), place, self.world.clock, "test")
            session.commit()

    def api(self, account: Account, method: str, path: str, body: Any = None) -> Any:
        answer = self.client.open(f"/api/v1/{path}", method=method, json=body, headers=self.headers(account))
        assert answer.status_code < 500, answer.get_data(as_text=True)
        return answer

    def ok(self, account: Account, method: str, path: str, body: Any = None) -> Any:
        answer = self.api(account, method, path, body)
        assert answer.status_code < 300, answer.get_json()
        return answer.get_json()

    def draft(self, by: Account | None = None, org: str = "province", **changes: Any) -> dict[str, Any]:
        sent = {"title": "召开会议的通知", "body": "周五**下午两点**开会。", "audiences": [{}], **changes}
        found: dict[str, Any] = self.ok(by or self.secretary, "POST", f"orgs/{org}/notices", sent)
        return found

    def published(self, by: Account | None = None, org: str = "province", **changes: Any) -> dict[str, Any]:
        """A notice that is out and has arrived."""
        made = self.draft(by, org, **changes)
        path = f"orgs/{org}/notices/{made['id']}/publish"
        found: dict[str, Any] = self.ok(by or self.secretary, "POST", path, {"version": made["version"]})
        self.work()
        return found

    def work_once(self) -> None:
        """The worker takes up what waits, once."""
        self.world.session.rollback()
        waiting = select(LongTask.id).where(LongTask.kind == "notices.spread", LongTask.state.in_(LIVE))
        for identity in self.world.session.scalars(waiting).all():
            run_long_task(self.runner, identity)

    def work(self) -> None:
        """The worker runs what waits."""
        while True:
            self.world.session.rollback()
            waiting = self.world.session.scalars(
                select(LongTask.id).where(LongTask.kind == "notices.spread", LongTask.state.in_(LIVE))
            ).all()
            if not waiting:
                break
            for identity in waiting:
                run_long_task(self.runner, identity)
        failed = select(LongTask).where(LongTask.kind == "notices.spread", LongTask.state == "failed")
        assert self.world.session.scalars(failed).all() == []

    def events(self) -> None:
        """The worker delivers events."""
        with self.working() as ctx:
            delivery.deliver(self.app.extensions["banyan.runtime"].db, manager.current(), ctx)

    def post(self) -> None:
        """The worker sends messages."""
        with self.working() as ctx:
            sending.run(ctx)

    def inbox(self, account: Account, query: str = "") -> list[str]:
        return [row["title"] for row in self.ok(account, "GET", f"me/notices{query}")["items"]]

    def unread(self, account: Account) -> int:
        return int(self.ok(account, "GET", "me/notices/unread")["unread"])

    def figures(self, notice: dict[str, Any], by: Account | None = None, org: str = "province") -> dict[str, int]:
        found = self.ok(by or self.secretary, "GET", f"orgs/{org}/notices/{notice['id']}")["figures"]
        return {key: value for key, value in found.items() if value}


@pytest.fixture
def board(world: World, client: FlaskClient, app: Banyan) -> Iterator[Board]:
    yield Board(world, client, app)
    app.extensions[standing.KEY].forget()
