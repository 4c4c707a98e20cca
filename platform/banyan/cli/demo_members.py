"""The members of the demonstration: some in one branch and in those beside it, one of them with an account."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from banyan.cli.manifest_accounts import new_password
from banyan.kernel.context import Context
from banyan.modules.accounts.services.accounts import open_account
from banyan.modules.people.models import Member
from banyan.modules.people.rules import documents
from banyan.modules.people.services import members, sign_ins
from banyan.modules.tenancy.manifest.plan import NewAccount
from banyan.modules.tenancy.models import Org

# Code of a branch of the demonstration → how many members it has.
BRANCHES = {"jl-220104002001": 24, "jl-220104002005": 8, "jl-220104002002": 5, "jl-220104002003": 3}
SIGN_IN_NAME = "xikanglu.member"
_NAME = "成员"
_PLACE = "长春市"
# Of the ethnicities of the province: Han, Korean, Manchu, Hui.
_ETHNICITIES = ("01", "01", "10", "01", "11", "01", "01", "03")
_EDUCATION = ("senior", "bachelor", "college", "master", "vocational")
_REVIEWS = ("accepted", "accepted", "pending")


def settle(ctx: Context) -> list[NewAccount]:
    """Enter the members of the demonstration where its branches have none; returns the accounts that were made."""
    made: list[NewAccount] = []
    number = 0
    for code, many in BRANCHES.items():
        org = ctx.session.scalar(select(Org).where(Org.code == code))
        if org is None or ctx.session.scalar(select(Member.id).where(Member.org_id == org.id).limit(1)) is not None:
            continue
        for _member in range(many):
            number += 1
            member = members.enter(ctx, org.ref, _record(number))
            member.review = _REVIEWS[number % len(_REVIEWS)]
            if number == 1:
                made.append(_sign_in(ctx, member, org))
        ctx.session.flush()
    return made


def _record(number: int) -> dict[str, Any]:
    born = date(1998, 3, 9) + timedelta(days=number * 97)
    first = f"220104{born:%Y%m%d}{number:03d}"
    joined = date(born.year + 15, 5, 4)
    return {
        "name": f"{_NAME}{number:03d}",
        "number": f"{number:04d}",
        "document_number": first + documents.check_digit(first),
        "ethnicity": _ETHNICITIES[number % len(_ETHNICITIES)],
        "phone": f"1380000{number:04d}",
        "education": _EDUCATION[number % len(_EDUCATION)],
        "political_status": "03",
        "joined_on": joined,
        "joining_place": _PLACE,
        "admitted_on": max(joined, date(2025, 9, 1)),
    }


def _sign_in(ctx: Context, member: Member, org: Org) -> NewAccount:
    password = new_password()
    account = open_account(ctx, sign_in_name=SIGN_IN_NAME, display_name=member.name, home=org.ref, password=password)
    sign_ins.link(ctx, member, account)
    return NewAccount(account.sign_in_name, account.display_name, org.name, password)
