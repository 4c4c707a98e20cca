"""Domain errors. Services raise them; the boundary turns them into problem details or a form with reasons.

Messages are lazy strings: they are translated when they are rendered, in the language of the reader.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Text(Protocol):
    """A string or a lazily translated one."""

    def __str__(self) -> str: ...


Fields = Mapping[str, Sequence[Text]]


class DomainError(Exception):
    """Something a user can understand and act on.

    :ivar status: the HTTP status the boundary answers with.
    :ivar slug: the last part of the problem type, stable for API clients.
    :ivar retry_after: seconds after which the same may be tried again; None: nothing is said about that.
    """

    status = 400
    slug = "bad-request"
    retry_after: int | None = None

    def __init__(self, *reasons: Text, fields: Fields | None = None) -> None:
        super().__init__(*reasons)
        self.reasons: tuple[Text, ...] = reasons
        self.fields: dict[str, list[Text]] = {key: list(value) for key, value in (fields or {}).items()}

    def __str__(self) -> str:
        named = [f"{key}: {reason}" for key, reasons in self.fields.items() for reason in reasons]
        return "; ".join([*map(str, self.reasons), *named]) or self.slug


class Unauthenticated(DomainError):
    """Nobody is signed in."""

    status, slug = 401, "not-signed-in"


class NotFound(DomainError):
    """It does not exist, or it is none of your business: the two are not told apart."""

    status, slug = 404, "not-found"


class Forbidden(DomainError):
    """A grant covers the place but lacks the permission."""

    status, slug = 403, "forbidden"


class Refused(DomainError):
    """A rule stands in the way; ``reasons`` lists every one of them."""

    status, slug = 409, "refused"


class Conflict(DomainError):
    """Somebody else was faster, or the row changed since it was read."""

    status, slug = 409, "conflict"


class FirstThis(DomainError):
    """Something else has to be done before; ``endpoint`` is the console page where it is done."""

    status, slug = 403, "first-this"

    def __init__(self, endpoint: str, *reasons: Text) -> None:
        super().__init__(*reasons)
        self.endpoint = endpoint


class UnderMaintenance(DomainError):
    """Nothing may be changed for a while; it can be sent again afterwards."""

    status, slug = 503, "maintenance"

    def __init__(self, *reasons: Text, retry_after: int) -> None:
        super().__init__(*reasons)
        self.retry_after = retry_after


class TooManyTries(DomainError):
    """Locked for a while."""

    status, slug = 429, "too-many-tries"


class TooManyRequests(TooManyTries):
    """One request too many in this minute."""

    slug = "too-many-requests"

    def __init__(self, *reasons: Text, retry_after: int) -> None:
        super().__init__(*reasons)
        self.retry_after = retry_after


class BadHeader(DomainError):
    """A header that cannot be read."""


class PreconditionFailed(DomainError):
    """The resource is not what the request says it must be."""

    status, slug = 412, "precondition-failed"


class StillRunning(DomainError):
    """The same request is being answered at this moment."""

    status, slug, retry_after = 409, "still-running", 1


class KeyReused(DomainError):
    """The key of a request was used for another one."""

    status, slug = 422, "idempotency-key-reused"


class AnswerNotKept(DomainError):
    """It was done, and the answer cannot be told again."""

    status, slug = 409, "answer-not-kept"


class Invalid(DomainError):
    """Input that cannot be taken; ``fields`` maps each field to all its reasons."""

    status, slug = 422, "invalid"

    def __init__(self, fields: Fields, *reasons: Text) -> None:
        super().__init__(*reasons, fields=fields)


class ScopeViolation(RuntimeError):
    """A defect: code tried to write outside the scope of its session. Never shown as a user's mistake."""
