"""What the actions and fields of transfers are called in the audit log."""

from __future__ import annotations

from collections.abc import Mapping

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.modules.transfers.rules import DIRECTIONS, KINDS, ORIGINS, STATES

ACTIONS: Mapping[str, Text] = {
    "transfers.transfer.apply": lazy("Transfer asked for"),
    "transfers.transfer.correct": lazy("Transfer corrected"),
    "transfers.transfer.change": lazy("Transfer went on"),
    "transfers.transfer.delay": lazy("Delay of a transfer explained"),
    "transfers.transfer.move": lazy("Member transferred"),
    "transfers.transfer.recall": lazy("Transfer to another tree called back"),
    "transfers.transfer.fail": lazy("Transfer could not be carried out"),
    "transfers.batch.create": lazy("Transfers asked for together"),
    "transfers.message.send": lazy("Message to another tree written"),
    "transfers.message.take": lazy("Message from another tree taken"),
}
FIELDS: Mapping[str, Text] = {
    "kind": lazy("Kind of transfer"),
    "direction": lazy("Direction"),
    "from_name": lazy("Sending organisation"),
    "to_name": lazy("Receiving organisation"),
    "effective_on": lazy("To move on"),
    "moved_on": lazy("Moved on"),
    "opinion": lazy("Opinion"),
    **{f"kind={key}": label for key, label in KINDS.items()},
    **{f"state={key}": label for key, label in STATES.items()},
    **{f"origin={key}": label for key, label in ORIGINS.items()},
    **{f"direction={key}": label for key, label in DIRECTIONS.items()},
}
