"""Set-up codes of members' accounts, handed out once: nobody sees them again, least of all the level above (ACC-02)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.imports.declared import MEMO
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import decide
from banyan.modules.accounts.models import Account
from banyan.modules.accounts.services import in_bulk
from banyan.modules.people.models import Member
from banyan.modules.people.permissions import ACCOUNT_CREATE
from banyan.modules.tenancy.models import Org

AT_ONCE = 5_000
HEADER = (lazy("Organisation"), lazy("Full name"), lazy("Sign-in name"), lazy("Set-up code"))


def hand_out(ctx: Context, _import_id: UUID, rows: Sequence[dict[str, Any]]) -> Iterable[Sequence[str]]:
    """A fresh code for each new member of an import whose account still waits for its holder."""
    ids = [UUID(row[MEMO]["account"]) for row in rows if MEMO in row and row[MEMO].get("account")]
    for start in range(0, len(ids), AT_ONCE):
        found = ctx.session.execute(
            select(Account, Member.name, Member.org_id, Member.org_path, Org.name)
            .join(Member, Member.account_id == Account.id)
            .join(Org, Org.id == Member.org_id)
            .where(Account.id.in_(ids[start : start + AT_ONCE]), Account.created_by == ctx.actor.account_id)
            .where(Account.password_hash.is_(None), Member.status == "active")
            .order_by(Member.org_path, Member.sort_name)
        ).all()
        allowed = {
            (org_id, path): decide(ctx, ACCOUNT_CREATE.name, OrgRef(org_id, path)).allowed
            for _account, _name, org_id, path, _org in found
        }
        kept = [one for one in found if allowed[one[2], one[3]]]
        codes = {one.account_id: one for one in in_bulk.issue_codes(ctx, [one[0] for one in kept])}
        for account, name, _org_id, _path, org in kept:
            if account.id in codes:
                yield org, name, account.sign_in_name, codes[account.id].code
