"""Wall 2 between tenants: row level security, created by migrations and compared with the models by a test."""

from __future__ import annotations

from typing import Protocol

APP_ROLE = "banyan_app"
_INSIDE = "(org_path >= current_setting('app.lo', true) AND org_path < current_setting('app.hi', true))"
_PUBLISHED = "(published AND org_path = ANY (string_to_array(current_setting('app.up', true), ',')))"


class Operations(Protocol):
    """The part of Alembic's ``op`` that is needed here."""

    def execute(self, sqltext: str, /) -> None: ...


def scope_table(op: Operations, name: str, *, published: bool = False, own: str = "") -> None:
    """Switch row security on for the `Scoped` table ``name`` and let the application role use it.

    Unset settings are NULL and let nothing through. :param published: the table has the mixin `Published`.
    :param own: of a table with the mixin `Owned`, its column that names the account a row belongs to.
    """
    using = f"{_INSIDE} OR {_PUBLISHED}" if published else _INSIDE
    if own:
        using += f" OR {own} = nullif(current_setting('app.me', true), '')::uuid"
    op.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {name}_scope ON {name} USING ({using}) WITH CHECK {_INSIDE}")
    grant_table(op, name)


def grant_table(op: Operations, name: str, rights: str = "SELECT, INSERT, UPDATE, DELETE") -> None:
    """Let the application role use a table; directory tables and append-only ones name their rights."""
    op.execute(f"GRANT {rights} ON {name} TO {APP_ROLE}")
