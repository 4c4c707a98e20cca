"""How the audit log is read. It lies below every module: who may read what, and what roles are called, is told to it.

The module ``access`` hands both over when the application is assembled; without them nothing can be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from flask import Flask, current_app
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from banyan.kernel.context import Context
from banyan.kernel.values import OrgRef


class Visible(Protocol):
    """The predicate of rows an actor may see."""

    def __call__(
        self, ctx: Context, permission: str, path: ColumnElement[str], *, within: OrgRef | None = None
    ) -> ColumnElement[bool]: ...


class RoleNames(Protocol):
    """What roles are called, by key."""

    def __call__(self, session: Session, roles: Iterable[str], /) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """What the audit log needs from above."""

    visible: Visible
    role_names: RoleNames


_KEY = "banyan.audit.reading"


def install(app: Flask, found: Reading) -> None:
    """Let the audit log of ``app`` be read."""
    app.extensions[_KEY] = found


def reading() -> Reading:
    """How the audit log of the running application is read."""
    found: Any = current_app.extensions[_KEY]
    assert isinstance(found, Reading)
    return found
