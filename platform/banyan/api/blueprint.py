"""flask-smorest's Blueprint with types, so that what it decorates keeps its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import flask_smorest

View = TypeVar("View", bound=Callable[..., Any])
Decorator = Callable[[View], View]


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # the library publishes no types
    """A blueprint of the API."""

    def route(self, rule: str, **options: Any) -> Decorator[Any]:
        """Serve a MethodView or function at ``rule``."""
        decorate: Decorator[Any] = super().route(rule, **options)
        return decorate

    def arguments(self, schema: Any, **options: Any) -> Decorator[Any]:
        """Read the input by ``schema`` and pass it on as the first argument."""
        decorate: Decorator[Any] = super().arguments(schema, **options)
        return decorate

    def response(self, status_code: int, schema: Any = None, **options: Any) -> Decorator[Any]:
        """Write the output by ``schema``."""
        decorate: Decorator[Any] = super().response(status_code, schema, **options)
        return decorate

    def doc(self, **description: Any) -> Decorator[Any]:
        """Say more in the OpenAPI document."""
        decorate: Decorator[Any] = super().doc(**description)
        return decorate
