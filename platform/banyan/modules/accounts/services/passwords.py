"""Passwords: hashed with Argon2id, verified at the same cost whether there is an account or not."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from banyan.modules.accounts import strength

_HASHER = PasswordHasher()


def hash_password(typed: str) -> str:
    """What is kept of a password."""
    return _HASHER.hash(strength.form(typed))


def verified(kept: str | None, typed: str) -> bool:
    """Whether ``typed`` is the password of ``kept``; without one it takes as long and is wrong."""
    decoy = _decoy()
    try:
        _HASHER.verify(kept or decoy, strength.form(typed))
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def outdated(kept: str) -> bool:
    """Whether ``kept`` was made with older parameters and is to be made anew at this occasion."""
    return _HASHER.check_needs_rehash(kept)


@cache
def _decoy() -> str:
    return _HASHER.hash("no account has this password")
