"""Console pages of an organisation's own fields and of saved filters."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from banyan.kernel.access_marks import permission
from banyan.kernel.context import Context
from banyan.kernel.i18n import language, lazy
from banyan.kernel.runtime import current
from banyan.modules.access.decision import may
from banyan.modules.audit.history import history
from banyan.modules.people import field_schemas as schemas
from banyan.modules.people import filter_forms, permissions
from banyan.modules.people.field_lists import members_table
from banyan.modules.people.field_models import MemberField, MemberFilter
from banyan.modules.people.rules import fields as rules
from banyan.modules.people.services import field_changes, field_definitions, field_reading, filters
from banyan.modules.tenancy.models import Org
from banyan.web.forms import BoundForm
from banyan.web.pages import done, submit

READ, UPDATE = permissions.MEMBER_READ.name, permissions.FIELD_UPDATE.name
FILTER = permissions.FILTER_CREATE.name
FORM, PAGE, FILTERS, FILTER_FORM = (
    "people/field_form.html",
    "people/field.html",
    "people/filters.html",
    "people/filter_form.html",
)


def add_field_pages(pages: Blueprint) -> None:
    """Add the pages to the module's blueprint."""
    base, kept = "/orgs/<code>/members/fields", "/orgs/<code>/members/filters"
    one, saved = f"{base}/<uuid:field_id>", f"{kept}/<uuid:filter_id>"
    pages.add_url_rule(base, "fields", listing, methods=["GET"])
    pages.add_url_rule(f"{base}/new", "field_new", new, methods=["GET"])
    pages.add_url_rule(f"{base}/new", "field_create", create, methods=["POST"])
    pages.add_url_rule(one, "field", show, methods=["GET"])
    pages.add_url_rule(f"{one}/edit", "field_edit", edit, methods=["GET"])
    pages.add_url_rule(f"{one}/edit", "field_update", update, methods=["POST"])
    pages.add_url_rule(f"{one}/archive", "field_archive", archive, methods=["POST"])
    pages.add_url_rule(f"{one}/restore", "field_restore", restore, methods=["POST"])
    pages.add_url_rule(kept, "filters", list_filters, methods=["GET"])
    pages.add_url_rule(f"{kept}/new", "filter_new", new_filter, methods=["GET"])
    pages.add_url_rule(f"{kept}/new", "filter_save", save_filter, methods=["POST"])
    pages.add_url_rule(saved, "filter", open_filter, methods=["GET"])
    pages.add_url_rule(f"{saved}/edit", "filter_edit", edit_filter, methods=["GET"])
    pages.add_url_rule(f"{saved}/edit", "filter_update", update_filter, methods=["POST"])
    pages.add_url_rule(f"{saved}/delete", "filter_delete", delete_filter, methods=["POST"])


@permission(READ)
def listing() -> ResponseReturnValue:
    """The fields that hold here, those laid down above first."""
    ctx = current()
    rows = field_reading.laid_down(ctx, ctx.here)
    names = {row.org_id: ctx.session.get_one(Org, row.org_id).name for row in rows}
    return render_template(
        "people/fields.html",
        rows=[(row, field_reading.value_of(row).said(language())) for row in rows],
        names=names,
        here=ctx.here,
        kinds=rules.KINDS,
        filled_by=rules.FILLED_BY,
    )


@permission(READ)
def show(field_id: UUID) -> ResponseReturnValue:
    """A field, what lies below it, and its history."""
    ctx = current()
    return render_template(PAGE, **_about(ctx, field_definitions.find(ctx, field_id)))


def _about(ctx: Context, row: MemberField) -> dict[str, Any]:
    field = field_reading.value_of(row)
    return {
        "row": row,
        "label": field.said(language()),
        "org": ctx.session.get_one(Org, row.org_id),
        "effects": field_changes.effects(ctx, field) if row.org_path.startswith(ctx.here.path) else None,
        "changeable": row.org_path.startswith(ctx.here.path) and may(ctx, UPDATE, row.org),
        "history": history(ctx, "member_field", str(row.id)),
        "kinds": rules.KINDS,
        "filled_by": rules.FILLED_BY,
        "version": BoundForm(schemas.FieldVersion(), obj=row),
    }


@permission(UPDATE)
def new() -> ResponseReturnValue:
    """The form of a new field."""
    return render_template(FORM, form=BoundForm(schemas.form_schema(None)()), row=None)


@permission(UPDATE)
def create() -> ResponseReturnValue:
    """Add a field."""
    ctx = current()

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        made = field_definitions.create(ctx, schemas.of_form(data))
        return done(lazy("“%(name)s” has been added.", name=made.label), "people_pages.field", field_id=made.id)

    return submit(BoundForm(schemas.form_schema(None)()), use, FORM, row=None)


def _bound(row: MemberField) -> BoundForm:
    options = [(one["value"], one["label"]) for one in row.choices]
    return BoundForm(schemas.form_schema(options)(), obj=schemas.as_form(row))


