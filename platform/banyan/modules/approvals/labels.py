"""What the audit log calls what happens to requests, and their fields."""

from collections.abc import Mapping

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy

ACTIONS: Mapping[str, Text] = {
    "approvals.request.submit": lazy("Handed a request in"),
    "approvals.request.resubmit": lazy("Sent a request again"),
    "approvals.request.withdraw": lazy("Withdrew a request"),
    "approvals.request.approve": lazy("Approved a request"),
    "approvals.request.return": lazy("Returned a request for correction"),
    "approvals.request.reject": lazy("Rejected a request"),
    "approvals.request.escalate": lazy("A request became overdue"),
    "approvals.delegation.create": lazy("Named a deputy"),
    "approvals.delegation.end": lazy("Ended a deputy's time early"),
}
FIELDS: Mapping[str, Text] = {
    "title": lazy("What is asked for"),
    "flow": lazy("Kind of request"),
    "state": lazy("State"),
    "state=open": lazy("In progress"),
    "state=returned": lazy("Returned for correction"),
    "state=approved": lazy("Approved"),
    "partly": lazy("Approved in part"),
    "state=rejected": lazy("Rejected"),
    "state=withdrawn": lazy("Taken back"),
    "step": lazy("Step"),
    "opinion": lazy("Opinion"),
    "on_behalf_of": lazy("Stood in for"),
    "due_on": lazy("Due on"),
    "deputy": lazy("Deputy"),
    "flows": lazy("Only these kinds of requests"),
}
