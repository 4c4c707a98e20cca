"""The approval flows of transfers (TRF-01): each side answers for itself, within five working days."""

from __future__ import annotations

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.flows import Flow, Step
from banyan.kernel.i18n import lazy
from banyan.modules.transfers import addresses
from banyan.modules.transfers.permissions import DECIDE, READ
from banyan.modules.transfers.services import answering

FROM, TO = "from", "to"
WORKING_DAYS = 5
OWN, BY_BRANCH, OUTWARD, INWARD = (f"transfers.{name}" for name in ("own", "branch", "outward", "inward"))


def _step(key: str, label: Text, side: str, *, returns: bool = True) -> Step:
    return Step(key, label, side, DECIDE.name, working_days=WORKING_DAYS, returns=returns, explain_late=True)


SENDING = _step("sending", lazy("Sending branch"), FROM)
RECEIVING = _step("receiving", lazy("Receiving branch"), TO)


def _flow(name: str, title: Text, asks: str, *steps: Step) -> Flow:
    return Flow(
        name,
        title,
        asks,
        steps,
        _heard,
        reader=READ.name,
        page=addresses.page,
        correct=addresses.correct,
    )


def _heard(ctx: Context, outcome: answering.Outcome) -> None:
    answering.heard(ctx, outcome)


FLOWS = (
    _flow(OWN, lazy("Transfer"), FROM, SENDING, RECEIVING),
    _flow(BY_BRANCH, lazy("Transfer by the sending branch"), FROM, RECEIVING),
    _flow(OUTWARD, lazy("Transfer to another tree"), FROM, SENDING),
    _flow(
        INWARD,
        lazy("Transfer from another tree"),
        TO,
        _step("receiving", lazy("Receiving branch"), TO, returns=False),
    ),
)
