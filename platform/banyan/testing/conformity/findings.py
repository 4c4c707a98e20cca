"""What a check says: which rule, where, what is wrong, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Table

from banyan.kernel.values import ModuleManifest
from banyan.testing.endpoints import Endpoint, endpoints

if TYPE_CHECKING:
    from banyan.testing.installation import Installation

# What a rule looks at: the files, the loaded plugin, or a whole platform with the plugin in it.
Needs = Literal["source", "plugin", "platform"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to mend.

    :ivar rule: key of the rule. :ivar where: file, table, address or hook. :ivar what: what is wrong there.
    :ivar remedy: what to do.
    """

    rule: str
    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}. {self.remedy}."


@dataclass
class Subject:
    """The plugin under check.

    :ivar implementation: the object with its hooks. :ivar package: folder of its code.
    :ivar platform: with the plugin in it; None where it does not start.
    """

    name: str
    implementation: Any
    package: Path
    manifest: ModuleManifest | None = None
    platform: Installation | None = None

    @property
    def here(self) -> Installation:
        """The platform, for rules that need it."""
        assert self.platform is not None
        return self.platform

    @property
    def answers(self) -> Mapping[str, Any]:
        """What it answered to the hooks asked at start."""
        return self.here.plugins.answers[self.name]

    @property
    def models(self) -> list[Any]:
        """Its mapped classes."""
        return list(self.answers.get("banyan_models", ()))

    @property
    def tables(self) -> list[Table]:
        """Its tables, parents before children."""
        own = {model.__table__ for model in self.models}
        return [table for table in next(iter(own)).metadata.sorted_tables if table in own] if own else []

    @cached_property
    def endpoints(self) -> list[Endpoint]:
        """Its views."""
        plugins = self.here.plugins
        return [one for one in endpoints(self.here.app) if plugins.module_of(one.blueprint) == self.name]

    @property
    def helper(self) -> ModuleType | None:
        """Its room ``testing.py``, which makes rows that the check cannot make up by itself."""
        import importlib

        package = getattr(self.implementation, "__package__", "") or ""
        try:
            return importlib.import_module(f"{package}.testing") if package else None
        except ModuleNotFoundError:
            return None


Ask = Callable[[Subject], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the house.

    :ivar key: short and stable. :ivar title: what it demands. :ivar modules: what must be installed to ask it.
    """

    key: str
    title: str
    needs: Needs
    ask: Ask = field(repr=False)
    modules: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.key

    def found(self, subject: Subject) -> Iterator[Finding]:
        """Everything that breaks it."""
        yield from self.ask(subject)


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a check.

    :ivar kept: keys of rules that hold. :ivar untried: rule → why it could not be asked.
    """

    name: str
    findings: tuple[Finding, ...]
    kept: tuple[str, ...]
    untried: Mapping[str, str]

    @property
    def good(self) -> bool:
        """Whether nothing is to be mended; rules that were not tried prove nothing."""
        return not self.findings

    def of(self, rule: str) -> list[Finding]:
        """Findings of one rule."""
        return [finding for finding in self.findings if finding.rule == rule]
