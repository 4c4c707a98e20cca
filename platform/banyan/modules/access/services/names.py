"""What roles are called."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from banyan.modules.access.models import OrgRole
from banyan.modules.access.policy import PolicyStore, own_id


def labels(store: PolicyStore, session: Session, roles: Iterable[str]) -> dict[str, str]:
    """Role key → name: built-in ones translated, organisations' own as they were named. At most one statement."""
    wanted = set(roles)
    found = {key: str(role.label) for key, role in store.roles.items() if key in wanted}
    own = [identity for key in wanted - found.keys() if (identity := own_id(key)) is not None]
    if own:
        rows = session.execute(select(OrgRole.id, OrgRole.name).where(OrgRole.id.in_(own)))
        found.update({str(identity): name for identity, name in rows})
    return found


def label(store: PolicyStore, session: Session, role: str) -> str:
    """What one role is called."""
    return labels(store, session, [role]).get(role, role)
