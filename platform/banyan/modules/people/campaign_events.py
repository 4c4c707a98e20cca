"""What imports, accounts and campaigns tell others, and what the audit log calls their acts and fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from banyan.kernel.errors import Text
from banyan.kernel.events import Event
from banyan.kernel.i18n import lazy
from banyan.modules.people.rules import campaigns

ACTIONS: Mapping[str, Text] = {
    "people.members.import": lazy("Imported members"),
    "people.account.open": lazy("Opened a member's account"),
    "people.account.reset": lazy("Drew a code for a member's new password"),
    "people.account.close": lazy("Closed a member's account, as its holder left"),
    "people.account.reopen": lazy("Opened a member's account again, as its holder came back"),
    "people.campaign.open": lazy("Opened a campaign"),
    "people.campaign.update": lazy("Changed a campaign"),
    "people.campaign.close": lazy("Closed a campaign"),
    "people.campaign.confirm": lazy("Confirmed members in a campaign"),
    "people.campaign.answer": lazy("Answered for a member in a campaign"),
    "people.age.except": lazy("Noted an exception to the limit of age"),
    "people.age.end": lazy("Ended an exception to the limit of age"),
    "people.age.leave": lazy("Noted that members left for age"),
}
FIELDS: Mapping[str, Text] = {
    "campaign_kind": lazy("Kind of campaign"),
    **{f"campaign_kind={key}": label for key, label in campaigns.KINDS.items()},
    "asked": lazy("What is to be confirmed"),
    "answer": lazy("Answer"),
    **{f"answer={key}": label for key, label in campaigns.ANSWERS.items()},
    "campaign": lazy("Campaign"),
    "answered": lazy("Answered"),
    "confirmed": lazy("Confirmed"),
}


@dataclass(frozen=True, slots=True)
class CampaignOpened(Event):
    """A campaign opened for an organisation and all below."""

    NAME: ClassVar[str] = "people.campaign.opened"
    campaign_id: str


@dataclass(frozen=True, slots=True)
class CampaignPressing(Event):
    """A branch has members to confirm and three working days at most; told at the branch."""

    NAME: ClassVar[str] = "people.campaign.pressing"
    campaign_id: str
    left: int


@dataclass(frozen=True, slots=True)
class CampaignOverdue(Event):
    """The date of a campaign is over; told at the organisation above branches that are not done, and at its own."""

    NAME: ClassVar[str] = "people.campaign.overdue"
    campaign_id: str
    left: int


@dataclass(frozen=True, slots=True)
class CampaignClosed(Event):
    """A campaign was closed."""

    NAME: ClassVar[str] = "people.campaign.closed"
    campaign_id: str
    members: int
    answered: int


@dataclass(frozen=True, slots=True)
class AccountsOverdue(Event):
    """Members of an organisation have no account although 15 working days are over; told at it once a week."""

    NAME: ClassVar[str] = "people.accounts.overdue"
    missing: int


TYPES = (CampaignOpened, CampaignPressing, CampaignOverdue, CampaignClosed, AccountsOverdue)