@permission(UPDATE)
def edit(field_id: UUID) -> ResponseReturnValue:
    """The form of a field, with what lies below it."""
    ctx = current()
    row = field_definitions.find(ctx, field_id, UPDATE)
    return render_template(FORM, form=_bound(row), **_about(ctx, row))


@permission(UPDATE)
def update(field_id: UUID) -> ResponseReturnValue:
    """Change a field."""
    ctx = current()
    row = field_definitions.find(ctx, field_id, UPDATE)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        field_definitions.update(ctx, field_id, schemas.of_form(data))
        return done(lazy("Saved."), "people_pages.field", field_id=field_id)

    return submit(_bound(row), use, FORM, **_about(ctx, row))


@permission(UPDATE)
def archive(field_id: UUID) -> ResponseReturnValue:
    """Put a field away."""
    ctx = current()
    row = field_definitions.find(ctx, field_id, UPDATE)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        field_definitions.archive(ctx, field_id, data["version"])
        return done(lazy("The field has been put away."), "people_pages.field", field_id=field_id)

    return submit(BoundForm(schemas.FieldVersion()), use, PAGE, **_about(ctx, row))


@permission(UPDATE)
def restore(field_id: UUID) -> ResponseReturnValue:
    """Bring a field back."""
    ctx = current()
    row = field_definitions.find(ctx, field_id, UPDATE)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        field_definitions.restore(ctx, field_id, data["version"])
        return done(lazy("The field is back."), "people_pages.field", field_id=field_id)

    return submit(BoundForm(schemas.FieldVersion()), use, PAGE, **_about(ctx, row))


@permission(READ)
def list_filters() -> ResponseReturnValue:
    """The saved filters that can be used here."""
    ctx = current()
    found = filters.offered(ctx)
    names = {one.row.org_id: ctx.session.get_one(Org, one.row.org_id).name for one in found}
    return render_template(FILTERS, found=found, names=names, here=ctx.here)


@permission(READ)
def open_filter(filter_id: UUID) -> ResponseReturnValue:
    """The list of members as a saved filter asks for it; with what is wrong, if a field of it is gone."""
    return redirect(_address(filters.find(current(), filter_id)), 303)


def _address(row: MemberFilter) -> str:
    pairs: MultiDict[str, str] = MultiDict([*filter_forms.arguments(row), ("filter", str(row.id))])
    kept: dict[str, Any] = pairs.to_dict(flat=False)
    return url_for("people_pages.members", **kept)


@permission(FILTER)
def new_filter() -> ResponseReturnValue:
    """The form in which the question of the list gets a name."""
    ctx = current()
    asked = filter_forms.asked(ctx, request.args)
    return render_template(FILTER_FORM, form=_filter_form(asked), row=None, **_question(ctx, asked))


@permission(FILTER)
def save_filter() -> ResponseReturnValue:
    """Keep a filter."""
    ctx = current()
    asked = filter_forms.asked(ctx, request.args)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        made = filters.save(ctx, {**asked, **data})
        return done(lazy("“%(name)s” has been saved.", name=made.name), "people_pages.filter", filter_id=made.id)

    return submit(_filter_form(asked), use, FILTER_FORM, row=None, **_question(ctx, asked))


def _filter_form(_asked: dict[str, Any]) -> BoundForm:
    return BoundForm(schemas.FilterDetails())


def _question(ctx: Context, asked: dict[str, Any]) -> dict[str, Any]:
    table = members_table(ctx)
    labels = {item.name: item.label for item in table.filters}
    columns = {column.key: column.label for column in table.columns}
    return {
        "asked": [
            (labels.get(name, name), filter_forms.read_as(ctx, table, name, value))
            for name, value in asked["filters"].items()
        ],
        "shown": [columns[key] for key in asked["columns"] if key in columns],
        "arguments": request.args.to_dict(flat=False),
    }


@permission(FILTER)
def edit_filter(filter_id: UUID) -> ResponseReturnValue:
    """The form of a saved filter's name."""
    ctx = current()
    row = filters.changeable(ctx, filter_id)
    form = BoundForm(schemas.FilterRename(), obj=row)
    return render_template(FILTER_FORM, form=form, row=row, **_question(ctx, filter_forms.held(row)))


@permission(FILTER)
def update_filter(filter_id: UUID) -> ResponseReturnValue:
    """Change the name of a saved filter, and with whom it is shared."""
    ctx = current()
    row = filters.changeable(ctx, filter_id)

    def use(data: dict[str, Any]) -> ResponseReturnValue:
        filters.update(ctx, filter_id, {**filter_forms.held(row), **data})
        return done(lazy("Saved."), "people_pages.filters")

    form = BoundForm(schemas.FilterRename(), obj=row)
    return submit(form, use, FILTER_FORM, row=row, **_question(ctx, filter_forms.held(row)))


@permission(FILTER)
def delete_filter(filter_id: UUID) -> ResponseReturnValue:
    """Delete a saved filter."""
    filters.delete(current(), filter_id)
    return done(lazy("The filter has been deleted."), "people_pages.filters")
