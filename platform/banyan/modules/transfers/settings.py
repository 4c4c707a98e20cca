"""Which organisations take members: data that upper levels lay down."""

from __future__ import annotations

from banyan.kernel.i18n import lazy
from banyan.kernel.values import SettingDef

PLACES = SettingDef(
    "transfers.places",
    lazy("Where members can be transferred to"),
    "choice",
    "all",
    lazy("Where members belong to the branches at the foot of the tree, those above them take none."),
    (("all", lazy("Every organisation")), ("basic", lazy("Only organisations with none below them"))),
    wins="highest",
)
ACCEPTS = SettingDef(
    "transfers.accepts",
    lazy("Takes members by transfer"),
    "boolean",
    True,
    lazy("If not, nobody can ask for a transfer to this organisation."),
)
SETTINGS = (PLACES, ACCEPTS)
