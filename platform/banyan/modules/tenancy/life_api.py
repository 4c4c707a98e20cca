"""The REST API of an organisation's life: see what an act would touch, then confirm what was shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response
from flask.views import MethodView

from banyan.api import lists as api_lists
from banyan.api.blueprint import Blueprint
from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.i18n import translate
from banyan.kernel.runtime import current
from banyan.kernel.values import Permission
from banyan.modules.access.decision import may, visible
from banyan.modules.tenancy import life_lists, life_schemas, permissions
from banyan.modules.tenancy.api import shown
from banyan.modules.tenancy.life_models import OrgRevocation
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.schemas import OrgDetail
from banyan.modules.tenancy.services import organisations
from banyan.modules.tenancy.services.life import history, merging, moving, renaming, revoking, splitting
from banyan.modules.tenancy.services.life.shown import Preview

TWO_LINES = "two lines of the tree change together, each organisation is decided about"
api = Blueprint("tenancy_life_api", __name__, url_prefix="/api/v1/orgs/<code>/life", description="Life")
READ, REVOKE = permissions.ORG_READ.name, permissions.ORG_REVOKE.name


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is shown before it is done.

    :ivar asked: schema of what is wanted. :ivar confirmed: the same with the plan that was shown.
    """

    name: str
    permission: Permission
    asked: type[life_schemas.Decision]
    confirmed: type[life_schemas.Decision]
    preview: Callable[[Context, Org, dict[str, Any]], Preview]
    carry_out: Callable[[Context, Org, dict[str, Any], str], Org]
    said: str


ACTS = (
    Act("rename", permissions.ORG_RENAME, life_schemas.OrgRename, life_schemas.RenameConfirm, renaming.preview,
        renaming.carry_out, "Rename the organisation"),
    Act("move", permissions.ORG_MOVE, life_schemas.OrgMove, life_schemas.MoveConfirm, moving.preview,
        moving.carry_out, "Move the organisation with all below it under another parent"),
    Act("merge", permissions.ORG_MERGE, life_schemas.OrgMerge, life_schemas.MergeConfirm, merging.preview,
        merging.carry_out, "Merge the organisation into another one"),
    Act("split", permissions.ORG_SPLIT, life_schemas.OrgSplit, life_schemas.SplitConfirm, splitting.preview,
        splitting.carry_out, "Split a new organisation from this one"),
)  # fmt: skip


def shown_preview(preview: Preview) -> dict[str, Any]:
    """A preview as `LifePreview` shows it."""
    return {
        "kind": preview.kind,
        "plan": preview.plan,
        "differences": [
            {"field": str(one.label), "before": one.before, "after": one.after} for one in preview.differences
        ],
        "numbers": [{"what": one.key, "label": str(one.label), "n": one.n} for one in preview.numbers],
        "modules": [
            {"name": one.name, "label": str(one.label), "goes_on": one.on, "goes_off": one.off}
            for one in preview.modules
        ],
        "losses": [translate(loss.text) for loss in preview.losses],
        "reasons": [translate(reason) for reason in preview.reasons],
    }


def _serve(act: Act) -> None:
    """Two addresses for each act."""

    def show(data: dict[str, Any]) -> dict[str, Any]:
        ctx = current()
        return shown_preview(act.preview(ctx, organisations.here(ctx), data))

    def carry_out(data: dict[str, Any]) -> dict[str, Any]:
        ctx = current()
        plan = data.pop("plan")
        return shown(ctx, act.carry_out(ctx, organisations.here(ctx), data, plan))

    show.__doc__ = f"{act.said}: what it would touch, and why it may not be"
    carry_out.__doc__ = f"{act.said}, as was shown"
    entered = permission(act.permission.name, whole=TWO_LINES)
    for view, schema, answer, address in (
        (show, act.asked, life_schemas.LifePreview, f"/{act.name}/preview"),
        (carry_out, act.confirmed, OrgDetail, f"/{act.name}"),
    ):
        endpoint = f"{act.name}_{view.__name__}"
        view.__name__ = endpoint
        served = api.arguments(schema)(api.response(200, answer)(entered(view)))
        api.route(address, methods=["POST"], endpoint=endpoint)(served)


for _act in ACTS:
    _serve(_act)


@api.route("/history")
class History(MethodView):
    """What the organisation went through."""

    @api.response(200, life_schemas.LifeStep(many=True))
    @permission(READ, whole="what went into it or left it lies elsewhere in the tree")
    def get(self) -> list[dict[str, Any]]:
        """Show old names, old places, and what was merged and split, newest first"""
        ctx = current()
        return [_step(step) for step in history.timeline(ctx, organisations.here(ctx))]


def _step(step: history.Step) -> dict[str, Any]:
    found = {name: getattr(step, name) for name in life_schemas.LifeStep().fields if name != "values"}
    values = [{"field": str(label), "before": before, "after": after} for label, before, after in step.values]
    return {**found, "label": str(step.label), "values": values}


@api.route("/revocation")
class Revocation(MethodView):
    """Revoking the organisation, or deregistering it, as its type says."""

    @api.response(200, life_schemas.LifePreview)
    @permission(REVOKE)
    def get(self) -> dict[str, Any]:
        """Show what revoking would touch, and every reason against it"""
        ctx = current()
        return shown_preview(revoking.preview(ctx, organisations.here(ctx)))

    @api.arguments(life_schemas.Decision)
    @api.response(201, life_schemas.RevocationDetail)
    @permission(REVOKE, whole=TWO_LINES)
    def post(self, data: dict[str, Any]) -> OrgRevocation:
        """Record the decision to revoke the organisation; from its day on, 15 working days run"""
        ctx = current()
        return revoking.decide(ctx, organisations.here(ctx), data)

    @api.arguments(life_schemas.Plan)
    @api.response(200, OrgDetail)
    @permission(REVOKE, whole=TWO_LINES)
    def put(self, data: dict[str, Any]) -> dict[str, Any]:
        """Revoke the organisation, as was shown"""
        ctx = current()
        return shown(ctx, revoking.carry_out(ctx, organisations.here(ctx), data["plan"]))

    @api.response(200, life_schemas.RevocationDetail)
    @permission(REVOKE, whole=TWO_LINES)
    def delete(self) -> OrgRevocation:
        """Withdraw a decision that has not been carried out"""
        ctx = current()
        return revoking.withdraw(ctx, organisations.here(ctx))


@api.route("/restoration")
class Restoration(MethodView):
    """Undoing a revocation within its grace."""

    @api.arguments(life_schemas.Decision)
    @api.response(200, OrgDetail)
    @permission(REVOKE, whole=TWO_LINES, ended=True)
    def post(self, data: dict[str, Any]) -> dict[str, Any]:
        """Restore the organisation"""
        ctx = current()
        return shown(ctx, revoking.restore(ctx, organisations.here(ctx), data))


@api.route("/revocations")
class Revocations(MethodView):
    """Decisions to revoke, of the organisation and those below."""

    @api.doc(parameters=api_lists.parameters(life_lists.REVOCATIONS))
    @api.response(200, api_lists.page_schema(life_lists.REVOCATIONS))
    @permission(READ)
    def get(self) -> Response:
        """List decisions to revoke, by the day they are due"""
        ctx = current()
        seen = visible(ctx, READ, OrgRevocation.org_path, within=ctx.here)
        return api_lists.respond(ctx.session, life_lists.REVOCATIONS, seen, may=lambda name: may(ctx, name))
