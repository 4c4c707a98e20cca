"""Settings: read once from the environment, checked all together, never changed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from banyan.kernel import sending
from banyan.kernel.sending import Sending

LogFormat = Literal["console", "json"]
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
SCHEMES = ("postgresql", "postgres")
SECRET_LENGTH = 32
PORTS = (1, 65_535)
MEBIBYTE = 1024 * 1024


class SettingsError(ValueError):
    """The environment cannot be used; ``reasons`` lists everything that is wrong with it."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Settings:
    """How this installation runs.

    :ivar home: folder of everything that is kept: embedded database, files, secret (``BANYAN_HOME``, ``./var``).
    :ivar database_url: connection of the owner, for migrations and manifests (``DATABASE_URL``); None: embedded.
    :ivar database_app_url: connection of ``banyan_app``, for web and worker (``DATABASE_APP_URL``).
    :ivar secret_key: signs cookies and form tokens (``BANYAN_SECRET_KEY``, else made once under ``home``).
    :ivar public_url: address that people type, without a slash at the end (``BANYAN_PUBLIC_URL``).
    :ivar trusted_proxies: how many proxies in front set ``X-Forwarded-*`` (``BANYAN_TRUSTED_PROXIES``).
    :ivar pool_size: database connections that one process may hold (``BANYAN_POOL_SIZE``).
    :ivar pooled_by_proxy: PgBouncer in transaction mode stands in between (``BANYAN_PGBOUNCER``).
    :ivar upload_limit: largest request body, in bytes (``BANYAN_UPLOAD_LIMIT_MB``).
    :ivar session_idle: a session ends after this time without a request (``BANYAN_SESSION_IDLE_MINUTES``).
    :ivar session_lifetime: a session ends after this time at the latest (``BANYAN_SESSION_HOURS``).
    :ivar api_requests: requests a minute with one token; 0: nothing is limited (``BANYAN_API_REQUESTS``).
    :ivar api_writes: of those, the ones that write; 0: without limit of their own (``BANYAN_API_WRITES``).
    :ivar api_strangers: requests a minute without a token from one address (``BANYAN_API_STRANGERS``).
    :ivar sending: how e-mail, SMS and webhooks leave.
    :ivar demo: an empty database gets the demonstration province at the first start (``BANYAN_DEMO``).
    :ivar supervised: started by ``banyan serve``, which keeps a worker running beside the web.
    """

    home: Path
    database_url: str | None = field(repr=False)
    database_app_url: str | None = field(repr=False)
    secret_key: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://127.0.0.1:8000"
    trusted_proxies: int = 0
    web_processes: int = 1
    web_threads: int = 8
    worker_concurrency: int = 2
    pool_size: int = 10
    pooled_by_proxy: bool = False
    upload_limit: int = 20 * MEBIBYTE
    session_idle: timedelta = timedelta(hours=2)
    session_lifetime: timedelta = timedelta(hours=12)
    api_requests: int = 600
    api_writes: int = 120
    api_strangers: int = 60
    log_format: LogFormat = "console"
    log_level: str = "INFO"
    demo: bool = True
    supervised: bool = False
    sending: Sending = field(default_factory=Sending)

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read the environment, or ``env`` instead of it; makes ``home`` and its secret when they are missing.

        :raises SettingsError: with all reasons.
        """
        read = _Reader(os.environ if env is None else env)
        home = Path(read.text("BANYAN_HOME", "./var")).expanduser().absolute()
        host = read.text("BANYAN_HOST", "127.0.0.1")
        port = read.number("BANYAN_PORT", 8000, *PORTS)
        settings = cls(
            home=home,
            database_url=read.database("DATABASE_URL"),
            database_app_url=read.database("DATABASE_APP_URL"),
            secret_key=read.secret("BANYAN_SECRET_KEY", home),
            host=host,
            port=port,
            public_url=read.address("BANYAN_PUBLIC_URL", f"http://{_reachable(host)}:{port}"),
            trusted_proxies=read.number("BANYAN_TRUSTED_PROXIES", 0, 0, 10),
            web_processes=read.number("BANYAN_WEB_PROCESSES", 1, 1, 64),
            web_threads=read.number("BANYAN_WEB_THREADS", 8, 1, 128),
            worker_concurrency=read.number("BANYAN_WORKER_CONCURRENCY", 2, 1, 64),
            pool_size=read.number("BANYAN_POOL_SIZE", 10, 1, 200),
            pooled_by_proxy=read.flag("BANYAN_PGBOUNCER"),
            upload_limit=read.number("BANYAN_UPLOAD_LIMIT_MB", 20, 1, 2048) * MEBIBYTE,
            session_idle=timedelta(minutes=read.number("BANYAN_SESSION_IDLE_MINUTES", 120, 1, 1440)),
            session_lifetime=timedelta(hours=read.number("BANYAN_SESSION_HOURS", 12, 1, 720)),
            api_requests=read.number("BANYAN_API_REQUESTS", 600, 0, 10_000_000),
            api_writes=read.number("BANYAN_API_WRITES", 120, 0, 10_000_000),
            api_strangers=read.number("BANYAN_API_STRANGERS", 60, 0, 10_000_000),
            log_format="json"
            if read.choice("BANYAN_LOG_FORMAT", ("console", "json"), "console") == "json"
            else "console",
            log_level=read.choice("BANYAN_LOG_LEVEL", LOG_LEVELS, "INFO"),
            demo=read.flag("BANYAN_DEMO", default=True),
            supervised=read.flag("BANYAN_SUPERVISED"),
            sending=sending.read(read),
        )
        if read.reasons:
            raise SettingsError(read.reasons)
        return settings

    @property
    def serving_url(self) -> str:
        """The connection of web and worker.

        :raises SettingsError: it is not set; nothing serves as the owner instead.
        """
        if self.database_app_url is None:
            reason = "DATABASE_APP_URL is not set: web and worker connect as banyan_app, never as the owner."
            raise SettingsError([f"{reason} (`banyan serve` sets it for the processes it starts.)"])
        return self.database_app_url

    @property
    def https(self) -> bool:
        """Whether people reach this installation over TLS, so that cookies may be marked secure."""
        return self.public_url.startswith("https://")


class _Reader:
    """Reads one variable after the other and remembers what is wrong with each."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.reasons: list[str] = []

    def text(self, name: str, default: str) -> str:
        return self._env.get(name, "").strip() or default

    def number(self, name: str, default: int, least: int, most: int) -> int:
        raw = self.text(name, str(default))
        if raw.isascii() and raw.isdigit() and least <= int(raw) <= most:
            return int(raw)
        self.reasons.append(f"{name} must be a whole number from {least} to {most}, not {raw!r}.")
        return default

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        raw = self.text(name, default)
        if raw not in allowed:
            self.reasons.append(f"{name} must be one of {', '.join(allowed)}, not {raw!r}.")
        return raw

    def flag(self, name: str, *, default: bool = False) -> bool:
        return self.choice(name, ("0", "1"), "1" if default else "0") == "1"

    def address(self, name: str, default: str) -> str:
        raw = self.text(name, default)
        parts = urlsplit(raw)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
            self.reasons.append(f"{name} must be an address such as https://banyan.example.org, not {raw!r}.")
        return raw.rstrip("/")

    def database(self, name: str) -> str | None:
        raw = self.text(name, "")
        if not raw:
            return None
        if raw.partition("://")[0].partition("+")[0] not in SCHEMES:
            self.reasons.append(f"{name} must begin with postgresql://; PostgreSQL is the only database.")
        return _plain(raw)

    def secret(self, name: str, home: Path) -> str:
        raw = self.text(name, "")
        if raw:
            if len(raw) < SECRET_LENGTH:
                self.reasons.append(f"{name} must have at least {SECRET_LENGTH} characters.")
            return raw
        try:
            return kept_secret(home / "secret")
        except OSError as error:
            self.reasons.append(f"BANYAN_HOME {str(home)!r} cannot be used: {error.strerror}.")
            return ""


