"""Console pages of an organisation's life: a form, what it would touch, and the confirmation of what was shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import marshmallow as ma
from flask import Blueprint, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import Schema
from sqlalchemy import ColumnElement
from werkzeug.datastructures import MultiDict

from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Invalid, Refused, Text
from banyan.kernel.files import DOCUMENT_TYPES, received
from banyan.kernel.i18n import lazy
from banyan.kernel.runtime import current, leave, runtime
from banyan.kernel.treepath import lineage, upper
from banyan.kernel.values import Permission
from banyan.modules.access.decision import may, visible
from banyan.modules.tenancy import life_schemas, permissions
from banyan.modules.tenancy.life_api import ACTS, TWO_LINES, Act
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.services import documents, organisations, search
from banyan.modules.tenancy.services.life import shown as life
from banyan.modules.tenancy.services.life import splitting
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit

FORM, PREVIEW = "tenancy/life_form.html", "tenancy/life_preview.html"
MOST_HITS = 20


@dataclass(frozen=True, slots=True)
class Face:
    """An act as the console shows it.

    :ivar icon: of its entry in the menu. :ivar intro: what happens, in two sentences.
    :ivar above: whether it needs authority over the organisation above, too.
    """

    act: Act
    form: type[Schema]
    title: Text
    intro: Text
    said: Text
    icon: str
    above: bool = True

    @property
    def endpoint(self) -> str:
        return f"tenancy_pages.life_{self.act.name}"


_RENAMING = lazy("The old name stays in the organisation's history. Its code and its addresses stay as they are.")
_MOVING = lazy(
    "It moves with all below it: accounts, grants, modules, files and figures go along. It then follows what the"
    " organisations above its new place lay down."
)
_MERGING = lazy(
    "Everything goes over to the organisation that remains: those below, accounts, grants, roles and files. This one"
    " remains as a name in the history; its code is never given again."
)
_SPLITTING = lazy(
    "A new organisation of the same level and type is opened beside this one and takes those you choose, with all below"
    " them."
)
_BY_NAME = {act.name: act for act in ACTS}
FACES = {
    "rename": Face(
        _BY_NAME["rename"], life_schemas.RenameForm, lazy("Rename"), _RENAMING, lazy("It is called %(name)s now."),
        "edit", above=False,
    ),
    "move": Face(
        _BY_NAME["move"], life_schemas.MoveForm, lazy("Move"), _MOVING, lazy("%(name)s has been moved."), "transfer"
    ),
    "merge": Face(
        _BY_NAME["merge"], life_schemas.MergeForm, lazy("Merge"), _MERGING, lazy("It has been merged into %(name)s."),
        "git-merge",
    ),
    "split": Face(
        _BY_NAME["split"], life_schemas.SplitForm, lazy("Split"), _SPLITTING, lazy("%(name)s has been split off."),
        "git-branch",
    ),
}  # fmt: skip


def add_life_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    for name, face in FACES.items():
        entered = permission(face.act.permission.name, whole=TWO_LINES)
        base = f"/orgs/<code>/life/{name}"
        for url, endpoint, view, method in (
            (base, f"life_{name}", _show(face), "GET"),
            (base, f"life_{name}_preview", _preview(face), "POST"),
            (f"{base}/confirm", f"life_{name}_confirm", _confirm(face), "POST"),
        ):
            pages.add_url_rule(url, endpoint, entered(view), methods=[method])
    for name in ("move", "merge"):
        chosen = FACES[name].act.permission
        view = permission(chosen.name)(_options(chosen))
        pages.add_url_rule(f"/orgs/<code>/life/{name}/options", f"life_{name}_options", view, methods=["GET"])


def _show(face: Face) -> Callable[[], ResponseReturnValue]:
    def show() -> ResponseReturnValue:
        ctx = current()
        org = organisations.here(ctx)
        life.require_active(org)
        return render_template(FORM, form=_form(ctx, face, org, _typed(face)), **_about(face, org))

    return show


def _preview(face: Face) -> Callable[[], ResponseReturnValue]:
    def preview() -> ResponseReturnValue:
        ctx = current()
        org = organisations.here(ctx)

        def use(data: dict[str, Any]) -> ResponseReturnValue:
            data["document"] = kept(ctx, data)
            return _shown(ctx, face, org, data)

        return submit(_form(ctx, face, org), use, FORM, **_about(face, org))

    return preview


def _confirm(face: Face) -> Callable[[], ResponseReturnValue]:
    def confirm() -> ResponseReturnValue:
        ctx = current()
        form = BoundForm(face.act.confirmed())
        data = form.load(request.form)
        if data is None:
            raise Invalid({field.name: field.messages for field in form if field.messages}, *form.messages)
        plan = data.pop("plan")
        try:
            org = face.act.carry_out(ctx, organisations.here(ctx), data, plan)
        except (Refused, Conflict) as error:
            leave(commit=False)
            return make_response(_shown(ctx, face, organisations.here(ctx), data, error.reasons), 409)
        return done(lazy(str(face.said.msgid), name=org.name), "tenancy_pages.profile", code=org.code)  # type: ignore[attr-defined]

    return confirm


def kept(ctx: Context, data: dict[str, Any]) -> Any:
    """The id of the document of a decision: of the one just uploaded, else of the one kept before."""
    upload, document = data.pop("upload", None), data.get("document")
    limit = runtime().settings.upload_limit
    with received(upload, "upload", max_bytes=limit, allowed=DOCUMENT_TYPES) as sniffed:
        if sniffed is not None:
            return documents.upload(ctx, runtime().store, sniffed).id
    return document


def _shown(ctx: Context, face: Face, org: Org, data: dict[str, Any], refused: tuple[Text, ...] = ()) -> str:
    preview = face.act.preview(ctx, org, data)
    fields = [(name, value) for name, value in _flat(face.act.asked().dump(data)) if value not in (None, "")]
    left = [reason for reason in refused if str(reason) not in {str(one) for one in preview.reasons}]
    html: str = render_template(
        PREVIEW, preview=preview, fields=fields, refused=left, back=_back(face, fields), **_about(face, org)
    )
    return html


def _back(face: Face, fields: list[tuple[str, Any]]) -> str:
    """The form with what was typed, and with the document that was uploaded."""
    asked: dict[str, Any] = MultiDict(fields).to_dict(flat=False)
    return url_for(face.endpoint, **asked)


def _typed(face: Face) -> dict[str, Any]:
    """What was typed before somebody came back from the preview."""
    known, lists = face.form().fields, request.args.to_dict(flat=False)
    return {
        name: values if isinstance(known[name], ma.fields.List) else values[0]
        for name, values in lists.items()
        if name in known
    }


def _flat(values: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, item) for name, value in values.items() for item in (value if isinstance(value, list) else [value])]


def _about(face: Face, org: Org) -> dict[str, Any]:
    return {"face": face, "org": org, "address": url_for(face.endpoint)}


def _form(ctx: Context, face: Face, org: Org, typed: Mapping[str, Any] | None = None) -> BoundForm:
    name = face.act.name
    choices = [(child.code, child.name) for child in splitting.choices(ctx, org)] if name == "split" else []
    held = {"name": org.name, "short_name": org.short_name} if name == "rename" else {}
    asked = {"move": "parent", "merge": "into"}.get(name)
    urls = {asked: url_for(f"{face.endpoint}_options")} if asked else {}
    return BoundForm(
        face.form(), data={**held, **(typed or {})}, choices={"children": choices} if choices else {}, urls=urls
    )


def _options(chosen: Permission) -> Callable[[], ResponseReturnValue]:
    """Options of a search-select: organisations of the same tree over which the reader has authority."""

    def options() -> ResponseReturnValue:
        ctx, text = current(), request.args.get("q", "").strip()
        root = lineage(ctx.here.path)[0]

        def seen(path: search.Paths) -> ColumnElement[bool]:
            return visible(ctx, chosen.name, path)

        found = search.search(ctx.session, text, root, upper(root), seen, MOST_HITS)
        shown = [hit for hit in found.hits if hit.place.active and hit.place.code != g.place.code]
        choices = [
            (hit.place.code, " / ".join((*(above.shown_name for above in hit.above), hit.place.name))) for hit in shown
        ]
        return render_template("_options.html", options=choices, q=text)

    return options


def offered(ctx: Context, org: Org, above: Org | None) -> list[tuple[Text, str, str]]:
    """Label, address and icon of the acts that the reader may do here, for the menu of the profile."""
    if org.status != "active":
        return []
    found = []
    for face in FACES.values():
        permission_name = face.act.permission.name
        agreed = not face.above or (above is not None and may(ctx, permission_name, above.ref))
        if agreed and may(ctx, permission_name):
            found.append((face.title, url_for(face.endpoint), face.icon))
    if above is not None and may(ctx, permissions.ORG_REVOKE.name) and may(ctx, permissions.ORG_REVOKE.name, above.ref):
        found.append((lazy("Revoke or deregister"), url_for("tenancy_pages.revocation"), "ban"))
    return found
