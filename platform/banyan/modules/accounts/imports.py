"""Administrators from a spreadsheet: accounts with a role, opened without password; who imported hands out the codes.

No password is ever in a file. Each new account waits for its holder, who sets the password with a one-time code; the
codes are made when they are asked for, once, by who imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import marshmallow as ma
from marshmallow import validate
from sqlalchemy import select

from banyan.api.schemas import Schema, Text
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy
from banyan.kernel.imports import Handout, Importable, ImportRow, Written
from banyan.kernel.imports.declared import Choices
from banyan.modules.access.services.grants import grant_role
from banyan.modules.accounts.models import Account, RegistrationCode
from banyan.modules.accounts.permissions import ACCOUNT_CREATE
from banyan.modules.accounts.rules import sign_in_name
from banyan.modules.accounts.schemas import PHONE, REACHES
from banyan.modules.accounts.services import accounts, codes, comparing
from banyan.modules.tenancy.models import Org

AT_ONCE = 5_000


class AdministratorRow(Schema):
    """A row of the file."""

    organisation = Text(
        required=True,
        validate=validate.Length(max=32),
        metadata={
            "label": lazy("Code of the organisation"),
            "help": lazy("An organisation here or below."),
            "kind": "code",
            "example": "league-220104",
            "aliases": (lazy("Organisation"), lazy("Organisation code")),
            "brief": True,
        },
    )
    sign_in_name = Text(
        required=True,
        validate=validate.Length(max=64),
        metadata={
            "label": lazy("Sign-in name"),
            "help": lazy("3 to 64 letters, digits or Chinese characters; capitals do not matter."),
            "kind": "code",
            "example": "wang.xiaoming",
            "aliases": (lazy("Account"),),
            "brief": True,
        },
    )
    display_name = Text(
        required=True,
        validate=validate.Length(1, 50),
        metadata={"label": lazy("Full name"), "example": lazy("Wang Xiaoming"), "brief": True},
    )
    phone = Text(
        load_default="",
        validate=PHONE,
        metadata={"label": lazy("Phone"), "kind": "code", "example": "13900000000", "aliases": (lazy("Telephone"),)},
    )
    role = Text(load_default=codes.DEFAULT_ROLE, metadata={"label": lazy("Role"), "kind": "choice"})
    reach = ma.fields.String(
        load_default=codes.DEFAULT_REACH,
        validate=validate.OneOf([key for key, _label in REACHES]),
        metadata={"label": lazy("Reach"), "kind": "choice"},
    )

    @ma.post_load
    def _as_kept(self, data: dict[str, Any], **_options: Any) -> dict[str, Any]:
        data["sign_in_name"] = sign_in_name(data["sign_in_name"])
        data["organisation"] = data["organisation"].lower()
        return data


def choices(ctx: Context) -> Choices:
    """Roles the actor may give here, and reaches."""
    return {"role": codes.role_choices(ctx), "reach": REACHES}


def write(ctx: Context, rows: Sequence[ImportRow]) -> Written:
    """Open accounts with their role and a code that nobody knows yet; edit those that are there."""
    places = {row.data["organisation"] for row in rows}
    found = ctx.session.scalars(select(Org).where(Org.code.in_(sorted(places))))
    homes = {org.code: org.ref for org in found}
    for row in rows:
        data = row.data
        if row.kind == "changed":
            accounts.edit(ctx, UUID(row.memo["id"]), {**data, "version": row.memo["version"]})
            continue
        home = homes[data["organisation"]]
        role, reach = data.get("role", codes.DEFAULT_ROLE), data.get("reach", codes.DEFAULT_REACH)
        account = accounts.open_account(
            ctx,
            sign_in_name=data["sign_in_name"],
            display_name=data["display_name"],
            home=home,
            password=None,
            phone=data.get("phone", ""),
        )
        grant_role(ctx.at(home), account_id=account.id, role=role, org=home, reach=reach)
        codes.issue_for_account(ctx, account, role=role, reach=reach, note=account.display_name)
    return Written({})


def hand_out(ctx: Context, _import_id: UUID, rows: Sequence[dict[str, Any]]) -> Iterable[Sequence[str]]:
    """A fresh code for each account of the import that still waits for its holder."""
    named = {row["sign_in_name"]: row for row in rows}
    names = sorted(named)
    for start in range(0, len(names), AT_ONCE):
        found = ctx.session.execute(
            select(Account, RegistrationCode)
            .join(RegistrationCode, RegistrationCode.account_id == Account.id)
            .where(
                Account.sign_in_name.in_(names[start : start + AT_ONCE]),
                Account.created_by == ctx.actor.account_id,
                codes.redeemable(ctx),
            )
            .order_by(Account.org_path, Account.sign_in_name)
        ).all()
        for account, code in found:
            row = named[account.sign_in_name]
            yield row["organisation"], account.display_name, account.sign_in_name, codes.renew(ctx, code)


ADMINISTRATORS = Importable(
    name="administrators",
    title=lazy("Administrators"),
    permission=ACCOUNT_CREATE.name,
    schema=AdministratorRow,
    key=("sign_in_name",),
    check=comparing.check,
    write=write,
    choices=choices,
    instructions=(
        lazy(
            "No passwords: after the import you download one code for each new account, with which its holder sets one."
        ),
        lazy("An account that exists already is compared and changed; its roles stay."),
    ),
    back="accounts_pages.administrators",
    handout=Handout(
        label=lazy("Set-up codes"),
        help=lazy("One code for each new account, good for 20 days. Give each to its holder alone."),
        header=(
            lazy("Code of the organisation"),
            lazy("Full name"),
            lazy("Sign-in name"),
            lazy("Registration code"),
        ),
        make=hand_out,
    ),
)
IMPORTS = (ADMINISTRATORS,)
