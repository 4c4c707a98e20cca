"""Words for what is stored: reaches, states of grants, verdicts, roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.modules.access import policy

REACHES: Mapping[str, Text] = {"self": lazy("This level"), "subtree": lazy("This level and all below")}
STATES: Mapping[str, Text] = {
    "valid": lazy("Valid"),
    "to_come": lazy("To come"),
    "expired": lazy("Expired"),
    "ended": lazy("Taken back"),
}
STATE_TONES = {"valid": "ok", "to_come": "warn"}
ROLE_STATES: Mapping[str, Text] = {"in_use": lazy("In use"), "withdrawn": lazy("Withdrawn")}
VERDICTS: Mapping[str, Text] = {
    "decides": lazy("Decides"),
    "denies": lazy("Denies as well"),
    "allows": lazy("Allows as well, but another one decides"),
    "lacks": lazy("Its role lacks the permission"),
    "withdrawn": lazy("Its role has been withdrawn"),
    "out_of_reach": lazy("Does not reach there"),
    "guided": lazy("Ends at a link of guidance"),
    "not_yet": lazy("Not valid yet"),
    "expired": lazy("Expired"),
    "ended": lazy("Taken back"),
}
REASONS: Mapping[str, Text] = {
    "allowed": lazy("A grant covers the organisation, and its role has the permission."),
    "denied": lazy("A role held there denies it, and a denial goes before everything else."),
    "no_permission": lazy("A grant covers the organisation, but no role held there has the permission."),
    "no_grant": lazy("No valid grant of this account reaches the organisation."),
    "guided": lazy("A grant above would allow it, but a link of business guidance lies between and ends it."),
    "suspended": lazy("The account is suspended and cannot sign in."),
    "module_off": lazy("The module that this belongs to is off at the organisation."),
}
FIELDS: Mapping[str, Text] = {
    "permissions": lazy("Permissions"),
    "reach": lazy("Reach"),
    "not_before": lazy("Valid from"),
    "not_after": lazy("Valid until"),
    "ended_at": lazy("Taken back at"),
    "withdrawn_at": lazy("Withdrawn at"),
}


def fields() -> dict[str, Text]:
    """What the audit log calls this module's fields and their values."""
    reaches = {f"reach={key}": label for key, label in REACHES.items()}
    permissions = {f"permissions={key}": item.label for key, item in policy.store().permissions.items()}
    return {**FIELDS, **reaches, **permissions}


class RoleNames(Mapping[str, Text]):
    """Names of built-in roles as a mapping that asks the running application when it is read."""

    def __getitem__(self, key: str) -> Text:
        return policy.store().roles[key].label

    def __iter__(self) -> Iterator[str]:
        return iter(policy.store().roles)

    def __len__(self) -> int:
        return len(policy.store().roles)
