"""What actions and fields are called. Modules name theirs through the hooks `banyan_actions` and `banyan_fields`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.plugins import manager

OUTCOMES: Mapping[str, Text] = {"done": lazy("Succeeded"), "refused": lazy("Refused"), "failed": lazy("Failed")}
TONES = {"done": "ok", "refused": "warn", "failed": "seal"}
WAYS: Mapping[str, Text] = {
    "session": lazy("Console"),
    "token": lazy("API token"),
    "service": lazy("Service token"),
    "job": lazy("Background job"),
    "cli": lazy("Command line"),
    "nobody": lazy("Without sign-in"),
}
REASONS: Mapping[str, Text] = {
    "allowed": lazy("Allowed by a grant"),
    "denied": lazy("Denied by a role"),
    "no_permission": lazy("No role there has the permission"),
    "no_grant": lazy("No grant reaches there"),
    "guided": lazy("Ends at a link of guidance"),
}
CHANGES: Mapping[str, Text] = {
    "added": lazy("Added"),
    "removed": lazy("Removed"),
    "changed": lazy("Changed"),
    "same": lazy("Unchanged"),
}
FINDINGS: Mapping[str, Text] = {
    "altered": lazy("Altered"),
    "dropped": lazy("Dropped"),
    "inserted": lazy("Inserted"),
    "cut": lazy("Newest entries missing"),
    "partition": lazy("Month missing"),
    "head": lazy("End of the lane missing"),
}
PERIODS: Mapping[str, Text] = {
    "today": lazy("Today"),
    "week": lazy("Last 7 days"),
    "month": lazy("Last 30 days"),
}
OWN: Mapping[str, Text] = {
    "audit.chain.verify": lazy("Verification of the chain started"),
    "audit.month.archive": lazy("Month taken out of the audit log"),
}
KINDS: Mapping[str, Text] = {
    "org": lazy("Organisation"),
    "account": lazy("Account"),
    "grant": lazy("Grant"),
    "role": lazy("Role"),
    "module": lazy("Module"),
    "registration_code": lazy("Registration code"),
    "task": lazy("Long task"),
    "list": lazy("List"),
    "file": lazy("File"),
    "token": lazy("Token"),
    "session": lazy("Session"),
    "settings": lazy("Settings"),
    "month": lazy("Month of the log"),
}
# Words that many modules use of their things; a module's own come through the hook.
COMMON: Mapping[str, Text] = {
    "account": lazy("Account"),
    "sign_in_name": lazy("Sign-in name"),
    "display_name": lazy("Full name"),
    "role": lazy("Role"),
    "name": lazy("Name"),
    "short_name": lazy("Short name"),
    "code": lazy("Code"),
    "division_code": lazy("Division code"),
    "organisation": lazy("Organisation"),
    "parent": lazy("Parent organisation"),
    "level": lazy("Level"),
    "type": lazy("Type"),
    "module": lazy("Module"),
    "policy": lazy("Laid down"),
    "policy=mandatory": lazy("Mandatory"),
    "policy=allowed": lazy("Allowed"),
    "policy=forbidden": lazy("Forbidden"),
    "founded_on": lazy("Founded on"),
    "person_in_charge": lazy("Person in charge"),
    "phone": lazy("Phone"),
    "approval_document": lazy("Approval document"),
    "description": lazy("Description"),
    "note": lazy("Note"),
    "reason": lazy("Reason"),
    "language": lazy("Language"),
    "status": lazy("Status"),
    "status=active": lazy("Active"),
    "status=suspended": lazy("Suspended"),
    "status=revoked": lazy("Revoked"),
    "expires_at": lazy("Valid until"),
}


def kinds() -> dict[str, Text]:
    """Kinds of subjects that have a name, and what people call them."""
    return dict(KINDS)


def actions() -> dict[str, Text]:
    """Action → what people call it, of all modules."""
    return _collected("banyan_actions")


def fields() -> dict[str, Text]:
    """Field of a before or after → what people call it, and ``field=value`` for stored values, of all modules."""
    return {**COMMON, **_collected("banyan_fields")}


def _collected(hook: str) -> dict[str, Text]:
    return {key: label for _module, found in manager.current().start(hook) for key, label in found.items()}


class ActionNames(Mapping[str, Text]):
    """`actions` as a mapping that asks the running application when it is read."""

    def __getitem__(self, key: str) -> Text:
        return actions()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(actions())

    def __len__(self) -> int:
        return len(actions())
