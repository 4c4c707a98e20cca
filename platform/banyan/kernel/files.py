"""Uploaded and produced files: a small port with a local folder behind it.

A file is sniffed, bounded in size, kept under a random key, and served as an attachment under a name made here:
never inline, never under a path or content type that came from outside.
"""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Protocol
from uuid import UUID

import puremagic
from sqlalchemy import event
from sqlalchemy.orm import Mapped, Session, mapped_column

from banyan.kernel.context import Context
from banyan.kernel.db.base import Base, Identified
from banyan.kernel.db.scoped import Scoped
from banyan.kernel.errors import Invalid
from banyan.kernel.i18n import lazy
from banyan.kernel.values import OrgRef

CHUNK = 1 << 16
DOCUMENT_TYPES = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class StoredFile(Identified, Scoped, Base):
    """A file that belongs to an organisation.

    :ivar key: where the store keeps it. :ivar name: the name its uploader knows it by, for display only.
    :ivar size: bytes.
    """

    __tablename__ = "stored_file"

    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    media_type: Mapped[str]
    extension: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]

    @property
    def download_name(self) -> str:
        """The name it is served under."""
        return f"banyan-{self.created_at:%Y%m%d}-{self.id.hex[-8:]}{self.extension}"


class FileStore(Protocol):
    """Where bytes are kept."""

    def put(self, source: Path) -> str:
        """Keep a copy of ``source``; returns its key."""
        ...

    def open(self, key: str) -> IO[bytes]:
        """Open for reading; raises FileNotFoundError."""
        ...

    def delete(self, key: str) -> None:
        """Forget it; deleting twice is no error."""
        ...


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """Files in a folder of this machine, mode 0700, spread over 256 subfolders."""

    root: Path

    def put(self, source: Path) -> str:
        key = secrets.token_hex(16)
        target = self._path(key)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = target.with_suffix(".part")
        part.write_bytes(source.read_bytes())
        part.replace(target)
        return key

    def open(self, key: str) -> IO[bytes]:
        return self._path(key).open("rb")

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        if not (len(key) == 32 and key.isalnum()):
            raise FileNotFoundError(key)
        return self.root / key[:2] / key


class Upload(Protocol):
    """The part of a werkzeug FileStorage that is used."""

    filename: str | None
    stream: IO[bytes]


@dataclass(frozen=True, slots=True)
class Sniffed:
    """A checked upload in a temporary file, not yet kept."""

    path: Path
    name: str
    extension: str
    media_type: str
    size: int
    sha256: str


def sniff(upload: Upload, field: str, *, max_bytes: int, allowed: dict[str, str]) -> Sniffed:
    """Check an upload: size in bytes and what it really is, whatever it claims to be.

    :param allowed: extension → media type. Raises `Invalid` on ``field``.
    """

    def told(path: Path) -> tuple[str, str]:
        extension = real_extension(path) or ""
        if extension not in allowed:
            kinds = ", ".join(kind.lstrip(".").upper() for kind in allowed)
            raise Invalid({field: [lazy("This is not one of: %(kinds)s.", kinds=kinds)]})
        return extension, allowed[extension]

    return spooled(upload, field, max_bytes=max_bytes, told=told)


def spooled(upload: Upload, field: str, *, max_bytes: int, told: Callable[[Path], tuple[str, str]]) -> Sniffed:
    """An upload in a temporary file, bounded in size.

    :param told: says extension and media type from the bytes, or raises `Invalid`. Raises `Invalid` on ``field``.
    """
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(delete=False) as copy:
        path = Path(copy.name)
        while chunk := upload.stream.read(CHUNK):
            size += len(chunk)
            if size > max_bytes:
                break
            digest.update(chunk)
            copy.write(chunk)
    try:
        _check_size(size, max_bytes, field)
        extension, media_type = told(path)
    except BaseException:
        path.unlink()
        raise
    name = Path(upload.filename or "").name[:200]
    return Sniffed(path, name, extension, media_type, size, digest.hexdigest())


@contextmanager
def received(upload: Upload | None, field: str, *, max_bytes: int, allowed: dict[str, str]) -> Iterator[Sniffed | None]:
    """`sniff` an upload, if there is one, and forget the copy in the end, whatever became of it."""
    sniffed = sniff(upload, field, max_bytes=max_bytes, allowed=allowed) if upload is not None else None
    try:
        yield sniffed
    finally:
        if sniffed is not None:
            sniffed.path.unlink(missing_ok=True)


def _check_size(size: int, max_bytes: int, field: str) -> None:
    if size == 0:
        raise Invalid({field: [lazy("The file is empty.")]})
    if size > max_bytes:
        raise Invalid({field: [lazy("The file is larger than %(limit)s MB.", limit=max_bytes // 1_000_000)]})


def real_extension(path: Path) -> str | None:
    """What the bytes say they are, as an extension with its dot; None when they say nothing."""
    try:
        found = puremagic.magic_file(str(path))
    except (puremagic.PureError, ValueError):
        return None
    extensions = {match.extension.lower() for match in found}
    if ".jpeg" in extensions or ".jfif" in extensions or ".jpg" in extensions:
        return ".jpg"
    best = found[0].extension.lower() if found else None
    return best or None


def keep(ctx: Context, store: FileStore, org: OrgRef, sniffed: Sniffed) -> StoredFile:
    """Keep a checked upload for ``org``; the row is part of the caller's transaction."""
    try:
        key = store.put(sniffed.path)
    finally:
        sniffed.path.unlink(missing_ok=True)
    row = StoredFile(
        org_id=org.id,
        org_path=org.path,
        key=key,
        name=sniffed.name,
        media_type=sniffed.media_type,
        extension=sniffed.extension,
        size=sniffed.size,
        sha256=sniffed.sha256,
        created_by=ctx.actor.account_id,
        created_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    return row


def forget(ctx: Context, store: FileStore, row: StoredFile) -> None:
    """Delete a file: its row in the caller's transaction, its bytes once that is committed."""
    key = row.key
    ctx.session.delete(row)

    def delete_bytes(_session: Session) -> None:
        store.delete(key)

    event.listen(ctx.session, "after_commit", delete_bytes, once=True)


def produced(path: Path, name: str) -> Sniffed:
    """A file that the platform made itself, ready for `keep`.

    :param path: extension says the type. :param name: the name people know it by.
    """
    data = path.read_bytes()
    media_type = {".xlsx": XLSX, **DOCUMENT_TYPES}.get(path.suffix, "application/octet-stream")
    return Sniffed(path, name or path.name, path.suffix, media_type, len(data), hashlib.sha256(data).hexdigest())
