"""flask-smorest's Blueprint with types, and with the manners that every operation of the API has."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, TypeVar

import flask_smorest
from flask.views import MethodView

from banyan.api import answers, conditional, manners
from banyan.kernel.access_marks import mark_of

View = TypeVar("View", bound=Callable[..., Any])
Decorator = Callable[[View], View]
_METHODS = ("get", "post", "put", "patch", "delete")


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # the library publishes no types
    """A blueprint of the API."""

    ARGUMENTS_PARSER = conditional.Parser()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._prepare_doc_cbks.append(self._prepare_manners_doc)

    def route(self, rule: str, **options: Any) -> Decorator[Any]:
        """Serve a MethodView or function at ``rule``.

        :raises TypeError: for a function that edits: `If-Match` compares with the ``get`` of the same MethodView.
        """
        methods = [method.lower() for method in options.get("methods", ("GET",))]
        endpoint = options.get("endpoint")
        register: Decorator[Any] = super().route(rule, **options)

        def decorate(view: Any) -> Any:
            if isinstance(view, type) and issubclass(view, MethodView):
                tagged = conditional.apply(view)
                for method in _METHODS:
                    if method in view.__dict__:
                        self._say(view.__dict__[method], endpoint or view.__name__, tagged)
            elif set(methods) <= {"get", "post"}:
                self._say(view, endpoint or view.__name__, tagged=False)
            else:
                raise TypeError(f"{view.__name__} edits: make it a MethodView whose get() shows what is edited")
            return register(view)

        return decorate

    def arguments(self, schema: Any, **options: Any) -> Decorator[Any]:
        """Read the input by ``schema`` and pass it on as the first argument."""
        decorate: Decorator[Any] = super().arguments(schema, **options)
        return decorate

    def response(self, status_code: int, schema: Any = None, **options: Any) -> Decorator[Any]:
        """Write the output by ``schema``."""
        decorate: Decorator[Any] = super().response(status_code, schema, **options)
        return conditional.versioned(decorate, schema)

    def doc(self, **description: Any) -> Decorator[Any]:
        """Say more in the OpenAPI document."""
        decorate: Decorator[Any] = super().doc(**description)
        return decorate

    def _say(self, view: Any, operation: str, tagged: bool) -> None:
        """Keep for the document what goes without saying; the name of an operation never changes (API-01)."""
        said = {
            "operation": f"{self.name.removesuffix('_api')}.{operation}",
            "mark": mark_of(view),
            "tagged": tagged,
            "kept": not answers.opted_out(view),
        }
        view._apidoc = {**deepcopy(getattr(view, "_apidoc", {})), "manners": said}

    def _prepare_manners_doc(
        self, doc: dict[str, Any], doc_info: dict[str, Any], *, method: str, **_options: Any
    ) -> dict[str, Any]:
        said = doc_info.get("manners")
        by_hand = doc_info.get("manual_doc", {}).get("responses", {})
        return manners.describe(doc, method, said, by_hand) if said else doc
