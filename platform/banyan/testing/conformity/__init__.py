"""The rules of the house for plugins (PLG-02), asked one by one; ``banyan plugin check`` and `pytest` ask the same."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import structlog

from banyan.app import CORE
from banyan.gate import UnmarkedViews
from banyan.kernel.db.urls import Urls
from banyan.plugins import manager
from banyan.plugins.manager import PluginError
from banyan.testing.conformity import access, fuzzing, navigation, pages, people, source, tables
from banyan.testing.conformity.findings import Finding, Report, Rule, Subject
from banyan.testing.installation import installation

__all__ = ["RULES", "Finding", "Report", "Rule", "Subject", "check"]
log = structlog.get_logger(__name__)

LOADS = Rule("loads", "It loads, migrates and starts", "platform", lambda _subject: ())
MARKS = Rule("marks", "Every view says who may enter", "platform", lambda _subject: ())
RULES: tuple[Rule, ...] = (
    Rule("imports", "It imports the sdk and nothing else of the platform", "source", source.imports),
    Rule("catalogues", "Every message is there in three languages", "source", source.catalogues),
    LOADS,
    MARKS,
    Rule("manifest", "It says what it is and what it keeps", "platform", source.manifest),
    Rule("walls", "Its tables stand behind both walls", "platform", tables.walls),
    Rule("migrations", "Its revisions go up, down and up again", "platform", tables.migrations),
    Rule("permissions", "Views ask for its own permissions", "platform", access.permissions),
    Rule("off", "It is gone where it is off", "platform", access.off),
    Rule("reach", "Nobody reaches a neighbour through it", "platform", access.reach),
    Rule("answers", "Its views do not break", "platform", access.answers),
    Rule("fuzzing", "Its API takes whatever is sent", "platform", fuzzing.fuzzing, ("schemathesis",)),
    Rule("navigation", "People find it, and only those who may", "platform", navigation.navigation),
    Rule("hooks", "Its hooks answer", "platform", navigation.hooks),
    Rule("people", "What it holds about a person comes out, goes over, and goes", "platform", people.people),
    Rule("policy", "Its pages keep the content policy", "platform", pages.policy),
    Rule("reading", "Its pages shut nobody out", "platform", pages.reading, ("axe_playwright_python",)),
)
"""In the order in which they are asked."""


def check(
    name: str, implementation: Any, package: Path, *, rules: Sequence[Rule] = RULES, server: Urls | None = None
) -> Report:
    """Hold a plugin against the rules.

    :param name: of its module. :param implementation: the object with its hooks. :param package: folder of its code.
    :param rules: those to ask. :param server: addresses of a PostgreSQL server; one is started where none is given.
    """
    subject = Subject(name, implementation, package)
    with ExitStack() as stack:
        stopped = list(_started(subject, stack, server)) if any(rule.needs != "source" for rule in rules) else []
        outcome = _Outcome(name, [one for one in stopped if one.rule in {rule.key for rule in rules}])
        for rule in rules:
            outcome.ask(rule, subject)
        return outcome.report()


def _started(subject: Subject, stack: ExitStack, server: Urls | None) -> Iterator[Finding]:
    """Start a platform with the plugin in it; what keeps it from starting is a finding."""
    extra = {} if subject.name in _installed() else {subject.name: subject.implementation}
    try:
        plugins = manager.load(CORE, extra)
        if subject.name in plugins.failures:
            yield Finding("loads", "plugin", plugins.failures[subject.name], "Mend it; the rules below need it loaded")
            return
        for said in plugins.warnings.get(subject.name, ()):
            yield Finding("loads", "plugin", f"it uses what will be gone: {said}", "Change it before it is")
        subject.platform = stack.enter_context(installation(extra, server=server))
        subject.manifest = subject.here.plugins.manifests[subject.name]
    except UnmarkedViews as error:
        yield Finding("marks", "views", str(error), "Mark them with permission, participant, signed_in or public")
    except (PluginError, RuntimeError) as error:
        yield Finding("loads", "plugin", str(error), "Mend it; the rules below need a platform that starts")
    except Exception as error:  # a plugin is a program of somebody else's
        log.exception("the platform does not start with the plugin", plugin=subject.name)
        told = f"the platform does not start with it: {type(error).__name__}: {error}"
        yield Finding("loads", "plugin", told, "Mend it; the rules below need a platform that starts")


def _installed() -> set[str]:
    return {entry.name for entry in importlib.metadata.entry_points(group=manager.ENTRY_POINTS)}


class _Outcome:
    """What comes of asking."""

    def __init__(self, name: str, found: list[Finding]) -> None:
        self._name = name
        self._found = found
        self._kept: list[str] = []
        self._untried: dict[str, str] = {}

    def ask(self, rule: Rule, subject: Subject) -> None:
        absent = [module for module in rule.modules if importlib.util.find_spec(module) is None]
        if rule.needs != "source" and subject.platform is None:
            if not any(one.rule == rule.key for one in self._found):
                self._untried[rule.key] = "the platform does not start with the plugin"
            return
        if absent:
            self._untried[rule.key] = f"{', '.join(absent)} is not installed"
            return
        try:
            found = list(rule.found(subject))
        except LookupError as error:
            self._untried[rule.key] = str(error)
            return
        except Exception as error:  # as above: it may fail in any way, and that is said with the rule's name
            log.exception("a rule could not be asked", rule=rule.key, plugin=subject.name)
            found = [Finding(rule.key, "check", f"asking failed: {type(error).__name__}: {error}", "See the log")]
        self._found += found
        if not any(one.rule == rule.key for one in self._found):
            self._kept.append(rule.key)

    def report(self) -> Report:
        return Report(self._name, tuple(self._found), tuple(self._kept), self._untried)
