"""What somebody above has to agree to: a line of thanks, written by the organisation that receives it."""

from __future__ import annotations

from banyan.sdk import Context, Flow, Heard, Outcome, Step, Subject, count, lazy, new_id, record, submit_request

from .models import Entry
from .permissions import APPROVE
from .services import ENTRIES

THANKS = "guestbook.thanks"


def ask(ctx: Context, text: str) -> str:
    """Ask the organisation above to let a line into the book; returns the id of the request."""
    subject = Subject("guestbook_line", str(new_id()), text[:40])
    details = {"Line": text}
    request = submit_request(
        ctx, THANKS, subject, title=text[:40], sides={"book": ctx.here}, details=details, data={"text": text}
    )
    return str(request.id)


def heard(ctx: Context, outcome: Outcome) -> None:
    """Write the line once it was approved, in the same transaction."""
    if outcome.kind is not Heard.APPROVED:
        return
    book = outcome.sides["book"]
    entry = Entry(org_id=book.id, org_path=book.path, text=str(outcome.data["text"]), written_at=outcome.at)
    ctx.session.add(entry)
    ctx.session.flush()
    count(ctx.session, book, ENTRIES)
    record(ctx, "guestbook.entry.write", Subject("guestbook_entry", str(entry.id), outcome.title), org=book)


FLOWS = (
    Flow(
        THANKS,
        lazy("Line of thanks"),
        asks="book",
        steps=(Step("look", lazy("Look at it"), "book", APPROVE.name, of_parent=True, working_days=3),),
        heard=heard,
    ),
)
