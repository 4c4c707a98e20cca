"""What the audit log, which lies below, needs of this module: who may read what, and what roles are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from banyan.modules.access import policy
from banyan.modules.access.decision import visible
from banyan.modules.access.services import names
from banyan.modules.audit.reading import Reading


def _role_names(session: Session, roles: Iterable[str], /) -> Mapping[str, str]:
    return names.labels(policy.store(), session, roles)


READING = Reading(visible, _role_names)
