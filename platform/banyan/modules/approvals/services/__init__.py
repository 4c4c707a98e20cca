"""What modules that declare flows call: hand requests in, follow them, show them."""

from banyan.modules.approvals.services.decisions import decide
from banyan.modules.approvals.services.panel import Panel, panel
from banyan.modules.approvals.services.reading import find, of_subject
from banyan.modules.approvals.services.requests import resubmit, submit, withdraw

__all__ = ["Panel", "decide", "find", "of_subject", "panel", "resubmit", "submit", "withdraw"]
