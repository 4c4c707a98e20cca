"""Lists about personal data as Excel files. None of them holds sensitive data in clear."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, and_

from banyan.kernel.context import Context
from banyan.kernel.exports import Exportable
from banyan.kernel.values import Permission
from banyan.modules.access.decision import visible
from banyan.modules.privacy import lists, permissions
from banyan.modules.privacy.models import DataRequest, Look
from banyan.modules.privacy.register_models import Breach, RegisterEntry


def _both(read: Permission, export: Permission, path: object) -> Callable[[Context], ColumnElement[bool]]:
    def where(ctx: Context) -> ColumnElement[bool]:
        return and_(*(visible(ctx, one.name, path, within=ctx.here) for one in (read, export)))  # type: ignore[arg-type]

    return where


def _exportable(table: object, read: Permission, export: Permission, model: object) -> Exportable:
    return Exportable(table, export.name, _both(read, export, model.org_path))  # type: ignore[arg-type,attr-defined]


EXPORTS = (
    _exportable(lists.LOOKS, permissions.LOOK_READ, permissions.LOOK_EXPORT, Look),
    _exportable(lists.REQUESTS, permissions.REQUEST_READ, permissions.REQUEST_EXPORT, DataRequest),
    _exportable(lists.REGISTER, permissions.REGISTER_READ, permissions.REGISTER_EXPORT, RegisterEntry),
    _exportable(lists.BREACHES, permissions.REGISTER_READ, permissions.REGISTER_EXPORT, Breach),
)
