"""The one inner step in which a record changes: by its branch, by its member, by a merger, by an import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Invalid, Text
from banyan.kernel.events import publish
from banyan.modules.audit.services import Subject, record
from banyan.modules.people.events import MemberChanged
from banyan.modules.people.models import Member, MemberToken
from banyan.modules.people.rules import records
from banyan.modules.people.rules.review import asks_anew
from banyan.modules.people.services import field_records, persons, values

Changes = dict[str, tuple[Any, Any]]
_DOCUMENT = frozenset({"document_type", "document_number"})


def subject(member: Member) -> Subject:
    """A member as the audit log names it."""
    return Subject("member", str(member.id), member.name)


def apply_changes(
    ctx: Context,
    member: Member,
    data: Mapping[str, Any],
    *,
    action: str = "people.member.update",
    reviewed: bool = False,
) -> Changes:
    """Put new values into a record: checked, sealed, indexed, audited (masked) and told.

    Whoever calls has decided that it may be, and holds the row. Only what ``data`` names changes; what has been wrong
    in other fields before does not stand in the way.

    :param data: any of `records.FIELDS`; ``fields`` holds own fields by key.
    :param reviewed: the branch has looked at the new values already; otherwise a change of what is reviewed lets the
        record wait for its review again (PPL-03).
    :return: field → what was and what is, as it may be shown: masked.
    :raises Invalid: with every reason, by field.
    """
    before = values.record_of(member)
    own = data.get("fields")
    given = records.normalised({key: value for key, value in data.items() if key != "fields"})
    after = records.completed({**before, **given})
    changed = [key for key in records.FIELDS if after.get(key) != before.get(key)]
    _check(ctx, after, {*given, *changed}, field_records.wrong(ctx, member.org_path, own))
    more = field_records.write(ctx, member, own)
    if not changed and not more:
        return {}
    if _DOCUMENT & set(changed):
        persons.set_document(
            ctx, member.person_id, member.org, after["document_type"], after["document_number"] or "", member.id
        )
    written = {*changed, *(_DOCUMENT if _DOCUMENT & set(changed) else ())}
    for column, value in values.columns(member.id, {key: after[key] for key in written}).items():
        setattr(member, column, value)
    if not reviewed and asks_anew(frozenset(changed)):
        member.review = "pending"
    member.updated_at = ctx.clock.now()
    ctx.session.flush()
    if "name" in changed:
        ctx.session.execute(delete(MemberToken).where(MemberToken.member_id == member.id))
        find_by(ctx, member)
    old = {**values.visible(before, changed), **{label: was for label, (was, _is) in more.items()}}
    new = {**values.visible(after, changed), **{label: now for label, (_was, now) in more.items()}}
    record(ctx, action, subject(member), org=member.org, before=old, after=new)
    publish(ctx, member.org, MemberChanged(str(member.id), str(member.person_id), tuple(new)))
    return {key: (old[key], new[key]) for key in new}


def _check(ctx: Context, after: Mapping[str, Any], concerned: set[str], own: Mapping[str, list[Text]]) -> None:
    if concerned & records.IDENTITY:
        concerned = concerned | records.IDENTITY
    found = records.problems(after, today(ctx.clock))
    wrong = {**{key: reasons for key, reasons in found.items() if key in concerned}, **own}
    if wrong:
        raise Invalid(wrong)


def find_by(ctx: Context, member: Member) -> None:
    """Write the pieces that a new name is found by."""
    tokens = values.name_tokens(member.name, member.sort_name)
    ctx.session.add_all(
        MemberToken(token=token, org_path=member.org_path, member_id=member.id) for token in sorted(tokens)
    )
    ctx.session.flush()
