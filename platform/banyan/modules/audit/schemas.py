"""The audit log as the API shows it."""

import marshmallow as ma

from banyan.api.schemas import Schema


class ChangeSchema(Schema):
    """One field."""

    key = ma.fields.String()
    label = ma.fields.String()
    kind = ma.fields.String(metadata={"description": "added, removed, changed or same"})
    before = ma.fields.String()
    after = ma.fields.String()


class DecidedSchema(Schema):
    """What allowed or forbade it."""

    allowed = ma.fields.Boolean()
    reason = ma.fields.String()
    role = ma.fields.String()
    grant = ma.fields.String(metadata={"description": "Id of the grant; empty for none."})
    policy_version = ma.fields.Integer()


class ProofSchema(Schema):
    """Where an entry stands in the chain."""

    lane = ma.fields.Integer(metadata={"description": "0 for entries from before there was a chain."})
    position = ma.fields.Integer()
    hash = ma.fields.String(metadata={"description": "SHA-256, hexadecimal."})
    previous = ma.fields.String()
    sound = ma.fields.Boolean(metadata={"description": "Whether its values are those it was chained with."})
    verified_at = ma.fields.DateTime(allow_none=True)


class BesideSchema(Schema):
    """Ids of the entries before and after."""

    subject_before = ma.fields.UUID(allow_none=True)
    subject_after = ma.fields.UUID(allow_none=True)
    request_before = ma.fields.UUID(allow_none=True)
    request_after = ma.fields.UUID(allow_none=True)


class FindingSchema(Schema):
    """Something in the chain that does not hold."""

    kind = ma.fields.String(metadata={"description": "altered, dropped, inserted, cut, partition or head"})
    label = ma.fields.String()
    lane = ma.fields.Integer(allow_none=True)
    positions = ma.fields.String()
    entries = ma.fields.Integer()
    at = ma.fields.DateTime(allow_none=True)
    until = ma.fields.DateTime(allow_none=True)
    entry = ma.fields.UUID(allow_none=True, metadata={"description": "Where one may see it."})
    name = ma.fields.String()


class VerificationBrief(Schema):
    """A verification of the chain."""

    id = ma.fields.UUID()
    started_at = ma.fields.DateTime()
    finished_at = ma.fields.DateTime()
    since = ma.fields.DateTime(allow_none=True)
    entries = ma.fields.Integer()
    old = ma.fields.Integer(metadata={"description": "Entries that were sealed after they had been written."})
    lanes = ma.fields.Integer()
    intact = ma.fields.Boolean()
    found = ma.fields.Integer()
    stopped = ma.fields.Boolean()
    started_by = ma.fields.String()


class VerificationDetail(VerificationBrief):
    """A verification of the chain with what it found."""

    findings = ma.fields.List(ma.fields.Nested(FindingSchema))
    more = ma.fields.Integer()


class VerificationList(Schema):
    """The last verifications."""

    last = ma.fields.Nested(VerificationDetail, allow_none=True)
    items = ma.fields.List(ma.fields.Nested(VerificationBrief))


class VerificationStarted(Schema):
    """The long task that verifies."""

    task = ma.fields.UUID()
    state = ma.fields.String()
    total = ma.fields.Integer()


class AuditEntryDetail(Schema):
    """An entry with what was before and after."""

    id = ma.fields.UUID()
    at = ma.fields.DateTime()
    action = ma.fields.String()
    label = ma.fields.String()
    outcome = ma.fields.String()
    subject_kind = ma.fields.String()
    subject = ma.fields.String()
    subject_id = ma.fields.String()
    account = ma.fields.String()
    account_id = ma.fields.UUID(allow_none=True)
    via = ma.fields.String()
    address = ma.fields.String()
    request_id = ma.fields.String()
    organisation = ma.fields.String()
    organisation_code = ma.fields.String()
    changes = ma.fields.List(ma.fields.Nested(ChangeSchema))
    decision = ma.fields.Nested(DecidedSchema, allow_none=True)
    proof = ma.fields.Nested(ProofSchema)
    beside = ma.fields.Nested(BesideSchema)
