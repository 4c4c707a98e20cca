"""Limits of age, as organisations lay them down (PPL-09)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from banyan.kernel.clock import today
from banyan.kernel.context import Context
from banyan.kernel.errors import Text
from banyan.kernel.values import OrgRef, SettingValue
from banyan.modules.people import age_settings as laid_down
from banyan.modules.people.rules import ages
from banyan.modules.tenancy.models import Org
from banyan.plugins import manager
from banyan.plugins.settings import values


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits in force at an organisation. :ivar refuses: admission outside them is refused, not pointed out."""

    least: int
    most: int
    refuses: bool

    def against(self, born: date | None, on: date) -> list[Text]:
        """Why somebody born then cannot be admitted ``on`` that day; nothing where it is only pointed out."""
        return ages.outside(born, on, self.least, self.most) if self.refuses else []

    def doubts(self, born: date | None, on: date) -> list[Text]:
        """What is to be pointed out about the age of somebody who is admitted."""
        return ages.outside(born, on, self.least, self.most)


def limits(ctx: Context, org: OrgRef) -> Limits | None:
    """The limits in force at ``org``; None where there are none for organisations of its type."""
    kind = ctx.session.scalar(select(Org.type).where(Org.id == org.id)) or ""
    return limits_of(values(ctx.session, manager.current(), org), kind)


def limits_of(found: Mapping[str, SettingValue], kind: str) -> Limits | None:
    """The limits for organisations of the type ``kind`` where these settings are in force."""
    admission = str(found[laid_down.ADMISSION.key])
    if admission == "off" or kind not in laid_down.types_of(str(found[laid_down.TYPES.key])):
        return None
    least, most = (int(found[one.key]) for one in (laid_down.LEAST, laid_down.MOST))
    return Limits(least, most, admission == "refuse")


def reached_on(found: Limits, born: date) -> date:
    """The day on which somebody born then reaches the age at which members leave."""
    return ages.birthday(born, found.most)


def in_months(ctx: Context, months: int) -> date:
    """The day so many months from today."""
    return ages.months_later(today(ctx.clock), months)


def refusals(ctx: Context, org: OrgRef, born: date | None, on: date) -> list[Text]:
    """Why somebody born then cannot be admitted at ``org`` on that day; nothing where it is only pointed out."""
    found = limits(ctx, org)
    return found.against(born, on) if found is not None else []
