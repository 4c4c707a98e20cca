"""Posting JSON to an address somebody else chose, without being led into our own network.

The name is looked up once, every address it has must be public, and the connection goes to the very address that was
checked: a name that answers differently the second time leads nowhere. Redirections are not followed.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from banyan.kernel.sending import SendingFailed

TIMEOUT_SECONDS = 10
LONGEST_ANSWER = 10_000
# Too early, too many, or its own trouble: it may pass.
_PASSING = (408, 409, 425, 429)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back of a request that was taken (2xx)."""

    status: int
    body: bytes


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """What the receiver compares: HMAC-SHA256 over ``<timestamp>.<body>``, in hexadecimal digits."""
    return hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256).hexdigest()


def signed(secret: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of a signed request."""
    return {
        "Banyan-Timestamp": str(timestamp),
        "Banyan-Signature": f"t={timestamp},v1={signature(secret, timestamp, body)}",
    }


def post(url: str, body: bytes, headers: Mapping[str, str], *, private: bool) -> Answer:
    """Send ``body`` to ``url``.

    :param private: addresses of private networks, and of this machine, are allowed.
    :raises SendingFailed: it was not taken.
    """
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        address = reachable(host, port, private=private)
        return _ask(parts.scheme, host, port, address, _path(url), body, headers)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise SendingFailed(f"{type(error).__name__}: {str(error)[:200]}") from error


def reachable(host: str, port: int, *, private: bool) -> str:
    """The address to connect to for ``host``.

    :raises SendingFailed: one of its addresses is not public. :raises OSError: it has none.
    """
    found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not private and not all(public(address) for address in found):
        raise SendingFailed(f"{host} leads to an address that is not public", final=True)
    return found[0]


def public(address: str) -> bool:
    """Whether an address lies in the public network."""
    known = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(known, "ipv4_mapped", None) or getattr(known, "sixtofour", None)
    inner = mapped or known
    return inner.is_global and not inner.is_multicast


def _path(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _ask(scheme: str, host: str, port: int, address: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    made = socket.create_connection((address, port), timeout=TIMEOUT_SECONDS)
    try:
        if scheme == "https":
            made = ssl.create_default_context().wrap_socket(made, server_hostname=host)
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
        connection.sock = made
        usual = {"Content-Type": "application/json", "User-Agent": "Banyan", "Connection": "close"}
        connection.request("POST", path, body, {**usual, **headers})
        answer = connection.getresponse()
        said = answer.read(LONGEST_ANSWER)
    finally:
        made.close()
    if 200 <= answer.status < 300:
        return Answer(answer.status, said)
    raise SendingFailed(f"HTTP {answer.status}", final=answer.status < 500 and answer.status not in _PASSING)