def _plain(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"postgresql://{rest}" if scheme.partition("+")[0] in SCHEMES else url


def _reachable(host: str) -> str:
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def kept_secret(path: Path) -> str:
    """The secret in ``path``; made at the first call, by whichever process comes first, readable by its owner only.

    :raises OSError: when the file cannot be read or made.
    """
    make_home(path.parent)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        write_private(draft, secrets.token_urlsafe(48) + "\n")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was faster, and its secret holds
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()


def make_home(home: Path) -> None:
    """Make ``home`` and what is above it; a new folder is for its owner only."""
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        home.mkdir(mode=0o700, exist_ok=True)


def write_private(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` all at once, readable by its owner only (mode 0600)."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        os.fchmod(stream.fileno(), 0o600)
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(path)


def data_dir(name: str) -> Path:
    """The folder ``policies`` or ``tenants``: the repository's in a checkout, else the one packaged in the wheel.

    :raises FileNotFoundError: when there is neither.
    """
    package = Path(__file__).resolve().parents[1]
    repository = package.parents[1]
    candidates = [package / "_data" / name]
    if package.parent.name == "platform" and (repository / "pyproject.toml").is_file():
        candidates.insert(0, repository / name)
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the folder {name!r} is neither in the repository nor in the package: {candidates}")
