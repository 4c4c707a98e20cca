"""The panel of a request for any page: `request_panel` reads it, ``approvals/_panel.html`` draws it.

Another module's page shows the request about its subject with::

    view = request_panel(ctx, request.id)                       in the view
    {% from "approvals/_panel.html" import request_panel with context %}{{ request_panel(view) }}   in the template
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from banyan.kernel.context import Context
from banyan.kernel.flows import Act, State
from banyan.modules.approvals.lists import PARTLY, SHOWN_STATES, STATE_TONES
from banyan.modules.approvals.schemas import ACT_LABELS, DecisionMake, RequestNote
from banyan.modules.approvals.services.panel import Panel, panel
from banyan.web.forms import BoundForm


@dataclass(frozen=True, slots=True)
class PanelView:
    """A request with the forms of what its reader may do; a form is None where that is nothing.

    :ivar decision: decide. :ivar correction: send it again. :ivar withdrawal: take it back.
    """

    panel: Panel
    decision: BoundForm | None
    correction: BoundForm | None
    withdrawal: BoundForm | None

    @property
    def state_label(self) -> object:
        return SHOWN_STATES[self._shown]

    @property
    def state_tone(self) -> str:
        return STATE_TONES.get(self._shown, "")

    @property
    def _shown(self) -> str:
        return PARTLY if self.panel.partly else self.panel.state


def read_only_panel(ctx: Context, request_id: UUID) -> PanelView:
    """The panel of a request for somebody whom it is about, on a page that decided so; what to do stands there."""
    return PanelView(replace(panel(ctx, request_id, vouched=True), page=None), None, None, None)


def request_panel(ctx: Context, request_id: UUID) -> PanelView:
    """The panel of a request as the reader of ``ctx`` may see it; forms post to the request's own page.

    :raises NotFound: it does not exist or is none of the reader's business.
    """
    found = panel(ctx, request_id)
    again = found.own and found.state is State.RETURNED and found.correct is None and not str(found.note)
    return PanelView(
        found,
        decision_form(found) if found.acts and found.answer is None else None,
        note_form(found, "again") if again else None,
        note_form(found, "back") if found.own else None,
    )


def decision_form(found: Panel) -> BoundForm:
    """The form of a decision: only what the step allows, and why it is late where it is."""
    offered = [pair for pair in ACT_LABELS if Act(pair[0]) in found.acts]
    schema = DecisionMake() if found.explain else DecisionMake(exclude=("explanation",))
    return BoundForm(schema, data={"version": found.version}, choices={"act": offered}, prefix="decide")


def note_form(found: Panel, prefix: str) -> BoundForm:
    """The form of a word that goes with taking back or sending again."""
    return BoundForm(RequestNote(), data={"version": found.version}, prefix=prefix)
