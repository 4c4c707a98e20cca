"""Connection URLs: whom a process connects as, and to which database."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from banyan.kernel.db.roles import CONNECT_TIMEOUT
from banyan.kernel.db.rowsecurity import APP_ROLE

OWNER_ROLE = "banyan_owner"
DATABASE = "banyan"
SUPERUSER = "postgres"
PORT = 5432


class Urls(NamedTuple):
    """Connection URLs of the two roles."""

    owner: str
    app: str


def url_at(role: str, database: str, socket: Path) -> str:
    """The URL of a role at a server whose socket lies in the folder ``socket``; PGPORT does not change it."""
    return f"postgresql://{role}@/{database}?host={quote(str(socket), safe='')}&port={PORT}"


def urls_at(socket: Path, database: str = DATABASE) -> Urls:
    """The URLs of both roles at a server whose socket lies in ``socket``."""
    return Urls(url_at(OWNER_ROLE, database, socket), url_at(APP_ROLE, database, socket))


def with_database(url: str, name: str) -> str:
    """The same connection URL with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def clone_database(owner_url: str, template: str, name: str) -> str:
    """Make database ``name`` as a copy of ``template``, in place of an earlier one of that name; for tests.

    :param owner_url: the owner's URL to any database of the server; the role needs CREATEDB.
    :returns: the owner's URL of the copy (`with_database` makes the application's).
    """
    copy, source = sql.Identifier(name), sql.Identifier(template)
    maintenance = with_database(owner_url, "postgres")
    with psycopg.connect(maintenance, autocommit=True, connect_timeout=CONNECT_TIMEOUT) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(copy))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(copy, source))
    return with_database(owner_url, name)
