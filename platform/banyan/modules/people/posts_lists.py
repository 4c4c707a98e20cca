"""The list of posts.

Plans, as ``banyan_app``: of a narrow subtree ``(org_path, began_on, id)``, of a wide one ``(began_on, id)``; those
whose term ends, or should have ended, by ``(term_order, id)`` of open ones alone, of which overdue ones are the
beginning.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, Date, and_, case, cast, func, or_

from banyan.kernel.context import Context
from banyan.kernel.exports import Exportable
from banyan.kernel.i18n import lazy
from banyan.kernel.tables import NOW, Column, Filter, Sort, TableDef
from banyan.modules.access.decision import visible
from banyan.modules.people.file_models import Post
from banyan.modules.people.permissions import MEMBER_EXPORT, MEMBER_READ
from banyan.modules.people.rules.posts import BEGINNINGS, ENDINGS, KINDS, SOON, STATE_TONES, STATES
from banyan.modules.tenancy.models import Org

TODAY: ColumnElement[date] = cast(func.timezone("Asia/Shanghai", NOW), Date)
OPEN = Post.ended_on.is_(None)
OVERDUE = and_(OPEN, Post.term_order < TODAY)
ENDING = and_(OPEN, Post.term_order >= TODAY, Post.term_order <= TODAY + SOON.days)
STATE: ColumnElement[str] = case(
    (Post.ended_on.is_not(None), "ended"), (OVERDUE, "overdue"), (ENDING, "ending"), else_="current"
)
_WHERE = {"current": OPEN, "ending": ENDING, "overdue": OVERDUE, "ended": Post.ended_on.is_not(None)}


def _in_state(value: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = _WHERE.get(value, Post.org_path < "")
    return found


def seen(ctx: Context) -> ColumnElement[bool]:
    """The posts held at the organisation of the request and below that the reader may see."""
    return visible(ctx, MEMBER_READ.name, Post.org_path, within=ctx.here)


def _exported(ctx: Context) -> ColumnElement[bool]:
    return and_(seen(ctx), visible(ctx, MEMBER_EXPORT.name, Post.org_path, within=ctx.here))


POSTS = TableDef(
    name="posts",
    title=lazy("Posts"),
    source=Post.__table__.join(Org, Org.id == Post.org_id),
    identity=Post.id,
    columns=(
        Column("holder", lazy("Held by"), Post.holder, "link"),
        Column("title", lazy("Post"), Post.title),
        Column("org_name", lazy("Organisation"), Org.name),
        Column("org_code", lazy("Code of the organisation"), Org.code, "code", shown=False),
        Column("kind", lazy("Kind of post"), Post.kind, "badge", labels=KINDS),
        Column("began_on", lazy("Since"), Post.began_on, "date"),
        Column("began_by", lazy("How it began"), Post.began_by, "badge", labels=BEGINNINGS, shown=False),
        Column("term_ends", lazy("End of the term"), Post.term_ends, "date"),
        Column("basis", lazy("Number of the document"), Post.basis, "code", shown=False),
        Column("state", lazy("State"), STATE, "badge", STATES, STATE_TONES),
        Column("ended_on", lazy("Last day"), Post.ended_on, "date", shown=False),
        Column("ended_by", lazy("How it ended"), Post.ended_by, "badge", labels=ENDINGS, shown=False),
    ),
    sorts=(
        Sort("-began_on", (Post.began_on, Post.id), descending=True),
        Sort("began_on", (Post.began_on, Post.id)),
        Sort("term_ends", (Post.term_order, Post.id)),
        Sort("tree", (Post.org_path, Post.began_on, Post.id)),
    ),
    filters=(
        Filter(
            "q",
            lazy("Name or post"),
            "text",
            lambda text: or_(Post.holder.contains(text, autoescape=True), Post.title.contains(text, autoescape=True)),
        ),
        Filter("state", lazy("State"), "choice", _in_state, lambda _session: list(STATES.items())),
        Filter(
            "kind", lazy("Kind of post"), "choice", lambda value: Post.kind == value, lambda _s: list(KINDS.items())
        ),
    ),
)
EXPORTS = (Exportable(POSTS, MEMBER_EXPORT.name, _exported),)
