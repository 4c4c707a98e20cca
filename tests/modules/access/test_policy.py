"""What roles mean: read, evaluated, published; failing closed."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from banyan.app import CORE, policy_store
from banyan.kernel.settings import data_dir
from banyan.kernel.values import Binding, Permission, Role
from banyan.modules.access import policy
from banyan.modules.access.models import OrgRole, PolicyStamp
from banyan.modules.access.policy import PolicyError, PolicyStore
from banyan.modules.access.services import roles
from banyan.plugins import manager
from tests.modules.access.people import Province

READ, WRITE = Permission("test.thing:read", "read"), Permission("test.thing:write", "write")
KEYS = ("reader", "writer", "warned", "deputy")


def _store(folder: Path, lines: str, conflicts: str = "", bindings: tuple[Binding, ...] = ()) -> PolicyStore:
    (folder / "model.conf").write_text((data_dir("policies") / "model.conf").read_text())
    (folder / "roles.csv").write_text(lines)
    (folder / "conflicts.csv").write_text(conflicts)
    return PolicyStore(folder, (READ, WRITE), [Role(key, key) for key in KEYS], bindings)


def test_roles_mean_what_their_lines_say(tmp_path: Path) -> None:
    lines = """# a comment
p, reader, test.thing:read, allow
p, writer, test.*, allow
p, warned, test.*, allow
p, warned, test.thing:write, deny
g, deputy, writer
"""
    found = _store(tmp_path, lines, bindings=(Binding("reader", "test.thing:write"),)).snapshot.roles
    assert found["reader"].allowed == {READ.name, WRITE.name}, "its own line, and the one a module brought"
    assert found["warned"].allowed == {READ.name}
    assert found["warned"].denied == {WRITE.name}
    assert found["warned"].lines[WRITE.name] == "p, warned, test.thing:write, deny"
    assert found["deputy"].allowed == found["writer"].allowed == {READ.name, WRITE.name}
    assert found["deputy"].lines[READ.name] == "p, writer, test.*, allow"


@pytest.mark.parametrize(
    "lines",
    [
        "p, reader, , allow",
        "p, , test.thing:read, allow",
        "p, reader, test.thing:read",
        "p, reader, test.thing:read, maybe",
        "g, reader,",
        "q, reader, writer",
        "p, stranger, test.thing:read, allow",
        "g, stranger, reader",
    ],
)
def test_a_policy_that_cannot_be_right_is_not_served(tmp_path: Path, lines: str) -> None:
    with pytest.raises(PolicyError):
        _store(tmp_path, lines)


@pytest.mark.parametrize(
    "conflicts", ["reader, writer", "reader, reader, why", "reader, , why", "reader, emperor, why"]
)
def test_conflicts_that_cannot_be_right_are_not_served(tmp_path: Path, conflicts: str) -> None:
    with pytest.raises(PolicyError):
        _store(tmp_path, "", conflicts)


def test_the_shipped_policy_gives_an_administrator_everything_and_an_auditor_no_writing(land: Province) -> None:
    store = _store_of_another_process()
    found = store.snapshot.roles
    assert found["org_admin"].allowed == set(store.permissions)
    verbs = {name.split(":")[1] for name in found["org_auditor"].allowed - {"tasks.task:create"}}
    assert verbs <= {"read", "export", "explain", "verify"}, "an export is a task, as verifying is, and changes nothing"
    assert found["deputy_secretary_general"].allowed == found["secretary_general"].allowed
    assert store.conflicting("org_admin", "org_auditor")
    assert store.conflicting("org_auditor", "org_admin")


def _store_of_another_process() -> PolicyStore:
    return policy_store(manager.load(CORE))


def test_an_edit_in_one_process_is_seen_by_another_on_its_next_request(land: Province) -> None:
    other = _store_of_another_process()
    role = land.define(land.mayor, "city", "tenancy.org:read", "audit.entry:read").get_json()
    clerk = land.world.account(land.city)
    land.world.grant(clerk, land.city, role["id"])
    now, session = land.world.clock.now(), land.world.session
    _grants, before = policy.authority(session, other, clerk.id, now)
    assert before.roles[role["id"]].allowed == {"tenancy.org:read", "audit.entry:read"}
    edit = {"name": "档案员", "permissions": ["tenancy.org:read"], "version": role["version"]}
    assert land.api(land.mayor, "PUT", f"city/own-roles/{role['id']}", json=edit).status_code == 200
    session.rollback()
    _grants, after = policy.authority(session, other, clerk.id, now)
    assert after.version > before.version
    assert after.roles[role["id"]].allowed == {"tenancy.org:read"}
    assert before.roles[role["id"]].allowed == {"tenancy.org:read", "audit.entry:read"}, "a snapshot never changes"


def test_only_changed_roles_are_evaluated_again(land: Province, monkeypatch: pytest.MonkeyPatch) -> None:
    other = _store_of_another_process()
    kept = land.define(land.mayor, "city", "tenancy.org:read", name="甲角色").get_json()["id"]
    edited = land.define(land.mayor, "city", "tenancy.org:read", name="乙角色").get_json()
    session = land.world.session
    other.current(session, _stamp(land), [kept, edited["id"]])
    edit = {"name": "乙角色", "permissions": ["audit.entry:read"], "version": edited["version"]}
    land.api(land.mayor, "PUT", f"city/own-roles/{edited['id']}", json=edit)
    asked: list[str] = []
    real = policy.evaluate

    def watched(model: Path, lines: policy.Lines, names: list[str], permissions: list[str]) -> object:
        asked.extend(names)
        return real(model, lines, names, permissions)

    monkeypatch.setattr(policy, "evaluate", watched)
    session.rollback()
    other.current(session, _stamp(land), [kept, edited["id"]])
    assert asked == [edited["id"]]


def test_an_unknown_role_means_nothing_and_is_looked_for_once(land: Province, statements: list[str]) -> None:
    other, unknown = _store_of_another_process(), [str(uuid4()), "of-a-plugin-that-is-gone", "-" * 36]
    session = land.world.session
    found = other.current(session, _stamp(land), unknown)
    assert all(not found.roles[role].allowed for role in unknown)
    stamp = _stamp(land)
    statements.clear()
    other.current(session, stamp, unknown)
    assert statements == []


def test_a_change_that_is_rolled_back_was_never_published(land: Province) -> None:
    role = land.define(land.mayor, "city", "tenancy.org:read").get_json()
    ctx = land.world.context(land.mayor, land.city)
    with land.world.app.app_context(), ctx.session:
        row = ctx.session.get_one(OrgRole, UUID(role["id"]))
        wanted = {"name": "档案员", "description": "", "permissions": ["audit.entry:read"], "version": role["version"]}
        roles.update_role(ctx, row, wanted)
        meant = policy.store().rights(ctx.session, [role["id"]]).roles[role["id"]]
        assert meant.allowed == {"audit.entry:read"}
        ctx.session.rollback()
        found = policy.store().current(ctx.session, _stamp(land), [role["id"]])
        assert found.roles[role["id"]].allowed == {"tenancy.org:read"}


def _stamp(land: Province) -> int:
    return land.world.session.scalars(select(PolicyStamp.version)).one()
