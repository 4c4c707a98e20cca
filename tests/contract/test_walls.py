"""The two walls between tenants, tried from outside our code and from inside."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from sqlalchemy import event, select, text

from banyan.kernel.db.base import Base
from banyan.kernel.db.scoped import Exact, Owned, Published, Scoped, Subtree, Whole
from banyan.kernel.db.session import Database
from banyan.kernel.errors import ScopeViolation
from banyan.kernel.jobs import LongTask
from tests.factories import World


def scoped_models() -> list[type[Any]]:
    """Those of the core; a plugin's are looked at where the plugin is installed."""
    found = [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, Scoped)]
    return [model for model in found if model.__module__.startswith("banyan.")]


def task(org: Any, world: World) -> LongTask:
    return LongTask(
        org_id=org.id,
        org_path=org.path,
        kind="test",
        title="Test",
        arguments={},
        request_id="test",
        created_at=world.clock.now(),
    )


@pytest.fixture
def neighbours(world: World) -> tuple[Any, Any, Any]:
    root = world.org()
    left, right = world.org(root), world.org(root)
    child = world.org(left)
    world.session.add_all([task(left, world), task(right, world), task(child, world)])
    world.session.commit()
    return left, right, child


def test_every_scoped_table_has_row_security_as_its_model_says(urls: Any) -> None:
    with psycopg.connect(urls.owner) as owner:
        rows = owner.execute(
            "SELECT c.relname, c.relrowsecurity, p.polname, pg_get_expr(p.polqual, p.polrelid),"
            " pg_get_expr(p.polwithcheck, p.polrelid)"
            " FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid WHERE c.relkind = 'r'"
        ).fetchall()
    found = {name: (enabled, policy, using, check) for name, enabled, policy, using, check in rows}
    for model in scoped_models():
        enabled, policy, using, check = found[model.__tablename__]
        assert enabled, f"{model.__tablename__} has no row security"
        assert policy == f"{model.__tablename__}_scope"
        assert "app.lo" in using
        assert "app.hi" in check
        assert ("app.up" in using) == issubclass(model, Published)
        assert "app.up" not in check
        if issubclass(model, Owned):
            assert "app.me" in using
            assert "app.me" not in check


@pytest.mark.clause("ORG-08")
def test_a_raw_connection_without_scope_sees_nothing(urls: Any, neighbours: Any) -> None:
    with psycopg.connect(urls.app) as raw:
        for model in scoped_models():
            assert raw.execute(f"SELECT count(*) FROM {model.__tablename__}").fetchone() == (0,)


@pytest.mark.clause("ORG-08")
def test_a_raw_connection_sees_and_writes_its_scope_only(urls: Any, neighbours: Any) -> None:
    left, right, child = neighbours
    with psycopg.connect(urls.app) as raw:
        raw.execute(
            "SELECT set_config('app.lo', %s, true), set_config('app.hi', %s, true)", (left.path, left.path + "!")
        )
        assert raw.execute("SELECT org_id FROM long_task").fetchall() == [(left.id,)]
        assert raw.execute("UPDATE long_task SET title = 'mine' WHERE org_id = %s", (right.id,)).rowcount == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            raw.execute("UPDATE long_task SET org_id = %s, org_path = %s", (right.id, right.path))
    with psycopg.connect(urls.app) as raw:
        hi = left.path[:-1] + "/"
        raw.execute("SELECT set_config('app.lo', %s, true), set_config('app.hi', %s, true)", (left.path, hi))
        assert {row[0] for row in raw.execute("SELECT org_id FROM long_task")} == {left.id, child.id}


def test_the_application_role_can_neither_own_nor_bypass(urls: Any) -> None:
    with psycopg.connect(urls.app) as raw:
        row = raw.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row == (False, False, False)
        for statement in ("DELETE FROM audit_entry", "UPDATE audit_entry SET action = ''", "DROP TABLE org"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                raw.execute(statement)
            raw.rollback()


def test_the_scope_does_not_outlive_its_transaction(db: Database, neighbours: Any) -> None:
    left, _right, _child = neighbours
    with db.engine.connect() as connection:
        with db.session(Subtree(left.ref), on=connection) as session:
            assert len(session.scalars(select(LongTask)).all()) == 2
            session.commit()
        assert connection.execute(text("SELECT count(*) FROM long_task")).scalar_one() == 0


def test_wall_one_narrows_and_refuses_without_the_database(db: Database, neighbours: Any, world: World) -> None:
    left, right, child = neighbours
    said: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda _c, _k, statement, *_rest: said.append(statement))
    with db.session(Exact(left.ref)) as session:
        session.execute(select(LongTask.org_id))
        assert "long_task.org_path >=" in said[-1]
        assert session.scalars(select(LongTask.org_id)).all() == [left.id]
        other = session.scalars(select(LongTask).where(LongTask.org_id == child.id)).first()
        assert other is None
        session.add(task(right, world))
        with pytest.raises(ScopeViolation):
            session.flush()


def test_a_session_over_everything_states_its_reason() -> None:
    with pytest.raises(ValueError, match="reason"):
        Whole("")


def test_a_row_written_for_a_place_that_is_no_more_fails(db: Database, world: World) -> None:
    org = world.org()
    with db.session(Whole("test")) as session:
        row = task(org, world)
        row.org_path = "zz."
        session.add(row)
        with pytest.raises(Exception, match="fk_long_task_org"):
            session.flush()
