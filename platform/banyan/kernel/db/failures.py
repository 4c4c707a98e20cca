"""What the database refuses, as something a user can understand and act on."""

from __future__ import annotations

from psycopg import errors as pg
from sqlalchemy import Constraint, Index
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import ServiceUnavailable

from banyan.kernel.db.base import Base
from banyan.kernel.errors import Conflict, DomainError, Invalid
from banyan.kernel.i18n import lazy

_RACES = (pg.DeadlockDetected, pg.SerializationFailure, pg.ForeignKeyViolation)


def lost_race(error: Exception) -> bool:
    """Whether trying once more may help: a deadlock, or an organisation that moved meanwhile."""
    cause = getattr(error, "orig", None)
    return isinstance(cause, _RACES)


def explained(error: Exception) -> Exception:
    """A database error as a domain error, where a user can do something about it."""
    if isinstance(error, StaleDataError):
        return Conflict(lazy("Somebody else changed this meanwhile. Load the page again and repeat your change."))
    cause = getattr(error, "orig", None)
    if isinstance(cause, pg.UniqueViolation):
        return _taken(cause)
    if isinstance(error, IntegrityError) or lost_race(error):
        return Conflict(lazy("Something this depends on changed at the same moment. Please try again."))
    if isinstance(cause, (pg.QueryCanceled, pg.LockNotAvailable)):
        return Conflict(lazy("This is busy at the moment. Please try again."))
    if isinstance(error, OperationalError):
        return ServiceUnavailable()
    return error


def _taken(cause: pg.UniqueViolation) -> DomainError:
    name = cause.diag.constraint_name
    for table in Base.metadata.tables.values():
        for constraint in (*table.constraints, *table.indexes):
            if isinstance(constraint, Constraint | Index) and constraint.name == name and "message" in constraint.info:
                message, field = constraint.info["message"], constraint.info.get("field")
                return Invalid({field: [message]}) if field else Conflict(message)
    return Conflict(lazy("Somebody else was faster. Please try again."))
