"""Settings that organisations lay down for themselves and all below, as the modules define them.

A rule (``wins="highest"``) is that of the highest organisation of a line that has laid it down; a preference
(``wins="nearest"``) that of the nearest one. What nobody has laid down is the definition's default.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, UniqueConstraint, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from banyan.kernel.context import Context
from banyan.kernel.db.base import Base, Identified, c_text
from banyan.kernel.db.scoped import OrgPair
from banyan.kernel.errors import Invalid, NotFound, Refused, Text
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef, SettingDef, SettingValue
from banyan.plugins import manager
from banyan.plugins.governing import governs
from banyan.plugins.manager import PluginError, Plugins

LONGEST_TEXT = 500
BIGGEST = 2**53
_BROKEN = frozenset({"Cc", "Cs"})


class OrgSetting(Identified, OrgPair, Base):
    """What an organisation lays down for itself and all below. A directory table.

    :ivar value: JSON, as the definition's kind wants it.
    """

    __tablename__ = "org_setting"
    ORG_ID_LEADS_AN_INDEX = True
    __table_args__ = (UniqueConstraint("org_id", "key"),)

    key: Mapped[str] = c_text()
    value: Mapped[Any] = mapped_column(JSONB)
    set_by: Mapped[UUID | None]
    set_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a setting stands at an organisation.

    :ivar value: in force there. :ivar setter_path: who laid it down; None: it is the default.
    :ivar own: what the organisation itself has laid down, in force or not. :ivar inherited: without its own.
    :ivar inherited_from: who laid that down; None: the default.
    """

    definition: SettingDef
    value: SettingValue
    setter_path: str | None
    own: SettingValue | None
    inherited: SettingValue
    inherited_from: str | None

    @property
    def bound(self) -> bool:
        """Whether a rule from above holds here, so that nothing can be laid down."""
        return self.definition.wins == "highest" and self.inherited_from is not None


def definitions(plugins: Plugins) -> dict[str, SettingDef]:
    """Key → definition of all installed modules, in their order.

    :raises PluginError: a definition is not usable, or a key is taken twice.
    """
    found: dict[str, SettingDef] = {}
    for module, defined in plugins.start("banyan_settings"):
        for one in defined:
            if one.module != module or one.key in found:
                raise PluginError(f"module {module!r} cannot define the setting {one.key!r}")
            if problems(one, one.default):
                raise PluginError(f"the default of the setting {one.key!r} is not one of its values")
            found[one.key] = one
    return found


def problems(definition: SettingDef, value: object) -> list[Text]:
    """Everything that keeps ``value`` from being one of the definition's."""
    if definition.kind == "boolean":
        return [] if isinstance(value, bool) else [lazy("Choose yes or no.")]
    if definition.kind == "integer":
        return _number(definition, value)
    if not isinstance(value, str):
        return [lazy("This is not a text.")]
    if definition.kind == "choice":
        return [] if value in dict(definition.choices) else [lazy("Choose one of the listed values.")]
    if any(unicodedata.category(character) in _BROKEN for character in value):
        return [lazy("Control characters are not allowed.")]
    return _length(definition, value)


def _number(definition: SettingDef, value: object) -> list[Text]:
    if not isinstance(value, int) or isinstance(value, bool):
        return [lazy("This is not a whole number.")]
    return _between(
        value,
        -BIGGEST if definition.minimum is None else definition.minimum,
        BIGGEST if definition.maximum is None else definition.maximum,
        lazy("This must be at least %(min)s.", min=definition.minimum),
        lazy("This may be at most %(max)s.", max=definition.maximum if definition.maximum is not None else BIGGEST),
    )


def _length(definition: SettingDef, value: str) -> list[Text]:
    longest = definition.maximum or LONGEST_TEXT
    return _between(
        len(value),
        definition.minimum or 0,
        longest,
        lazy("This must have at least %(min)s characters.", min=definition.minimum),
        lazy("This may have at most %(max)s characters.", max=longest),
    )


def _between(value: int, least: int, most: int, below: Text, above: Text) -> list[Text]:
    return [*([below] if value < least else []), *([above] if value > most else [])]


def standings(session: Session | Connection, plugins: Plugins, org: OrgRef) -> dict[str, Standing]:
    """Key → standing at ``org`` of every setting of every installed module. One statement."""
    return _standings(session, definitions(plugins), org)


def values(session: Session | Connection, plugins: Plugins, org: OrgRef) -> dict[str, SettingValue]:
    """Key → value in force at ``org``, of every setting of every installed module. One statement."""
    return {key: found.value for key, found in standings(session, plugins, org).items()}


def value(session: Session | Connection, plugins: Plugins, org: OrgRef, key: str) -> SettingValue:
    """The value of one setting in force at ``org``; a value of the definition's kind. One statement.

    :raises KeyError: no installed module defines it.
    """
    definition = definitions(plugins)[key]
    return _standings(session, {key: definition}, org)[key].value


def setting(ctx: Context, key: str, org: OrgRef | None = None) -> SettingValue:
    """The value of a setting in force at ``org``, by default the organisation of the request."""
    return value(ctx.session, manager.current(), org or ctx.here, key)


def _standings(session: Session | Connection, defined: Mapping[str, SettingDef], org: OrgRef) -> dict[str, Standing]:
    rows = session.execute(
        select(OrgSetting.key, OrgSetting.org_path, OrgSetting.value)
        .where(governs(OrgSetting.org_path, org), OrgSetting.key.in_(list(defined)))
        .order_by(OrgSetting.org_path)
    )
    laid_down: dict[str, dict[str, SettingValue]] = {}
    for key, path, held in rows:
        # A value that a later version of the module does not know any more is as good as none.
        if not problems(defined[key], held):
            laid_down.setdefault(key, {})[path] = held
    return {key: _standing(one, laid_down.get(key, {}), org.path) for key, one in defined.items()}


def _standing(definition: SettingDef, laid_down: dict[str, SettingValue], path: str) -> Standing:
    above = [setter for setter in laid_down if setter != path]
    inherited_from = (above[0] if definition.wins == "highest" else above[-1]) if above else None
    inherited = laid_down[inherited_from] if inherited_from is not None else definition.default
    own = laid_down.get(path)
    rests = definition.wins == "highest" and inherited_from is not None
    if own is None or rests:
        return Standing(definition, inherited, inherited_from, own, inherited, inherited_from)
    return Standing(definition, own, path, own, inherited, inherited_from)


def set_value(
    session: Session,
    plugins: Plugins,
    org: OrgRef,
    key: str,
    wanted: SettingValue | None,
    *,
    by: UUID | None,
    at: datetime,
) -> None:
    """Keep what ``org`` lays down for ``key``; None lifts it, so that what is laid down above or the default holds.

    :raises NotFound: no installed module defines it. :raises Invalid: with every reason against the value.
    :raises Refused: an organisation above has laid down this rule; what is one's own can still be lifted.
    """
    definition = definitions(plugins).get(key)
    if definition is None:
        raise NotFound(lazy("There is no such setting here."))
    against = problems(definition, wanted) if wanted is not None else []
    if against:
        raise Invalid({key: against})
    if wanted is not None and _standings(session, {key: definition}, org)[key].bound:
        raise Refused(lazy("An organisation above has laid this down."))
    row = session.scalar(select(OrgSetting).where(OrgSetting.org_id == org.id, OrgSetting.key == key))
    if wanted is None:
        if row is not None:
            session.delete(row)
        return
    if row is None:
        row = OrgSetting(org_id=org.id, org_path=org.path, key=key)
        session.add(row)
    row.value, row.set_by, row.set_at = wanted, by, at
