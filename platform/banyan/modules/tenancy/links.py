"""Kinds of link between an organisation and its parent, and which may stand where (ORG-12). Pure functions.

``leadership`` gives the upper side what its roles say. ``guidance`` (业务指导) leaves the lower side its own master:
rights from above end there, but for permissions that say otherwise. ``branch_office`` (分支机构) is a part of its
association and no legal person of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from banyan.kernel.errors import Text
from banyan.kernel.i18n import lazy
from banyan.modules.tenancy.territory import Divisions, named_after

Link = Literal["leadership", "guidance", "branch_office"]
LINKS: tuple[Link, ...] = ("leadership", "guidance", "branch_office")
LABELS: Mapping[str, Text] = {
    "leadership": lazy("Leadership"),
    "guidance": lazy("Business guidance"),
    "branch_office": lazy("Branch office"),
}
TONES: Mapping[str, str] = {"guidance": "warn"}
# What the tree shows beside a name; leadership is the rule and shows nothing.
MARKS: Mapping[str, Text] = {"guidance": lazy("guided"), "branch_office": lazy("office")}


def allowed(links: Collection[str]) -> tuple[str, ...]:
    """The kinds that a type with these ``links`` may have: leadership alone where it names none."""
    return tuple(link for link in LINKS if link in links) or ("leadership",)


def problems(link: str, links: Collection[str], parent_link: str | None, below: Collection[str] = ()) -> list[Text]:
    """Every reason why an organisation may not have a ``link`` of this kind to its parent.

    That a branch office sets up none of its own is the second sentence of article 17 of the Regulations on Registration
    and Administration of Social Organisations (《社会团体登记管理条例》, State Council, as revised in 2016).

    :param links: of its type. :param parent_link: the parent's own kind of link; None: there is no parent.
    :param below: kinds of link of the organisations below it.
    """
    if link not in LINKS:
        return [lazy("There is no such kind of link.")]
    if parent_link is None:
        return [] if link == "leadership" else [lazy("An organisation without parent has no link to one.")]
    found: list[Text] = []
    if link not in allowed(links):
        found.append(lazy("An organisation of this type may not have a link of this kind."))
    if link == "branch_office" and (parent_link == "branch_office" or "branch_office" in below):
        found.append(lazy("A branch office may not set up branch offices of its own."))
    return found


def name_problems(link: str, name: str, parents: Collection[str], divisions: Divisions) -> list[Text]:
    """Why an organisation with this ``link`` may not be called ``name``: no territorial branch offices (article 17).

    :param parents: names of the association it belongs to, which a branch office's name usually begins with.
    """
    found = named_after(name, parents, divisions) if link == "branch_office" else ""
    if not found:
        return []
    return [
        lazy(
            "“%(division)s” is a territory: an association may not set up territorial branch offices"
            " (Regulations on Registration and Administration of Social Organisations, article 17).",
            division=found,
        )
    ]
