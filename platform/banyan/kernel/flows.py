"""Approval flows as data: what a module declares, and what the approval engine tells it (APR-01).

A module returns its flows from the hook ``banyan_flows`` and hands requests in through ``approvals.services``::

    submit(ctx, flow: str, subject: Subject, *, title: str, sides: Mapping[str, OrgRef],
           details: Mapping[str, str] = {}, data: Mapping[str, Any] = {}, files: Sequence[StoredFile] = ()) -> Request
    resubmit(ctx, request_id, *, title=None, details=None, data=None, files=None, note="") -> Request
    withdraw(ctx, request_id, *, note="") -> Request
    decide(ctx, request_id, act: Act, opinion: str, *, version: int, explanation: str = "", pieces=()) -> Request
    of_subject(ctx, flow: str, subject_id: str) -> Request | None     the newest one about a subject
    panel(ctx, request_id) -> Panel                                   for ``approvals/_panel.html``

``details`` is what the panel shows (label as msgid → value), ``data`` what ``heard`` gets back.

The engine finds who decides, counts the working days, reminds, escalates, keeps the history and calls the flow's
``heard`` in the transaction of each act. A module stores no state of its own about where a request stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.values import OrgRef


class State(StrEnum):
    """Where a request stands. ``RETURNED`` can be corrected and sent again; the last three are for ever."""

    OPEN = "open"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Act(StrEnum):
    """What is done with a request, by people and by the clock."""

    SUBMIT = "submit"
    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    RESUBMIT = "resubmit"
    REMIND = "remind"
    ESCALATE = "escalate"


DECISIONS = (Act.APPROVE, Act.RETURN, Act.REJECT)


class Heard(StrEnum):
    """What a module hears. ``PASSED``: one step of several was approved; ``OVERDUE``: its working days are over."""

    PASSED = "passed"
    APPROVED = "approved"
    RETURNED = "returned"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    RESUBMITTED = "resubmitted"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Piece:
    """The answer to one part of a request that is answered part by part.

    :ivar key: which part, as the module calls it. :ivar label: what people read, as msgid or as it stands.
    :ivar reason: why it is not agreed to.
    """

    key: str
    label: str
    agreed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request, told to the flow that declared it.

    :ivar subject_type: and ``subject_id``: as given with `Subject` at submission.
    :ivar sides: the organisations that were named at submission, as they stand in the tree now.
    :ivar step: key of the step it happened at; empty for what those who ask do.
    :ivar data: what the module handed in for itself at submission.
    :ivar opinion: what the decider wrote. :ivar actor_id: who did it, None for the clock.
    :ivar on_behalf_of: the account somebody decided for as its deputy. :ivar late: after the deadline.
    :ivar pieces: the answer to each part; empty where the whole was answered at once.
    """

    kind: Heard
    request_id: UUID
    flow: str
    subject_type: str
    subject_id: str
    title: str
    sides: Mapping[str, OrgRef]
    data: Mapping[str, object]
    step: str
    opinion: str
    asked_by: UUID | None
    actor_id: UUID | None
    on_behalf_of: UUID | None
    at: datetime
    late: bool = False
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a flow: an organisation where somebody with ``permission`` decides, within some working days.

    :ivar key: kept in the history for ever. :ivar label: what people read on the track.
    :ivar side: name of one of the organisations given at submission. :ivar of_parent: not that organisation itself
        decides but the one above it. Both are looked up when the step opens.
    :ivar permission: who holds it there decides. :ivar working_days: counted from the day after the step opened.
    :ivar remind: so many working days before the deadline the deciders are reminded.
    :ivar escalate: after the deadline the organisation above the deciding one may decide as well.
    :ivar returns: whether it can be sent back for correction. :ivar explain_late: deciding late needs a reason.
    """

    key: str
    label: Text
    side: str
    permission: str
    of_parent: bool = False
    working_days: int = 5
    remind: int = 1
    escalate: bool = True
    returns: bool = True
    explain_late: bool = False


Hear = Callable[[Context, Outcome], None]
Address = Callable[[Context, str], str | None]
RequestAddress = Callable[[Context, UUID], str]


@dataclass(frozen=True, slots=True)
class Flow:
    """A kind of request.

    :ivar name: ``<module>.<what>``, kept for ever. :ivar title: what people read.
    :ivar asks: the side that asks; holders of ``reader`` at any side may see its requests.
    :ivar steps: decided one after the other.
    :ivar heard: called once for every `Heard`, in the transaction of the act; what it raises undoes the act and is
        shown to who acted. It does not commit. In a periodic job (``OVERDUE``) the context sees everything.
    :ivar reader: permission to see requests of this flow, asked at the organisations of their sides.
    :ivar page: address of the subject's own page for the reader of the context, from the subject's id; None if none.
    :ivar correct: address of the form in which a returned subject is corrected; that form calls ``resubmit`` itself.
        Without it the panel has a plain form to send it again.
    :ivar answer: address of the page where a request is answered part by part, from the request's id; that page calls
        ``decide`` with ``pieces`` itself. The panel leads there instead of showing the form of a decision. Decided
        together with others, all parts get the same answer.
    """

    name: str
    title: Text
    asks: str
    steps: tuple[Step, ...]
    heard: Hear
    reader: str = "approvals.request:read"
    page: Address | None = None
    correct: Address | None = None
    answer: RequestAddress | None = None

    @property
    def module(self) -> str:
        """The module that declares it."""
        return self.name.split(".", 1)[0]
