"""Which PostgreSQL this installation uses: its operator's own, or the embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg

from banyan.kernel.db.embedded import EmbeddedPostgres
from banyan.kernel.db.roles import CONNECT_TIMEOUT, RoleError, ensure_app_role
from banyan.kernel.db.rowsecurity import APP_ROLE
from banyan.kernel.db.urls import Urls
from banyan.kernel.settings import Settings, kept_secret


@contextmanager
def database_server(settings: Settings) -> Iterator[Urls]:
    """The URLs of owner and application, while the block runs.

    ``DATABASE_URL`` wins; the role ``banyan_app`` is made there, with a password kept in ``BANYAN_HOME``, unless
    ``DATABASE_APP_URL`` names it. Otherwise the embedded PostgreSQL is started, or used if it runs already.

    :raises PostgresError: :raises Unreachable: the embedded one cannot be had.
    :raises RoleError: the owner may not make the role. :raises psycopg.OperationalError: no connection.
    """
    if settings.database_url is None:
        with EmbeddedPostgres(settings.home) as urls:
            yield urls
    else:
        yield own_server(settings, settings.database_url)


def own_server(settings: Settings, owner_url: str) -> Urls:
    """The URLs at the operator's own server; makes the application's role when it is missing."""
    if settings.database_app_url is not None:
        with psycopg.connect(owner_url, connect_timeout=CONNECT_TIMEOUT) as owner:
            ensure_app_role(owner)
        return Urls(owner_url, settings.database_app_url)
    password = kept_secret(settings.home / "app-password")
    with psycopg.connect(owner_url, connect_timeout=CONNECT_TIMEOUT) as owner:
        ensure_app_role(owner, password=password)
    app_url = _as_role(owner_url, APP_ROLE, password)
    try:
        psycopg.connect(app_url, connect_timeout=CONNECT_TIMEOUT).close()
    except psycopg.OperationalError as error:
        raise RoleError(
            f"Role {APP_ROLE} exists, but not with the password in {settings.home / 'app-password'}. "
            f"Put its URL into DATABASE_APP_URL. ({str(error).strip()})"
        ) from error
    return Urls(owner_url, app_url)


def _as_role(url: str, role: str, password: str) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}:{quote(password, safe='')}@{place}"))
