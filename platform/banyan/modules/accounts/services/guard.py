"""Lock-out that slows guessing down and cannot be used to lock others out.

Failures are counted where the guesser is, not where the victim is:

- A **known browser** (it keeps a value from an earlier sign-in of this very account) has a counter of its own:
  10 failures in 15 minutes. What anybody else does to the account never counts against it.
- From a **known network** (this account signed in from there within 90 days) failures count for this name and this
  network: 5.
- **Strangers** are counted three times: by name and network (5), by address over all names (30), and all strangers
  together by name (20). The last one bounds what somebody with a thousand addresses can try against one account,
  to 80 an hour; it shuts out strangers alone.

While very many tries fail all over the installation, the limits for strangers are halved. A pause lasts 15 minutes;
a name that does not exist is counted like any other, so that a pause tells nothing. Who is locked out for good
(a new browser at a new place while others hammer at the name) gets a one-time code from the administrator above.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from banyan.kernel.context import Context
from banyan.kernel.errors import TooManyTries
from banyan.kernel.i18n import lazy
from banyan.modules.accounts.services import throttle
from banyan.modules.accounts.services.apart import apart
from banyan.modules.accounts.services.devices import Standing
from banyan.modules.accounts.services.throttle import Limit
from banyan.modules.accounts.services.visitors import Visitor
from banyan.modules.audit.services import Subject, record

LOCKED = "accounts.account.lock"
BUCKETS = 8


@dataclass(frozen=True, slots=True)
class Counted:
    """One counter that a try ran against, and its failures so far with this one."""

    limit: Limit
    source: str
    failures: int


def reserve(ctx: Context, name: str, visitor: Visitor, known: Standing) -> tuple[Counted, ...]:
    """Count a try about to be made against ``name``.

    :param ctx: in a transaction of its own, to be committed: the count holds whatever becomes of the try.
    :raises TooManyTries: some counter pauses; nothing is counted then.
    """
    counted = []
    for limit, source in _counters(ctx, name, visitor, known):
        failures = throttle.reserve(ctx, limit, source)
        if failures is None:
            raise TooManyTries(lazy("Too many tries. Please wait 15 minutes."))
        counted.append(Counted(limit, source, failures))
    return tuple(counted)


def _counters(ctx: Context, name: str, visitor: Visitor, known: Standing) -> list[tuple[Limit, str]]:
    here = f"{name}@{throttle.network(visitor.address)}"
    if known.device is not None:
        return [(throttle.BY_DEVICE, f"{name}@{known.device}")]
    if known.near:
        return [(throttle.BY_NAME, here)]
    found = [(throttle.BY_NAME, here), (throttle.BY_STRANGERS, name), (throttle.BY_ADDRESS, visitor.address)]
    if throttle.paused(ctx, throttle.EVERYWHERE, secrets.choice(_BUCKETS)):
        found = [(replace(limit, failures=limit.failures // 2), source) for limit, source in found]
    return found


# One row that every failure of the installation writes would be waited for; a share of them says as much.
_BUCKETS = tuple(str(number) for number in range(BUCKETS))


def failed(ctx: Context, about: Subject, counted: tuple[Counted, ...]) -> None:
    """Record the pauses that a failed try began.

    :param ctx: in a transaction of its own, at the organisation of the account, if there is one.
    """
    throttle.reserve(ctx, throttle.EVERYWHERE, secrets.choice(_BUCKETS))
    for one in counted:
        if one.failures < one.limit.failures:
            continue
        after = {"failures": one.failures}
        if one.limit.by_address:
            address = Subject("address", ctx.actor.address, ctx.actor.address)
            record(replace(ctx, org=None), "accounts.address.lock", address, outcome="refused", after=after)
        else:
            record(ctx, LOCKED, about, outcome="refused", after=after)


def passed(ctx: Context, counted: tuple[Counted, ...]) -> None:
    """Forget the failures of who has proved itself; what others did to the name still counts."""
    for one in counted:
        if one.limit.kind in (throttle.BY_NAME.kind, throttle.BY_DEVICE.kind):
            throttle.clear(ctx, one.limit, one.source)
        else:
            throttle.give_back(ctx, one.limit, one.source)


def reserved_apart(ctx: Context, name: str, visitor: Visitor, known: Standing) -> tuple[Counted, ...]:
    """`reserve` in a transaction of its own."""
    with apart(ctx) as own:
        return reserve(own, name, visitor, known)
