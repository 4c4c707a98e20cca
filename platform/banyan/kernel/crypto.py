"""Secrets that must be read again, sealed with AES-256-GCM under keys derived from the installation's secret.

What is never read again is hashed instead. A sealed value names the key it was made with, so that an installation can
change its secret: new values are sealed with the new one, old ones are still opened as long as the old one is given.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from banyan.kernel.runtime import runtime

_FORMAT = b"\x01"
_ID, _NONCE, _TAG = 4, 12, 16
_SHORTEST = len(_FORMAT) + _ID + _NONCE + _TAG


class Unreadable(ValueError):
    """A sealed value that was made with another secret, for another purpose or thing, or was altered."""


@dataclass(frozen=True, slots=True)
class _Key:
    identity: bytes
    cipher: AESGCM


class Vault:
    """Seals and opens values under keys of one installation.

    :param secret: what new values are sealed with. :param older: secrets whose values are still opened.
    """

    def __init__(self, secret: str, *older: str) -> None:
        self._secrets = (secret, *older)
        self._keys: dict[str, tuple[_Key, ...]] = {}

    def encrypt(self, purpose: str, plain: bytes, about: bytes = b"") -> bytes:
        """``plain`` sealed.

        :param purpose: what it is for; each has keys of its own. :param about: the thing it belongs to, for instance
            the id of a row: a sealed value that is put into another row cannot be opened there.
        """
        key = self._of(purpose)[0]
        nonce = secrets.token_bytes(_NONCE)
        header = _FORMAT + key.identity
        return header + nonce + key.cipher.encrypt(nonce, plain, header + about)

    def decrypt(self, purpose: str, sealed: bytes, about: bytes = b"") -> bytes:
        """What `encrypt` sealed for the same purpose and thing; raises `Unreadable`."""
        if len(sealed) < _SHORTEST or not sealed.startswith(_FORMAT):
            raise Unreadable("this is no sealed value")
        header, rest = sealed[: len(_FORMAT) + _ID], sealed[len(_FORMAT) + _ID :]
        key = next((one for one in self._of(purpose) if one.identity == header[len(_FORMAT) :]), None)
        if key is None:
            raise Unreadable("sealed with a secret that is not known here, or for another purpose")
        try:
            return key.cipher.decrypt(rest[:_NONCE], rest[_NONCE:], header + about)
        except InvalidTag as error:
            raise Unreadable("altered, or sealed for something else") from error

    def _of(self, purpose: str) -> tuple[_Key, ...]:
        if purpose not in self._keys:
            self._keys[purpose] = tuple(_derived(secret, purpose) for secret in self._secrets)
        return self._keys[purpose]


@lru_cache(maxsize=4)
def _vault(*secrets_known: str) -> Vault:
    return Vault(*secrets_known)


def vault() -> Vault:
    """The vault of the running installation."""
    return _vault(runtime().settings.secret_key)


def _derived(secret: str, purpose: str) -> _Key:
    """A key and its public name, from one secret; neither tells anything of the other."""
    drawn = HKDF(SHA256(), 32 + _ID, salt=b"banyan", info=f"seal:{purpose}".encode()).derive(secret.encode())
    return _Key(drawn[32:], AESGCM(drawn[:32]))
