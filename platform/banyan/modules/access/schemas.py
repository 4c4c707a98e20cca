"""What forms and API bodies of roles and grants hold."""

from __future__ import annotations

import marshmallow as ma
from marshmallow import validate

from banyan.api.schemas import Schema, Text
from banyan.kernel.i18n import lazy, message

_REACHES = [("subtree", lazy("This level and all below")), ("self", lazy("This level"))]


class GrantCreate(Schema):
    """A role for an account at an organisation."""

    account = Text(
        required=True,
        validate=validate.Length(3, 64),
        metadata={
            "label": lazy("Account"),
            "widget": "search-select",
            "help": lazy("Sign-in name of the account."),
            "description": "Sign-in name.",
        },
    )
    role = Text(
        required=True,
        validate=validate.Length(max=64),
        metadata={
            "label": lazy("Role"),
            "widget": "select",
            "description": "Key of a built-in role, or id of an organisation's own role.",
        },
    )
    organisation = Text(
        load_default="",
        validate=validate.Length(max=32),
        metadata={
            "label": lazy("Organisation"),
            "widget": "search-select",
            "help": lazy("Code of this organisation or of one below."),
            "description": "Code; the organisation of the address by default.",
        },
    )
    reach = ma.fields.String(
        required=True,
        validate=validate.OneOf(["subtree", "self"]),
        metadata={"label": lazy("Reach"), "widget": "radio", "choices": _REACHES},
    )
    start = ma.fields.Date(
        load_default=None,
        allow_none=True,
        metadata={"label": lazy("First day"), "help": lazy("From now on, if left empty.")},
    )
    until = ma.fields.Date(
        load_default=None,
        allow_none=True,
        metadata={"label": lazy("Last day"), "help": lazy("For ever, if left empty.")},
    )


class GrantDetail(Schema):
    """A grant as the API shows it."""

    id = ma.fields.UUID()
    account_id = ma.fields.UUID()
    role = ma.fields.String()
    org_id = ma.fields.UUID()
    reach = ma.fields.String()
    not_before = ma.fields.DateTime()
    not_after = ma.fields.DateTime(allow_none=True)
    granted_by = ma.fields.UUID(allow_none=True)
    granted_at = ma.fields.DateTime()
    ended_at = ma.fields.DateTime(allow_none=True)
    ended_by = ma.fields.UUID(allow_none=True)


class OwnRoleCreate(Schema):
    """A role that an organisation defines itself."""

    name = Text(required=True, validate=validate.Length(2, 60), metadata={"label": lazy("Name")})
    description = Text(
        load_default="", validate=validate.Length(max=500), metadata={"label": lazy("Description"), "wide": True}
    )
    permissions = ma.fields.List(
        ma.fields.String(validate=validate.Length(1, 120)),
        required=True,
        validate=validate.Length(1, 500, error=message("Choose at least one permission.")),
        metadata={
            "label": lazy("Permissions"),
            "help": lazy("Only those that you hold yourself, here and throughout below."),
        },
    )


class OwnRoleUpdate(OwnRoleCreate):
    """An edit; ``version`` is the one that was read, so that two editors do not overwrite each other."""

    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class OwnRoleWithdraw(Schema):
    """Which version of the role is withdrawn."""

    version = ma.fields.Integer(required=True, metadata={"widget": "hidden"})


class OwnRoleDetail(Schema):
    """An organisation's own role as the API shows it."""

    id = ma.fields.UUID()
    org_id = ma.fields.UUID()
    name = ma.fields.String()
    description = ma.fields.String()
    permissions = ma.fields.List(ma.fields.String())
    created_at = ma.fields.DateTime()
    withdrawn_at = ma.fields.DateTime(allow_none=True)
    version = ma.fields.Integer()


class MatrixRole(Schema):
    """A role and what it means."""

    key = ma.fields.String()
    label = ma.fields.String()
    description = ma.fields.String()
    own = ma.fields.Boolean(metadata={"description": "Whether an organisation defined it."})
    defined_at = ma.fields.String(metadata={"description": "Name of that organisation; empty for built-in roles."})
    allowed = ma.fields.List(ma.fields.String())
    denied = ma.fields.List(ma.fields.String())


class PermissionSchema(Schema):
    """A permission."""

    name = ma.fields.String()
    label = ma.fields.String()
    module = ma.fields.String()


class MatrixSchema(Schema):
    """All roles of an organisation, and all permissions of its modules."""

    roles = ma.fields.List(ma.fields.Nested(MatrixRole))
    permissions = ma.fields.List(ma.fields.Nested(PermissionSchema))


class WhyQuery(Schema):
    """Whether and why an account may do something somewhere."""

    account = Text(
        required=True,
        validate=validate.Length(3, 64),
        metadata={
            "label": lazy("Account"),
            "widget": "search-select",
            "help": lazy("Sign-in name of the account."),
            "description": "Sign-in name.",
        },
    )
    permission = Text(
        required=True, validate=validate.Length(max=120), metadata={"label": lazy("Permission"), "widget": "select"}
    )
    organisation = Text(
        load_default="",
        validate=validate.Length(max=32),
        metadata={
            "label": lazy("Organisation"),
            "widget": "search-select",
            "help": lazy("Code of this organisation or of one below."),
            "description": "Code; the organisation of the address by default.",
        },
    )


class ConsideredSchema(Schema):
    """A grant that was looked at."""

    id = ma.fields.UUID()
    role = ma.fields.String()
    role_label = ma.fields.String()
    organisation = ma.fields.String()
    organisation_code = ma.fields.String()
    reach = ma.fields.String()
    not_before = ma.fields.DateTime()
    not_after = ma.fields.DateTime(allow_none=True)
    ended_at = ma.fields.DateTime(allow_none=True)
    granted_by = ma.fields.String()
    verdict = ma.fields.String()
    line = ma.fields.String(metadata={"description": "What its role says of the permission; empty for nothing."})


class ExplanationSchema(Schema):
    """The answer, with the grant, role and policy line that decided it."""

    allowed = ma.fields.Boolean()
    reason = ma.fields.String()
    account = ma.fields.String()
    account_name = ma.fields.String()
    permission = ma.fields.String()
    permission_label = ma.fields.String()
    organisation = ma.fields.String()
    organisation_code = ma.fields.String()
    at = ma.fields.DateTime()
    policy_version = ma.fields.Integer()
    deciding = ma.fields.Nested(ConsideredSchema, allow_none=True)
    line = ma.fields.String()
    guided = ma.fields.String(
        metadata={"description": "Name of the organisation whose link of guidance ends rights from above; else empty."}
    )
    considered = ma.fields.List(ma.fields.Nested(ConsideredSchema))
