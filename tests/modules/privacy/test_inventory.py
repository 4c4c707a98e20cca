"""Every table of the core that knows a person or an account is told about, emptied, or kept for a reason (PPL-07)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlalchemy import Table

from banyan.app import CORE
from banyan.kernel.db.base import Base
from banyan.plugins import manager

PEOPLE = frozenset({"account", "person", "member"})
NAMES = frozenset({"person_id", "member_id", "account_id", "owner_id", "delegator_id", "deputy_id"})
# Which module's hooks tell of a table and empty it; or why nothing has to be done.
CARED_FOR: Mapping[str, str] = {
    "account": "accounts",
    "account_session": "accounts",
    "api_token": "accounts",
    "former_password": "accounts",
    "known_address": "accounts",
    "known_device": "accounts",
    "recovery_code": "accounts",
    "registration_code": "accounts",
    "reset_code": "accounts",
    "role_grant": "accounts",
    "second_factor": "accounts",
    "sign_in": "accounts",
    "org_change": "accounts: forget_names",
    "approval_delegation": "approvals",
    "approval_entry": "accounts: forget_names",
    "administrator_application": "administrators",
    "outgoing_message": "delivery",
    "notice_recipient": "notices",
    "notice_preference": "notices",
    "survey_answer": "surveys",
    "survey_turnout": "surveys",
    "person": "people",
    "member": "people",
    "membership": "people",
    "member_token": "people",
    "privacy_consent": "privacy",
    "privacy_guardian": "privacy",
    "privacy_look": "privacy",
    "privacy_request": "privacy",
    "transfer": "transfers",
    "age_exception": "people",
    "campaign_answer": "people",
    "member_change": "people",
    "file_entry": "people",
    "post": "people",
    "record_review": "people",
    "person_merge": "people",
    "member_field_value": "people",
    "audit_entry": "kept: it proves itself by its chain and leaves with its month",
    "api_answer": "kept: answers to repeated requests, for a day",
    "member_filter": "kept: a question, by an account that has no name any more",
    "privacy_many_looks": "kept: by an account, whose name is taken out",
    "transfer_note": "kept: by an account that has no name any more",
}


def knowing() -> set[str]:
    """Tables of the core with a column for somebody, by its name or by what it refers to."""
    for _module, _models in manager.load(CORE).start("banyan_models"):
        pass
    own = {
        mapper.local_table.name for mapper in Base.registry.mappers if mapper.class_.__module__.startswith("banyan.")
    }
    return {table.name for table in Base.metadata.sorted_tables if table.name in own and _knows(table)}


def _knows(table: Table) -> bool:
    refers = {key.column.table.name for column in table.columns for key in column.foreign_keys}
    return bool(NAMES & set(table.columns.keys())) or bool(PEOPLE & refers)


@pytest.mark.clause("PPL-07")
def test_no_table_of_the_core_forgets_a_person() -> None:
    forgotten = knowing() - CARED_FOR.keys()
    assert not forgotten, f"{forgotten} know somebody: tell of them and empty them, and say so here"


@pytest.mark.clause("PPL-07")
def test_whoever_cares_for_a_table_tells_of_it_and_empties_it() -> None:
    plugins = manager.load(CORE)
    caring = {said.partition(":")[0] for said in CARED_FOR.values()} - {"kept"}
    for hook in ("banyan_export_person", "banyan_erase_person"):
        assert caring <= plugins.implementing(hook), hook
