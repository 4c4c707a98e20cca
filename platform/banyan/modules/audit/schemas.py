"""The audit log as the API shows it."""

import marshmallow as ma

from banyan.api.schemas import Schema


class ChangeSchema(Schema):
    """One field."""

    key = ma.fields.String()
    label = ma.fields.String()
    before = ma.fields.String()
    after = ma.fields.String()


class DecidedSchema(Schema):
    """What allowed or forbade it."""

    allowed = ma.fields.Boolean()
    reason = ma.fields.String()
    role = ma.fields.String()
    grant = ma.fields.String(metadata={"description": "Id of the grant; empty for none."})
    policy_version = ma.fields.Integer()


class AuditEntryDetail(Schema):
    """An entry with what was before and after."""

    id = ma.fields.UUID()
    at = ma.fields.DateTime()
    action = ma.fields.String()
    label = ma.fields.String()
    outcome = ma.fields.String()
    subject_kind = ma.fields.String()
    subject = ma.fields.String()
    account = ma.fields.String()
    via = ma.fields.String()
    address = ma.fields.String()
    request_id = ma.fields.String()
    organisation = ma.fields.String()
    organisation_code = ma.fields.String()
    changes = ma.fields.List(ma.fields.Nested(ChangeSchema))
    decision = ma.fields.Nested(DecidedSchema, allow_none=True)
