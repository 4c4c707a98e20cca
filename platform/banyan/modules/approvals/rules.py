"""What may become of a request, and when: pure functions over data, no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from banyan.kernel import workdays
from banyan.kernel.flows import Act, Heard, State, Step
from banyan.kernel.tables import day_start

TRANSITIONS: Mapping[tuple[State, Act], State] = {
    (State.OPEN, Act.APPROVE): State.APPROVED,  # at the last step; before it the request stays open, one step further
    (State.OPEN, Act.RETURN): State.RETURNED,
    (State.OPEN, Act.REJECT): State.REJECTED,
    (State.OPEN, Act.WITHDRAW): State.WITHDRAWN,
    (State.OPEN, Act.REMIND): State.OPEN,
    (State.OPEN, Act.ESCALATE): State.OPEN,
    (State.RETURNED, Act.RESUBMIT): State.OPEN,
    (State.RETURNED, Act.WITHDRAW): State.WITHDRAWN,
}
FINAL = frozenset({State.APPROVED, State.REJECTED, State.WITHDRAWN})
HEARD: Mapping[Act, Heard] = {
    Act.APPROVE: Heard.APPROVED,
    Act.RETURN: Heard.RETURNED,
    Act.REJECT: Heard.REJECTED,
    Act.WITHDRAW: Heard.WITHDRAWN,
    Act.RESUBMIT: Heard.RESUBMITTED,
    Act.ESCALATE: Heard.OVERDUE,
}


@dataclass(frozen=True, slots=True)
class Move:
    """Where an act leads: the state, the step, and what the module hears (None: nothing)."""

    state: State
    step: int
    heard: Heard | None

    @property
    def opens(self) -> bool:
        """Whether a step begins with it."""
        return self.state is State.OPEN and self.heard in (Heard.PASSED, Heard.RESUBMITTED)


def move(state: State, act: Act, step: int, steps: int) -> Move | None:
    """What ``act`` makes of a request in ``state`` at ``step`` of ``steps``; None where it cannot be done."""
    to = TRANSITIONS.get((state, act))
    if to is None:
        return None
    if act is Act.APPROVE and step + 1 < steps:
        return Move(State.OPEN, step + 1, Heard.PASSED)
    return Move(to, 0 if act is Act.RESUBMIT else step, HEARD.get(act))


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a step is over, and from when on it is pressing."""

    on: date
    at: datetime
    remind_at: datetime
    provisional: bool


def deadline(step: Step, received: date) -> Deadline:
    """The deadline of a step that was received on ``received``: its working days, that day not counted (APR-01)."""
    due = workdays.after(received, step.working_days)
    pressing = due.day
    for _number in range(step.remind):
        pressing = _working_day_before(pressing)
    return Deadline(due.day, workdays.end_of(due.day), max(day_start(pressing), day_start(received)), due.provisional)


def _working_day_before(day: date) -> date:
    day -= timedelta(days=1)
    while not workdays.is_working_day(day):
        day -= timedelta(days=1)
    return day
