"""Selects that go to the driver as finished SQL answer as SQLAlchemy would, every time with their own values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, bindparam, false, func, literal, literal_column, select, true
from sqlalchemy.exc import DBAPIError, OperationalError

from banyan.kernel.db import session as sessions
from banyan.kernel.db.prepared import Narrowable, Prepared
from banyan.kernel.db.scoped import Subtree
from banyan.kernel.db.session import Database, reading
from banyan.kernel.jobs import LongTask
from banyan.modules.accounts.models import ApiToken
from banyan.modules.tenancy.models import Org
from tests.factories import World


@pytest.fixture
def connection(db: Database) -> Iterator[Connection]:
    with db.engine.connect() as found:
        yield found


def test_a_prepared_select_answers_on_a_connection_as_in_a_session(world: World, connection: Connection) -> None:
    world.org(code="here")
    named = Prepared(select(Org.code, Org.name).where(Org.code == bindparam("code")))
    for on in (connection, world.session):
        assert [tuple(row) for row in named.rows(on, {"code": "here"})] == [("here", "组织here")]
        assert list(named.rows(on, {"code": "nowhere"})) == []


def test_predicates_of_one_shape_keep_their_own_values(world: World, connection: Connection) -> None:
    for code in ("aa", "bb", "cc"):
        world.org(code=code)
    codes = Narrowable(select(Org.code).order_by(Org.code).limit(bindparam("most")))
    for low, high in (("aa", "bb"), ("bb", "cc"), ("aa", "cc")):
        found = codes.rows(connection, [Org.code >= low, Org.code <= high], {"most": 5})
        assert [row[0] for row in found] == [code for code in ("aa", "bb", "cc") if low <= code <= high]
    assert len(codes.rows(connection, [Org.code >= "aa", Org.code <= "cc"], {"most": 2})) == 2
    assert [row[0] for row in codes.rows(connection, [Org.code > "bb"], {"most": 5})] == ["cc"]


def test_values_beside_a_predicate_that_is_always_false_are_not_missed(world: World, connection: Connection) -> None:
    world.org(code="aa")
    codes = Narrowable(select(Org.code))
    for asked in ("aa", "bb"):
        assert codes.rows(connection, [false(), Org.code == asked], {}) == []
        assert len(codes.rows(connection, [true(), Org.code == asked], {})) == (asked == "aa")


def test_a_list_of_values_goes_through_sqlalchemy(world: World, connection: Connection) -> None:
    for code in ("aa", "bb", "cc"):
        world.org(code=code)
    codes = Narrowable(select(Org.code).order_by(Org.code))
    for wanted in (["aa"], ["aa", "cc"], ["bb", "cc", "dd"]):
        found = codes.rows(connection, [Org.code.in_(wanted)], {})
        assert [row[0] for row in found] == [code for code in wanted if code != "dd"]


def test_what_the_database_refuses_is_raised_as_sqlalchemy_raises_it(connection: Connection) -> None:
    divided = Prepared(select(literal_column("1 / 0")))
    with pytest.raises(DBAPIError) as caught:
        divided.rows(connection, {})
    assert isinstance(caught.value.orig, psycopg.errors.DivisionByZero)


def test_reading_without_a_unit_of_work_sees_the_scope_alone(
    world: World, db: Database, connection: Connection
) -> None:
    root = world.org()
    left, right = world.org(root), world.org(root)
    for org in (left, right):
        kept: dict[str, Any] = {"kind": "t", "title": "T", "arguments": {}, "request_id": "t"}
        world.session.add(LongTask(org_id=org.id, org_path=org.path, created_at=world.clock.now(), **kept))
    world.session.commit()
    session = db.session(Subtree(left.ref), on=connection)
    found = Narrowable(select(LongTask.org_id)).rows(reading(session), [], {})
    assert [row[0] for row in found] == [left.id]
    assert not session.in_transaction()
    connection.rollback()
    assert connection.scalar(select(func.count()).select_from(LongTask)) == 0


def test_a_token_in_use_is_noted_even_where_the_view_only_reads(world: World, client: FlaskClient) -> None:
    account = world.admin(world.org(code="here"))
    headers = world.token(account)
    world.session.query(ApiToken).update({"used_at": None})
    world.session.commit()
    assert client.get("/api/v1/orgs/here/organisations", headers=headers).status_code == 200
    assert world.session.scalars(select(ApiToken.used_at)).one() == world.clock.now()


def test_no_address_with_a_zero_character_is_found(world: World, client: FlaskClient) -> None:
    headers = world.token(world.admin(world.org(code="here")))
    assert client.get("/api/v1/orgs/he%00re/organisations", headers=headers).status_code == 404


def test_a_connection_that_died_while_it_rested_is_replaced(
    db: Database, urls: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.engine.connect() as connection:
        pid = connection.scalar(select(func.pg_backend_pid()))
    with psycopg.connect(urls.owner.replace("banyan_owner@", "postgres@", 1), autocommit=True) as server:
        server.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    monkeypatch.setattr(sessions, "UNASKED_SECONDS", 0.0)
    for _ in range(20):
        with db.engine.connect() as connection:
            assert connection.scalar(select(func.pg_backend_pid())) != pid


def test_a_connection_that_died_a_moment_ago_fails_once_and_is_replaced(db: Database, urls: Any) -> None:
    with db.engine.connect() as connection:
        pid = connection.scalar(select(func.pg_backend_pid()))
        with psycopg.connect(urls.owner.replace("banyan_owner@", "postgres@", 1), autocommit=True) as server:
            server.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        with pytest.raises(OperationalError):
            Prepared(select(Org.code)).rows(connection, {})
    with db.engine.connect() as connection:
        assert connection.scalar(select(func.pg_backend_pid())) != pid


def test_a_value_is_converted_as_its_type_demands(world: World, connection: Connection) -> None:
    world.org(code="here")
    codes = Narrowable(select(Org.code))
    for wanted in (True, False):
        assert len(codes.rows(connection, [Org.code == "here", literal(wanted)], {})) == int(wanted)
    assert {found is None for found in codes._shapes.values()} == {False}
