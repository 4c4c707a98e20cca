"""Settings of an organisation: laid down by itself or above, as the modules that are on here define them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import select

from banyan.kernel.context import Context
from banyan.kernel.errors import Conflict, Invalid, Refused, Text
from banyan.kernel.events import publish
from banyan.kernel.i18n import lazy
from banyan.kernel.values import ModuleManifest, SettingDef, SettingValue
from banyan.modules.access.decision import require
from banyan.modules.audit.services import Subject, record
from banyan.modules.tenancy.events import SettingsLaidDown
from banyan.modules.tenancy.models import Org
from banyan.modules.tenancy.permissions import SETTING_UPDATE
from banyan.modules.tenancy.services import place as places
from banyan.modules.tenancy.services.place import Place
from banyan.plugins import enablement, manager
from banyan.plugins import settings as laid_down
from banyan.plugins.settings import Standing

YES_NO: Mapping[bool, Text] = {True: lazy("Yes"), False: lazy("No")}


@dataclass(frozen=True, slots=True)
class SettingView:
    """A setting as it stands at the organisation of the request.

    :ivar setter: who laid down what is in force; None: it is the default. :ivar above: who laid down what would be
        in force without the organisation's own; None: nobody.
    """

    module: ModuleManifest
    standing: Standing
    setter: Place | None
    above: Place | None

    @property
    def definition(self) -> SettingDef:
        return self.standing.definition

    @property
    def key(self) -> str:
        return self.definition.key

    @property
    def own(self) -> bool:
        """Whether the organisation's own value is in force."""
        return self.standing.own is not None and not self.standing.bound

    @property
    def rests(self) -> bool:
        """Whether the organisation has laid down a value that a rule from above keeps from being in force."""
        return self.standing.own is not None and self.standing.bound


def shown(definition: SettingDef, value: SettingValue) -> Text:
    """A value as people read it."""
    if isinstance(value, bool):
        return YES_NO[value]
    if definition.kind == "choice":
        return dict(definition.choices).get(str(value), str(value))
    return str(value) if value != "" else lazy("(empty)")


def words() -> dict[str, Text]:
    """What the audit log calls settings and those of their values that are chosen from a list."""
    found: dict[str, Text] = {}
    for key, definition in laid_down.definitions(manager.current()).items():
        found[key] = definition.label
        found |= {f"{key}={value}": label for value, label in definition.choices}
    return found


def listing(ctx: Context) -> list[SettingView]:
    """All settings of the modules that are on at the organisation of the request, module by module."""
    plugins = manager.current()
    on = enablement.enabled_modules(ctx.session, plugins, ctx.here)
    line = {place.path: place for place in places.line(ctx.session, ctx.here.path)}
    return [
        SettingView(
            plugins.manifests[one.definition.module],
            one,
            line.get(one.setter_path or ""),
            line.get(one.inherited_from or ""),
        )
        for one in laid_down.standings(ctx.session, plugins, ctx.here).values()
        if one.definition.module in on
    ]


def version(views: Iterable[SettingView]) -> str:
    """A fingerprint of what is laid down here, so that two who change it at once do not overwrite each other."""
    own = {view.key: view.standing.own for view in views}
    return hashlib.sha256(orjson.dumps(own, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def lay_down(ctx: Context, wanted: Mapping[str, Any], as_read: str | None = None) -> list[SettingView]:
    """Lay down settings for the organisation of the request and all below; None lifts one, others stay as they are.

    :param wanted: key → value. :param as_read: the `version` that was read.
    :raises Invalid: with every reason, by key. :raises Refused: with every rule laid down above.
    :raises Conflict: somebody else changed the settings meanwhile.
    """
    require(ctx, SETTING_UPDATE.name, ctx.here)
    ctx.session.execute(select(Org.id).where(Org.id == ctx.here.id).with_for_update(key_share=True))
    views = {view.key: view for view in listing(ctx)}
    if as_read is not None and as_read != version(views.values()):
        raise Conflict(lazy("Somebody else changed this meanwhile. Load the page again and repeat your change."))
    changed = {key: value for key, value in wanted.items() if key not in views or not _same(views[key], value)}
    _check(views, changed)
    if not changed:
        return list(views.values())
    plugins, by, at = manager.current(), ctx.actor.account_id, ctx.clock.now()
    for key, value in changed.items():
        laid_down.set_value(ctx.session, plugins, ctx.here, key, value, by=by, at=at)
    ctx.session.flush()
    _tell(ctx, views, changed)
    return listing(ctx)


def _same(view: SettingView, value: Any) -> bool:
    return type(value) is type(view.standing.own) and value == view.standing.own


def _check(views: Mapping[str, SettingView], wanted: Mapping[str, Any]) -> None:
    fields: dict[str, list[Text]] = {}
    reasons: list[Text] = []
    for key, value in wanted.items():
        view = views.get(key)
        if view is None:
            fields[key] = [lazy("There is no such setting here.")]
            continue
        against = laid_down.problems(view.definition, value) if value is not None else []
        if against:
            fields[key] = against
        elif value is not None and view.standing.bound:
            reasons.append(_bound(view))
    if fields:
        raise Invalid(fields, *reasons)
    if reasons:
        raise Refused(*reasons)


def _bound(view: SettingView) -> Text:
    name = view.above.name if view.above is not None else ""
    label = str(view.definition.label)
    said: Text = lazy("%(name)s has laid down “%(setting)s”; it cannot be changed here.", name=name, setting=label)
    return said


def _tell(ctx: Context, views: Mapping[str, SettingView], changed: Mapping[str, Any]) -> None:
    org = ctx.session.get_one(Org, ctx.here.id)
    before = {key: views[key].standing.own for key in changed}
    record(ctx, "tenancy.setting.update", Subject("settings", str(org.id), org.name), before=before, after=changed)
    publish(ctx, ctx.here, SettingsLaidDown(tuple(sorted(changed))))
