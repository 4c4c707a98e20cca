"""Fill in an application, correct it, add the sealed form, send it, take it back (ORG-02)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Invalid, NotFound, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.files import FileStore, Sniffed, StoredFile, forget, keep
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef
from banyan.modules.access.decision import load, require
from banyan.modules.accounts import rules as account_rules
from banyan.modules.accounts.models import Account
from banyan.modules.administrators import flow
from banyan.modules.administrators.events import ApplicationChanged
from banyan.modules.administrators.models import AdministratorApplication
from banyan.modules.administrators.permissions import CREATE, DECIDE, READ
from banyan.modules.administrators.services import keys, standing
from banyan.modules.administrators.services.standing import subject
from banyan.modules.approvals import services as approvals
from banyan.modules.audit.services import changes, record
from banyan.modules.tenancy.models import Org

EDITABLE = ("person_in_charge", "phone", "administrator", "administrator_phone", "sign_in_name", "replaces", "reason")
SCANS = {".pdf": "application/pdf", ".png": "image/png", ".jpg": "image/jpeg"}


def create(ctx: Context, data: Mapping[str, Any]) -> tuple[AdministratorApplication, str]:
    """Fill in an application of the organisation of the request, which is somebody's own or one below.

    :param data: of `Application`. :return: the application, and the receipt code with which it is followed.
    :raises Refused: with every reason why it cannot apply. :raises Invalid: with every reason against the data.
    """
    require(ctx, CREATE.name, ctx.here)
    at_home = any(grant.org_id == ctx.here.id for grant in ctx.actor.grants)
    return _create(ctx, ctx.here, data, "own" if at_home else "paper")


def create_invited(ctx: Context, code: str, data: Mapping[str, Any]) -> tuple[AdministratorApplication, str]:
    """Fill in an application by invitation, which is used up by it.

    :param ctx: inside the organisation of the invitation. :raises Invalid: the code is not valid (any more).
    """
    key = keys.take(ctx, code)
    application, receipt = _create(ctx, key.org, data, "invited")
    key.used_at, key.application_id = ctx.clock.now(), application.id
    return application, receipt


def _create(ctx: Context, org: OrgRef, data: Mapping[str, Any], origin: str) -> tuple[AdministratorApplication, str]:
    standing.require_applicable(ctx, org)
    values = _checked(ctx, org, data)
    application = AdministratorApplication(
        org_id=org.id,
        org_path=org.path,
        origin=origin,
        created_by=ctx.actor.account_id,
        created_at=ctx.clock.now(),
        **values,
    )
    ctx.session.add(application)
    ctx.session.flush()
    record(ctx, "administrators.application.create", subject(application), org=org, after=snapshot(ctx, application))
    return application, keys.give_receipt(ctx, application)


def find(ctx: Context, application_id: UUID) -> AdministratorApplication:
    """An application within reach, to be looked at."""
    return load(ctx, READ.name, AdministratorApplication, application_id)


def own(ctx: Context, application_id: UUID) -> AdministratorApplication:
    """An application within reach, to be changed."""
    return load(ctx, CREATE.name, AdministratorApplication, application_id)


def edit(ctx: Context, application: AdministratorApplication, data: Mapping[str, Any]) -> None:
    """Correct an application that was not sent yet or has been returned.

    :param data: of `ApplicationEdit`; what it does not name stays. :raises Conflict: edited since it was read.
    """
    _hold(ctx, application)
    if data["version"] != application.version:
        raise Conflict(lazy("Somebody else changed this meanwhile. Load the page again and repeat your change."))
    before = snapshot(ctx, application)
    held = {key: getattr(application, key) for key in EDITABLE}
    for key, value in _checked(ctx, application.org, {**held, **data}).items():
        setattr(application, key, value)
    ctx.session.flush()
    old, new = changes(before, snapshot(ctx, application))
    if new:
        record(
            ctx, "administrators.application.update", subject(application), org=application.org, before=old, after=new
        )


def attach(ctx: Context, application: AdministratorApplication, store: FileStore, scan: Sniffed) -> None:
    """Add the sealed form, in the place of one that was added before.

    :param scan: checked but not yet kept.
    """
    _hold(ctx, application)
    former = ctx.session.get(StoredFile, application.scan_id) if application.scan_id else None
    row = keep(ctx, store, application.org, scan)
    ctx.session.flush()
    application.scan_id = row.id
    ctx.session.flush()
    if former is not None and application.request_id is None:
        forget(ctx, store, former)
    after = {"scan": row.name}
    record(ctx, "administrators.application.scan", subject(application), org=application.org, after=after)


def scan_of(ctx: Context, application: AdministratorApplication) -> StoredFile:
    """The sealed form. :raises NotFound: there is none yet."""
    row = ctx.session.get(StoredFile, application.scan_id) if application.scan_id else None
    if row is None:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    return row


def send(ctx: Context, application: AdministratorApplication) -> None:
    """Send it to the organisation directly above, for the first time or again.

    :raises Refused: the sealed form is missing, or something has changed since it was filled in; with every reason.
    """
    _hold(ctx, application)
    reasons = _against_sending(ctx, application)
    if reasons:
        raise Refused(*reasons)
    asking, first = _asking(ctx, application), application.request_id is None
    about: dict[str, Any] = {"details": _details(ctx, application), "files": [scan_of(ctx, application)]}
    title = lazy("Administrator account for %(name)s", name=_name(ctx, application.org))
    if application.request_id is None:
        sides = {flow.APPLICANT: application.org}
        request = approvals.submit(asking, flow.NAME, subject(application), title=str(title), sides=sides, **about)
        application.request_id = request.id
        application.state = "sent"
    else:
        approvals.resubmit(asking, application.request_id, vouched=True, title=str(title), **about)
    application.sent_at = ctx.clock.now()
    ctx.session.flush()
    before = {"state": "draft" if first else "returned"}
    record(
        ctx,
        "administrators.application.send",
        subject(application),
        org=application.org,
        before=before,
        after={"state": "sent"},
    )
    publish(ctx, application.org, ApplicationChanged(str(application.id), application.state))


def withdraw(ctx: Context, application: AdministratorApplication) -> None:
    """Take an application back, whether it was sent or not.

    :raises Refused: it has been decided.
    """
    ctx.session.refresh(application, with_for_update=True)
    if application.state == "draft":
        application.state, application.decided_at = "withdrawn", ctx.clock.now()
        ctx.session.flush()
        record(
            ctx,
            "administrators.application.withdraw",
            subject(application),
            org=application.org,
            before={"state": "draft"},
            after={"state": "withdrawn"},
        )
        publish(ctx, application.org, ApplicationChanged(str(application.id), application.state))
        return
    if application.request_id is None or application.state not in ("sent", "returned"):
        raise Refused(lazy("This application has been decided already."))
    approvals.withdraw(_asking(ctx, application), application.request_id, vouched=True)


def new_receipt(ctx: Context, application: AdministratorApplication) -> str:
    """A receipt code in the place of one that was lost. It leads to the set-up code, so only the level above gives it.

    :raises NotFound: the organisation above is out of the actor's reach.
    """
    upper = standing.upper_of(ctx, application.org)
    if upper is None:
        raise NotFound(lazy("There is nothing here, or it is not within your reach."))
    require(ctx, DECIDE.name, upper.ref)
    return keys.give_receipt(ctx, application)


def snapshot(ctx: Context, application: AdministratorApplication) -> dict[str, Any]:
    """The values of an application that its history shows."""
    found = {key: getattr(application, key) for key in EDITABLE}
    return {**found, "replaces": standing.name_of(ctx, application.replaces), "origin": application.origin}


def _hold(ctx: Context, application: AdministratorApplication) -> None:
    ctx.session.refresh(application, with_for_update=True)
    if not application.correctable:
        raise Refused(lazy("This application has been sent or decided; it cannot be changed now."))


def _asking(ctx: Context, application: AdministratorApplication) -> Context:
    """For the approval engine a paper is asked for by nobody with an account, so that whoever entered it may decide."""
    if application.origin == "paper":
        return replace(ctx, actor=replace(ctx.actor, account_id=None))
    return ctx


def _checked(ctx: Context, org: OrgRef, data: Mapping[str, Any]) -> dict[str, Any]:
    values = {key: data[key] for key in EDITABLE}
    values["sign_in_name"] = account_rules.sign_in_name(values["sign_in_name"])
    problems: dict[str, list[Text]] = {}
    against_name = name_problems(ctx, values["sign_in_name"])
    if against_name:
        problems["sign_in_name"] = against_name
    known = {identity for identity, _name in standing.replaceable(ctx, org)}
    if values["replaces"] is not None and str(values["replaces"]) not in known:
        problems["replaces"] = [lazy("This account has no role at the organisation.")]
    if problems:
        raise Invalid(problems)
    return values


def name_problems(ctx: Context, name: str) -> list[Text]:
    """Why no account can be opened under this sign-in name."""
    found = account_rules.sign_in_name_problems(name)
    if not found and ctx.session.scalar(select(Account.id).where(Account.sign_in_name == name)) is not None:
        found = [lazy("This sign-in name is already taken.")]
    return found


def _against_sending(ctx: Context, application: AdministratorApplication) -> list[Text]:
    org = ctx.session.get_one(Org, application.org_id)
    reasons: list[Text] = []
    if org.status != "active":
        reasons.append(lazy("This organisation has been revoked."))
    if application.scan_id is None:
        reasons.append(lazy("The sealed form is missing: print it, have it sealed, and upload a scan or photo."))
    reasons.extend(name_problems(ctx, application.sign_in_name))
    known = {identity for identity, _name in standing.replaceable(ctx, application.org)}
    if application.replaces is not None and str(application.replaces) not in known:
        reasons.append(lazy("The account to be replaced has no role at the organisation any more."))
    return reasons


def _name(ctx: Context, org: OrgRef) -> str:
    return ctx.session.get_one(Org, org.id).name


def _details(ctx: Context, application: AdministratorApplication) -> dict[Any, str]:
    shown = {
        lazy("Organisation"): _name(ctx, application.org),
        lazy("Person in charge"): application.person_in_charge,
        lazy("Phone"): application.phone,
        lazy("New administrator"): application.administrator,
        lazy("Mobile phone"): application.administrator_phone,
        lazy("Sign-in name"): application.sign_in_name,
        lazy("In place of"): standing.name_of(ctx, application.replaces),
        lazy("Reason"): application.reason,
        lazy("Application number"): application.number,
    }
    return {label: value for label, value in shown.items() if value}
