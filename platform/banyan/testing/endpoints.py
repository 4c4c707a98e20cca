"""The URL map as tests walk it: every method of every rule, with the mark that says who may enter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask
from werkzeug.routing import Rule

from banyan import gate
from banyan.app import UNGUARDED
from banyan.kernel.access_marks import Mark

NOBODYS = UUID("01900000-0000-7000-8000-000000000000")
"""An id that no row has."""


@dataclass(frozen=True)
class Endpoint:
    """One method of one rule."""

    rule: Rule
    method: str
    mark: Mark

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule}"

    @property
    def api(self) -> bool:
        return self.rule.rule.startswith("/api/")

    @property
    def blueprint(self) -> str:
        return str(self.rule.endpoint).rpartition(".")[0]

    @property
    def of_organisation(self) -> bool:
        return "code" in self.rule.arguments

    @property
    def ids(self) -> list[str]:
        """Names of the arguments that are ids of rows."""
        converters = self.rule._converters.items()
        return [name for name, converter in converters if type(converter).__name__ == "UUIDConverter"]

    def url(self, app: Flask, code: str, *, text: str = "nothing", **known: Any) -> str:
        """Its address; ids that are not ``known`` are nobody's, other arguments are ``text``."""
        values: dict[str, Any] = {}
        for name in self.rule.arguments:
            values[name] = known.get(name, NOBODYS if name in self.ids else text)
        if self.of_organisation:
            values["code"] = code
        with app.test_request_context():
            return app.url_map.bind("localhost").build(self.rule.endpoint, values, method=self.method)


def endpoints(app: Flask) -> Iterator[Endpoint]:
    """The URL map with its marks; static files are no views."""
    marks = app.extensions[gate.MARKS]
    for rule in app.url_map.iter_rules():
        if rule.endpoint in UNGUARDED or rule.endpoint.endswith(".static"):
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Endpoint(rule, method, marks[rule.endpoint][method])
