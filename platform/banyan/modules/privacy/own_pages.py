"""Console pages of members about their own data: copy, correction, erasure, notice, consent, who looked (PPL-07)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, url_for
from flask.typing import ResponseReturnValue

from banyan.kernel import runtime as rt
from banyan.kernel.access_marks import signed_in
from banyan.kernel.context import Context
from banyan.kernel.i18n import lazy, translate
from banyan.modules.accounts.services import confirmation
from banyan.modules.people.models import Member
from banyan.modules.privacy import rules, schemas
from banyan.modules.privacy.services import consents, erasure, looks, requests
from banyan.modules.tasks.downloads import attachment
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit

pages = Blueprint("privacy_own_pages", __name__, template_folder="templates")
HOME = "privacy_own_pages.home"


def inside() -> tuple[Context, Member]:
    """One's own record, and the request going on at its organisation.

    :raises NotFound: whoever is signed in has none.
    """
    member = requests.my_record(rt.current())
    ctx = rt.inside(member.org)
    return ctx, ctx.session.get_one(Member, member.id)


@pages.get("/me/privacy")
@signed_in
def home() -> ResponseReturnValue:
    """What one can have, correct, agree to and withdraw; who looked at one's data."""
    ctx, member = inside()
    return render_template(
        "privacy/own/home.html",
        member=member,
        standing=consents.standing(ctx, member),
        looks=looks.about(ctx, member.person_id),
        requests=[(one, erasure.number(one)) for one in requests.mine(ctx, member.person_id)],
        correct_url=url_for("people_own_pages.first"),
        labels=looks.FIELD_LABELS,
        reasons=rules.REASONS,
        ways=rules.WAYS,
        kinds=rules.KINDS,
        states=rules.STATES,
        tones=rules.STATE_TONES,
    )


@pages.post("/me/privacy/copy")
@signed_in
def copy() -> ResponseReturnValue:
    """Ask for a copy of everything held about oneself."""
    confirmation.require_recent(rt.current())
    ctx, member = inside()
    requests.ask_copy(ctx, member)
    return done(lazy("The copy is being made. You find it below in a moment."), HOME)


@pages.get("/me/privacy/copies/<uuid:data_request_id>", endpoint="copy_file")
@signed_in
def fetch(data_request_id: UUID) -> Response:
    """Fetch the copy."""
    confirmation.require_recent(rt.current())
    ctx, _member = inside()
    found = requests.my_copy(ctx, data_request_id)
    return attachment(found, found.name)


@pages.get("/me/privacy/erasure")
@signed_in
def erasure_form() -> ResponseReturnValue:
    """The form in which one asks to be erased: what stands in the way, and what would stay."""
    ctx, member = inside()
    return render_template("privacy/own/erasure.html", form=BoundForm(schemas.ErasureAsk()), **_about(ctx, member))


@pages.post("/me/privacy/erasure")
@signed_in
def erasure_ask() -> ResponseReturnValue:
    """Ask to be erased."""
    confirmation.require_recent(rt.current())
    ctx, member = inside()
    about = _about(ctx, member)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        requests.ask_erasure(ctx, member, data["reason"])
        return done(lazy("The request has been handed in. It is decided within 15 working days."), HOME)

    return submit(BoundForm(schemas.ErasureAsk()), use, "privacy/own/erasure.html", **about)


def _about(ctx: Context, member: Member) -> dict[str, Any]:
    person = member.person_id
    kept = [translate(one) for one in erasure.kept(ctx, person)]
    return {"member": member, "against": erasure.against(ctx, person), "kept": kept}


@pages.get("/me/privacy/notice")
@signed_in
def notice() -> ResponseReturnValue:
    """The privacy notice that holds, to take note of and to agree to."""
    ctx, member = inside()
    return render_template("privacy/own/notice.html", member=member, standing=consents.standing(ctx, member))


@pages.post("/me/privacy/consents/notice")
@signed_in
def take_note() -> ResponseReturnValue:
    """Take note of the notice."""
    ctx, member = inside()
    consents.give(ctx, member, consents.NOTICE)
    return done(lazy("Thank you. This has been noted."), HOME)


@pages.post("/me/privacy/consents/sensitive")
@signed_in
def agree() -> ResponseReturnValue:
    """Agree to the processing of sensitive data."""
    ctx, member = inside()
    consents.give(ctx, member, consents.SENSITIVE)
    return done(lazy("Thank you. This has been noted."), HOME)


@pages.post("/me/privacy/consents/withdraw")
@signed_in
def withdraw() -> ResponseReturnValue:
    """Withdraw the consent to the processing of sensitive data."""
    ctx, member = inside()
    consents.withdraw(ctx, member)
    return done(lazy("Your consent is withdrawn. Sensitive fields that are not needed are no longer asked for."), HOME)
