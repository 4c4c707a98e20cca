"""A province with two cities and what tests of an organisation's life ask of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select, text

from banyan.kernel.clock import FixedClock
from banyan.kernel.context import Context
from banyan.kernel.db.scoped import Whole
from banyan.kernel.db.session import Database
from banyan.kernel.values import Actor
from banyan.modules.accounts.models import Account
from banyan.modules.stats.services import fold_all
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.services import figures, integrity, organisations
from tests.factories import World

DECISION = {"decided_on": "2026-02-02", "number": "吉团发〔2026〕8号"}


@dataclass
class Life:
    """Two cities, each with counties; the province's administrator acts through the API."""

    world: World
    client: FlaskClient
    province: Org
    left: Org
    right: Org
    county: Org
    street: Org
    other: Org
    admin: Account
    headers: dict[str, str]

    @classmethod
    def arranged(cls, world: World, client: FlaskClient, db: Database) -> Life:
        province = world.org(code="province", name="吉林省")
        left, right = world.org(province, "left", name="长春市"), world.org(province, "right", name="吉林市")
        county, other = world.org(left, "county", name="朝阳区"), world.org(right, "other", name="船营区")
        street = world.org(county, "street", name="桂林街道")
        admin = world.admin(province)
        found = cls(world, client, province, left, right, county, street, other, admin, world.token(admin))
        found.count(db, province, left, right, county, street, other)
        return found

    def count(self, db: Database, *orgs: Org) -> None:
        """Count what the factories made: figures are right from here on."""
        with db.session(Whole("test")) as session:
            ctx = Context(session, Actor(None, "test", "job"), None, self.world.clock, "test")
            for org in orgs:
                organisations.count_org(ctx, org)
            session.commit()
        fold(db, self.world.clock)

    def ask(self, method: str, code: str, act: str, headers: dict[str, str] | None = None, /, **body: Any) -> Any:
        """One request to an organisation's life."""
        url = f"/api/v1/orgs/{code}/life/{act}"
        return self.client.open(url, method=method, json=body, headers=headers or self.headers)

    def preview(self, code: str, act: str, /, **body: Any) -> Any:
        """What an act would touch."""
        answer = self.ask("POST", code, f"{act}/preview", **{**DECISION, **body})
        assert answer.status_code == 200, answer.get_json()
        return answer.get_json()

    def do(self, code: str, act: str, /, **body: Any) -> Any:
        """Look, and confirm what was shown."""
        plan = self.preview(code, act, **body)["plan"]
        return self.ask("POST", code, act, **{**DECISION, **body}, plan=plan)

    def revoke(self, code: str) -> Any:
        """Decide and carry out."""
        assert self.ask("POST", code, "revocation", **DECISION).status_code == 201
        shown = self.client.get(f"/api/v1/orgs/{code}/life/revocation", headers=self.headers).get_json()
        return self.ask("PUT", code, "revocation", plan=shown["plan"])

    def org(self, code: str) -> Org:
        """An organisation as it is now."""
        statement = select(Org).where(Org.code == code).execution_options(populate_existing=True)
        org = self.world.session.scalars(statement).one()
        self.world.session.rollback()
        return org


def fold(db: Database, clock: FixedClock) -> None:
    """Fold all that waits, as the job does."""
    with db.session(Whole("test")) as session:
        fold_all(Context(session, Actor(None, "stats.fold", "job"), None, clock, "test"))
        session.commit()


def disagreements(db: Database, owner: str) -> list[str]:
    """What `banyan tree check` finds."""
    database = Database(owner, pool_size=1)
    with database.session(Whole("test")) as session:
        found = integrity.check(session, figures.recount)
        session.rollback()
    database.dispose()
    return [f"{one.check} {one.where}: {one.detail}" for one in found]


def value(world: World, statement: str, **values: Any) -> Any:
    """The one value a statement answers."""
    found = world.session.execute(text(statement), values).scalar()
    world.session.rollback()
    return found
