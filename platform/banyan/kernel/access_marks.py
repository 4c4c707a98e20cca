"""Every view says who may enter: one of five marks. A view without one keeps the application from starting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from banyan.kernel.context import Context

View = TypeVar("View", bound=Callable[..., Any])
Check = Callable[["Context"], bool]
ATTRIBUTE, ALWAYS = "__banyan_access__", "__banyan_always__"


@dataclass(frozen=True, slots=True)
class Mark:
    """Who may enter a view.

    :ivar whole: why its transaction sees the whole tree; empty for the subtree of the organisation, as almost always.
    :ivar ended: may write to an organisation that has been revoked; all others only read there.
    """

    kind: Literal["permission", "participant", "signed_in", "operator", "public"]
    permission: str = ""
    check: Check | None = None
    whole: str = ""
    ended: bool = False


PUBLIC = Mark("public")
SIGNED_IN = Mark("signed_in")
OPERATOR = Mark("operator")


def _marked(mark: Mark) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        setattr(view, ATTRIBUTE, mark)
        return view

    return decorate


def permission(name: str, *, whole: str = "", ended: bool = False) -> Callable[[View], View]:
    """Only for accounts with a grant that covers the organisation of the URL and has the permission ``name``.

    :param whole: why one transaction has to see more than the organisation's subtree: it touches two lines of the tree.
        What the view does with the other line is decided there again. :param ended: also writes where an organisation
        has been revoked.
    """
    return _marked(Mark("permission", permission=name, whole=whole, ended=ended))


def participant(check: Check) -> Callable[[View], View]:
    """For members of the organisation's subtree or people on a roll; ``check`` says, and nothing else does."""
    return _marked(Mark("participant", check=check))


def signed_in(view: View) -> View:
    """For every account, about its own things."""
    return _marked(SIGNED_IN)(view)


def operator(view: View) -> View:
    """For those who run the installation: about the platform itself, never about an organisation's rows."""
    return _marked(OPERATOR)(view)


def public(view: View) -> View:
    """For everybody; sees published rows only."""
    return _marked(PUBLIC)(view)


def during_maintenance(view: View) -> View:
    """Also writes while nothing else may: signing in and out, and what must never wait."""
    setattr(view, ALWAYS, True)
    return view


def always(view: object) -> bool:
    """Whether a view writes during maintenance as well."""
    return bool(getattr(view, ALWAYS, False))


def mark_of(view: object) -> Mark | None:
    """The mark of a view function or method, if it has one."""
    mark = getattr(view, ATTRIBUTE, None)
    return mark if isinstance(mark, Mark) else None
