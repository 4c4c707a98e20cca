"""What transfers tell others: ids only, nothing readable about anybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from banyan.kernel.events import Event


@dataclass(frozen=True, slots=True)
class TransferChanged(Event):
    """A transfer came into another state; told at the sides that the transaction sees."""

    NAME: ClassVar[str] = "transfers.transfer.changed"
    transfer_id: str
    member_id: str
    state: str


@dataclass(frozen=True, slots=True)
class TransferDelayed(Event):
    """The side that decides said why it takes longer."""

    NAME: ClassVar[str] = "transfers.transfer.delayed"
    transfer_id: str
    member_id: str


@dataclass(frozen=True, slots=True)
class TransferOverdue(Event):
    """The working days of a side are over; told at both sides and at the organisations above both.

    :ivar step: whose days are over: ``sending`` or ``receiving``.
    """

    NAME: ClassVar[str] = "transfers.transfer.overdue"
    transfer_id: str
    member_id: str
    step: str


@dataclass(frozen=True, slots=True)
class TransferMessageQueued(Event):
    """A message to another tree waits to be delivered."""

    NAME: ClassVar[str] = "transfers.message.queued"
    message_id: str
    kind: str


EVENTS = (TransferChanged, TransferDelayed, TransferOverdue, TransferMessageQueued)
