"""What the shell around every page shows. Pure presentation: the application fills it, the templates draw it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from banyan.kernel.errors import Text

# Lists over a subtree: from one of them, a node of the tree leads to the same list of another organisation.
_FOLLOWED: set[str] = set()


def follow_tree(endpoint: str) -> None:
    """Let the organisation tree lead from this list, whose address names an organisation alone, to that of others."""
    _FOLLOWED.add(endpoint)


def tree_at() -> str:
    """The list that the nodes of the tree lead to on this page; empty where they lead to dashboards."""
    asked = request.args.get("at") or request.endpoint or ""
    return asked if asked in _FOLLOWED else ""


@dataclass(frozen=True, slots=True)
class Here:
    """The organisation of this page.

    :ivar level_mark: one character for the level (省, 市 …). :ivar level_label: the level in words.
    """

    code: str
    name: str
    level_mark: str
    level_label: Text


@dataclass(frozen=True, slots=True)
class Crumb:
    """A step of the way down the tree, and then to the page; ``url`` is None where the reader may not enter."""

    name: Text
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation where the reader holds a grant."""

    name: str
    level_mark: str
    url: str
    active: bool = False


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A node of the organisation tree.

    :ivar count: the figure beside the name, None for none. :ivar open: its ``children`` are here already.
    :ivar active: the organisation of this page. :ivar note: a word beside the name.
    """

    code: str
    name: str
    level_mark: str
    url: str
    count: int | None = None
    has_children: bool = False
    open: bool = False
    children: tuple[TreeNode, ...] = ()
    active: bool = False
    note: Text = ""


@dataclass(frozen=True, slots=True)
class TreeHit:
    """A match of the tree's search; ``way`` names what is above it."""

    name: str
    level_mark: str
    url: str
    way: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NavLink:
    """An entry of the rail or of the phone's tab bar; ``badge`` counts what waits for the reader."""

    label: Text
    url: str
    icon: str = "puzzle"
    badge: int = 0
    active: bool = False
    """Whether the page is it, or belongs to it."""


@dataclass(frozen=True, slots=True)
class NavSection:
    """Entries of the rail under a heading; the first section has none."""

    label: Text
    items: tuple[NavLink, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """Who is signed in.

    :ivar links: the account menu above "Sign out". :ivar sign_out_url: where the form of "Sign out" goes.
    """

    name: str
    role_label: Text
    sign_out_url: str
    links: tuple[NavLink, ...] = ()

    @property
    def initial(self) -> str:
        return self.name[:1].upper()


@dataclass(frozen=True, slots=True)
class Note:
    """A line above every page; ``url`` is where to do something about it."""

    text: Text
    url: str


@dataclass(frozen=True, slots=True)
class Told:
    """What everybody is told on every page: maintenance, or an emergency."""

    title: Text
    when: str
    words: str
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Shell:
    """All of it.

    :ivar org: None on pages that belong to no organisation. :ivar account: None when nobody is signed in.
    :ivar home_url: where the seal leads. :ivar tabs: at most four; the menu button follows them.
    :ivar lang: one of `banyan.kernel.i18n.LANGUAGES`. :ivar notes: what the reader is reminded of on every page.
    :ivar told: what everybody is told on every page.
    """

    home_url: str
    lang: str
    request_id: str
    org: Here | None = None
    account: Account | None = None
    crumbs: tuple[Crumb, ...] = ()
    places: tuple[Place, ...] = ()
    tree_roots: tuple[TreeNode, ...] = ()
    nav: tuple[NavSection, ...] = ()
    tabs: tuple[NavLink, ...] = ()
    notes: tuple[Note, ...] = ()
    told: tuple[Told, ...] = ()

    @property
    def tree_code(self) -> str:
        """The root whose branches hold the organisation of this page: where the tree's search begins."""
        opened = [root.code for root in self.tree_roots if root.active or root.open]
        return next(iter([*opened, *(root.code for root in self.tree_roots)]), "")
