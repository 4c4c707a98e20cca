"""Where a transfer stands, for whoever may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.modules.transfers.models import Transfer, TransferMessage, TransferNote
from banyan.modules.transfers.services import crossing, delays, reading, roles


@dataclass(frozen=True, slots=True)
class Progress:
    """A transfer with all that its page shows beside the panel of its request.

    :ivar due_on: until when the present step is decided. :ivar late: whether that is over.
    :ivar ending: roles that end with the transfer, told to those at the sending branch.
    :ivar stuck: the last message to or from another tree that could not be delivered.
    """

    transfer: Transfer
    due_on: date | None
    late: bool
    notes: Sequence[TransferNote]
    messages: Sequence[TransferMessage]
    ending: Sequence[str]

    @property
    def stuck(self) -> TransferMessage | None:
        return next((one for one in reversed(self.messages) if one.error and one.done_at is None), None)


def progress(ctx: Context, transfer: Transfer) -> Progress:
    """Where ``transfer`` stands."""
    desk = delays.desk_of(ctx, transfer)
    ending: Sequence[str] = ()
    if transfer.open and transfer.from_id is not None and ctx.session.scope.holds(transfer.org_path):
        ending = roles.labels(ctx, transfer.account_id, transfer.org)
    return Progress(
        transfer,
        desk.due_on if desk is not None else None,
        desk is not None and desk.due_on < today(ctx.clock),
        reading.notes(ctx, transfer),
        crossing.messages(ctx, transfer),
        ending,
    )
