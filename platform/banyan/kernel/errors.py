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
    """

    status = 400
    slug = "bad-request"

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


class TooManyTries(DomainError):
    """Locked for a while."""

    status, slug = 429, "too-many-tries"


class Invalid(DomainError):
    """Input that cannot be taken; ``fields`` maps each field to all its reasons."""

    status, slug = 422, "invalid"

    def __init__(self, fields: Fields, *reasons: Text) -> None:
        super().__init__(*reasons, fields=fields)


class ScopeViolation(RuntimeError):
    """A defect: code tried to write outside the scope of its session. Never shown as a user's mistake."""
