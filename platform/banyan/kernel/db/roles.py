"""The two database roles: the owner migrates, ``banyan_app`` serves and sees only what row security shows it."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from banyan.kernel.db.rowsecurity import APP_ROLE

Connection = psycopg.Connection[Any]

# Milliseconds. A job that needs longer says so itself with SET LOCAL.
APP_TIMEOUTS = {
    "statement_timeout": 30_000,
    "lock_timeout": 5_000,
    "idle_in_transaction_session_timeout": 60_000,
}
CONNECT_TIMEOUT = 10


class RoleError(RuntimeError):
    """A database role is missing or may do too much; the message says what to do."""


def ensure_app_role(owner: Connection, *, password: str | None = None) -> None:
    """Make the role ``banyan_app`` if it is missing, with its timeouts, and let it into the owner's database.

    :param owner: a connection of the owner of the database; it is committed.
    :param password: given to the role when this call makes it.
    :raises RoleError: when the owner may not do that; the message holds the statements for an administrator.
    """
    row = owner.execute("SELECT rolsuper, rolbypassrls, rolconfig FROM pg_roles WHERE rolname = %s", [APP_ROLE])
    found = row.fetchone()
    if found is not None and (found[0] or found[1]):
        raise RoleError(
            f"Role {APP_ROLE} is a superuser or bypasses row security; tenants would see each other. "
            f"As an administrator: ALTER ROLE {APP_ROLE} NOSUPERUSER NOBYPASSRLS;"
        )
    have = {str(entry).partition("=")[0] for entry in (found[2] or [] if found else [])}
    missing = {name: limit for name, limit in APP_TIMEOUTS.items() if name not in have}
    statements = [] if found else [_create(password)]
    statements += [
        sql.SQL("ALTER ROLE {} SET {} = {}").format(_APP, sql.Identifier(name), sql.Literal(limit))
        for name, limit in missing.items()
    ]
    _run_or_explain(owner, statements)
    database = sql.Identifier(owner.info.dbname)
    owner.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(database, _APP))
    owner.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(_APP))
    owner.commit()


_APP = sql.Identifier(APP_ROLE)


def _create(password: str | None) -> sql.Composed:
    statement = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS").format(_APP)
    return statement + sql.SQL(" PASSWORD {}").format(sql.Literal(password)) if password else statement


def _run_or_explain(owner: Connection, statements: list[sql.Composed]) -> None:
    try:
        for statement in statements:
            owner.execute(statement)
    except psycopg.errors.InsufficientPrivilege as error:
        owner.rollback()
        shown = "; ".join(statement.as_string(owner).partition(" PASSWORD ")[0] for statement in statements)
        raise RoleError(
            f"{owner.info.user} may not set up the role {APP_ROLE}. "
            f"As an administrator: {shown}; then put its URL into DATABASE_APP_URL."
        ) from error


def check_app_role(url: str) -> None:
    """Refuse to serve with a role for which row security does not hold.

    :param url: ``DATABASE_APP_URL``.
    :raises RoleError: for a superuser, an owner, or a role with BYPASSRLS, with all reasons and what to do.
    """
    with psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT) as connection:
        user = connection.info.user
        reasons = _reasons_against(connection)
    if reasons:
        raise RoleError(
            f"Database role {user!r} must not serve: it {' and '.join(reasons)}, so that row security does not apply. "
            f"Point DATABASE_APP_URL at the role {APP_ROLE} (`banyan db upgrade` makes it) and keep DATABASE_URL "
            "for migrations."
        )


def _reasons_against(connection: Connection) -> list[str]:
    row = connection.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user").fetchone()
    superuser, bypasses = row or (False, False)
    if superuser:
        return ["is a superuser"]
    owns = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = current_database()"
        " AND pg_has_role(current_user, datdba, 'MEMBER'))"
        " OR EXISTS (SELECT 1 FROM pg_class WHERE relkind IN ('r', 'p')"
        " AND relnamespace = ANY (current_schemas(false)::regnamespace[])"
        " AND pg_has_role(current_user, relowner, 'MEMBER'))"
    ).fetchone()
    return ["has BYPASSRLS"] * bool(bypasses) + ["owns the database or its tables"] * bool(owns and owns[0])
