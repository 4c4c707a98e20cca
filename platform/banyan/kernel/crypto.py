"""Secrets that must be read again, sealed with AES-256-GCM. What is never read again is hashed instead.

Two kinds of keys: a `Vault` derives its keys from the installation's secret and wraps with them the random `DataKey`s
that seal everything else (`kernel.keyring` keeps those). Every sealed value names the key it was made with.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

DERIVED = b"\x01"
"""First byte of what a `Vault` sealed."""
DATA = b"\x02"
"""First byte of what a `DataKey` sealed."""
TAG = 4
MATERIAL = 32
INDEX = 16
_NONCE, _AUTHENTICATION = 12, 16
HEADER = len(DATA) + TAG
_SHORTEST = HEADER + _NONCE + _AUTHENTICATION


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
        header = DERIVED + key.identity
        return _sealed(key.cipher, header, plain, about)

    def decrypt(self, purpose: str, sealed: bytes, about: bytes = b"") -> bytes:
        """What `encrypt` sealed for the same purpose and thing; raises `Unreadable`."""
        header = header_of(sealed)
        if not header.startswith(DERIVED):
            raise Unreadable("this is no value sealed under the installation's secret")
        key = next((one for one in self._of(purpose) if one.identity == header[len(DERIVED) :]), None)
        if key is None:
            raise Unreadable("sealed with a secret that is not known here, or for another purpose")
        return _opened(key.cipher, sealed, about)

    def newest(self, purpose: str, sealed: bytes) -> bool:
        """Whether ``sealed`` was made with the newest secret."""
        return sealed[len(DERIVED) : HEADER] == self._of(purpose)[0].identity

    def _of(self, purpose: str) -> tuple[_Key, ...]:
        if purpose not in self._keys:
            self._keys[purpose] = tuple(_derived(secret, purpose) for secret in self._secrets)
        return self._keys[purpose]


class DataKey:
    """One random key; every purpose has a cipher and an index of its own, derived from it.

    :param tag: its public name, in front of everything it seals. :param material: the key itself.
    """

    __slots__ = ("_ciphers", "_indexes", "_material", "header", "tag")

    def __init__(self, tag: bytes, material: bytes) -> None:
        self.tag = tag
        self.header = DATA + tag
        self._material = material
        self._ciphers: dict[str, AESGCM] = {}
        self._indexes: dict[str, hmac.HMAC] = {}

    def seal(self, purpose: str, plain: bytes, about: bytes) -> bytes:
        """``plain`` sealed for ``purpose`` and the thing ``about``."""
        return _sealed(self._cipher(purpose), self.header, plain, about)

    def open(self, purpose: str, sealed: bytes, about: bytes) -> bytes:
        """What `seal` made for the same purpose and thing; raises `Unreadable`."""
        return _opened(self._cipher(purpose), sealed, about)

    def index(self, purpose: str, plain: bytes) -> bytes:
        """A value that is the same for the same ``plain`` and tells nothing of it to whoever lacks the key."""
        ready = self._indexes.get(purpose)
        if ready is None:
            ready = hmac.new(_drawn(self._material, f"index:{purpose}", MATERIAL), digestmod=hashlib.sha256)
            self._indexes[purpose] = ready
        one = ready.copy()
        one.update(plain)
        return one.digest()[:INDEX]

    def _cipher(self, purpose: str) -> AESGCM:
        cipher = self._ciphers.get(purpose)
        if cipher is None:
            cipher = self._ciphers[purpose] = AESGCM(_drawn(self._material, f"seal:{purpose}", MATERIAL))
        return cipher


def header_of(sealed: bytes) -> bytes:
    """The format and key that ``sealed`` names; raises `Unreadable` where it is no sealed value."""
    if len(sealed) < _SHORTEST or sealed[:1] not in (DERIVED, DATA):
        raise Unreadable("this is no sealed value")
    return bytes(sealed[:HEADER])


def _sealed(cipher: AESGCM, header: bytes, plain: bytes, about: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return header + nonce + cipher.encrypt(nonce, plain, header + about)


def _opened(cipher: AESGCM, sealed: bytes, about: bytes) -> bytes:
    header, nonce, rest = sealed[:HEADER], sealed[HEADER : HEADER + _NONCE], sealed[HEADER + _NONCE :]
    try:
        return cipher.decrypt(nonce, rest, header + about)
    except InvalidTag as error:
        raise Unreadable("altered, or sealed for something else") from error


def _derived(secret: str, purpose: str) -> _Key:
    """A key and its public name, from one secret; neither tells anything of the other."""
    drawn = _drawn(secret.encode(), f"seal:{purpose}", MATERIAL + TAG)
    return _Key(drawn[MATERIAL:], AESGCM(drawn[:MATERIAL]))


def _drawn(secret: bytes, purpose: str, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=b"banyan", info=purpose.encode()).derive(secret)
