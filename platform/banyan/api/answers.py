"""``Idempotency-Key``: a request that creates or pays, sent twice, is done once and answered twice (API-01).

After the IETF's draft-ietf-httpapi-idempotency-key-header. The answer is written in the transaction of the change: a
crash leaves both or neither. Who comes while the first still runs is told to wait (409): the key is held by an advisory
lock of that transaction, so no row has to be written beforehand or cleaned up after a crash. Refusals are not kept:
they changed nothing, and the same key may be tried again once the reason is gone.

An answer that holds a secret shown once says ``Cache-Control: no-store``; its body is not written to the database, and
whoever repeats the request is told that it was done and that the secret is gone (409 ``answer-not-kept``).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from flask import Response, current_app, request
from sqlalchemy import Index, LargeBinary, func, select
from sqlalchemy.orm import Mapped, mapped_column

from banyan.kernel import runtime as rt
from banyan.kernel.context import Context
from banyan.kernel.db.base import Base, c_text
from banyan.kernel.errors import AnswerNotKept, BadHeader, KeyReused, StillRunning
from banyan.kernel.i18n import lazy

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
KEPT = timedelta(hours=24)
LARGEST = 256 * 1024
CHUNK = 64 * 1024
_KEY = re.compile(r'"?([\x21\x23-\x7e]{1,255})"?')
_HEADERS = ("Content-Type", "Location", "ETag", "Link")
_OUT = "__banyan_once_more__"
View = TypeVar("View", bound=Callable[..., Any])


class StoredAnswer(Base):
    """What a request with a key was answered. Whose key it is: an account's, or a service token's.

    :ivar fingerprint: of method, address and body. :ivar body: None: it held a secret, or was too large.
    """

    __tablename__ = "api_answer"
    __table_args__ = (Index("ix_api_answer_created_at", "created_at"),)

    owner_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = c_text(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int]
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


def once_more(view: View) -> View:
    """Mark a POST of the API that takes no key: doing it twice is what is asked for, or does no harm."""
    setattr(view, _OUT, True)
    return view


def opted_out(view: object) -> bool:
    """Whether a view takes no key."""
    return bool(getattr(view, _OUT, False))


def once(answer: Callable[[], Response]) -> Response:
    """``answer()``, or what was answered to the same request under the same key.

    :raises BadHeader: the key. :raises StillRunning: the first request of this key. :raises KeyReused: it was used
        for something else. :raises AnswerNotKept: it was done, and the answer cannot be told again.
    """
    key = _key()
    if key is None:
        return answer()
    ctx = rt.current()
    owner = ctx.actor.account_id
    if owner is None:
        return answer()
    if not ctx.session.scalar(select(func.pg_try_advisory_xact_lock(_lock(owner, key)))):
        raise StillRunning(lazy("A request with this Idempotency-Key is still running."))
    print_ = _fingerprint()
    found = ctx.session.get(StoredAnswer, (owner, key))
    if found is not None and found.created_at > ctx.clock.now() - KEPT:
        return _again(found, print_)
    made = answer()
    if made.status_code < 400:
        _store(ctx, found or StoredAnswer(owner_id=owner, key=key), print_, made)
    return made


def _key() -> str | None:
    raw = request.headers.get(HEADER)
    if raw is None or request.method != "POST" or not request.path.startswith("/api/"):
        return None
    view = current_app.view_functions.get(request.endpoint or "")
    if opted_out(getattr(getattr(view, "view_class", None), "post", view)):
        return None
    found = _KEY.fullmatch(raw.strip())
    if found is None:
        raise BadHeader(lazy("The header Idempotency-Key holds 1 to 255 visible characters, best a UUID."))
    return found[1]


def _lock(owner: UUID, key: str) -> int:
    return int.from_bytes(hashlib.sha256(owner.bytes + key.encode()).digest()[:8], signed=True)


def _fingerprint() -> bytes:
    """Of what was asked: method, address, body. Parts of a form by content: their boundary differs each time."""
    found = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    if request.mimetype != "multipart/form-data":
        found.update(request.get_data())
        return found.digest()
    for name, value in sorted(request.form.items(multi=True)):
        found.update(f"{name}\0{value}\0".encode())
    for name, part in sorted(request.files.items(multi=True), key=lambda item: (item[0], item[1].filename or "")):
        found.update(f"{name}\0{part.filename}\0".encode())
        for chunk in iter(lambda stream=part.stream: stream.read(CHUNK), b""):  # type: ignore[misc]  # mypy on lambdas
            found.update(chunk)
        part.stream.seek(0)
    return found.digest()


def _again(found: StoredAnswer, fingerprint: bytes) -> Response:
    if found.fingerprint != fingerprint:
        raise KeyReused(lazy("This Idempotency-Key was used for another request."))
    if found.body is None:
        raise AnswerNotKept(
            lazy("This was done already. Its answer held a secret shown once, or was too large, and was not kept.")
        )
    response = Response(found.body, found.status, found.headers)
    response.headers[REPLAYED] = "true"
    return response


def _store(ctx: Context, row: StoredAnswer, fingerprint: bytes, made: Response) -> None:
    body = made.get_data()
    secret = made.cache_control.no_store or len(body) > LARGEST
    row.fingerprint, row.status, row.created_at = fingerprint, made.status_code, ctx.clock.now()
    row.headers = {name: made.headers[name] for name in _HEADERS if name in made.headers}
    row.body = None if secret else body
    ctx.session.add(row)
    ctx.session.flush()
