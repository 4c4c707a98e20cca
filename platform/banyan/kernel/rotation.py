"""A new key in the place of the current one, from the first row to the retirement of the old key.

What has been reached is read from the states of the keys, so that a run that was killed is taken up where it was:
an old key that is not retired, or an index key that is coming, means that a change is under way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from banyan.kernel import keyring, reindexing, resealing
from banyan.kernel.crypto import DataKey
from banyan.kernel.keyring import FRESH_SECONDS, Keyring, Kind
from banyan.kernel.resealing import Owner, Tell

_LOCK = 0x62616E6B  # "bank"
SAFE_SECONDS = 2 * FRESH_SECONDS
"""After this time every running process has read the ring again, and what it had begun before has ended."""


class Busy(RuntimeError):
    """Another change of keys is going on."""


@dataclass(slots=True)
class Outcome:
    """How a change of keys ended.

    :ivar resumed: it went on with a change begun earlier. :ivar left: what could not be made anew, and why.
    """

    tag: str
    resumed: bool
    done: int = 0
    retired: int = 0
    left: list[str] = field(default_factory=list)


def rotate(
    owner: Owner, ring: Keyring, columns: list[resealing.SealedColumn], tell: Tell, wait: Callable[[float], None]
) -> Outcome:
    """Draw a new key, seal everything with it, and retire what nothing names any more.

    :param owner: in autocommit. :param wait: called with seconds, to let running processes learn of the key.
    :raises Busy: another change of keys is going on.
    """
    _only_one(owner)
    resumed = bool(_tags(owner, "seal", "old"))
    if not resumed:
        with owner.transaction():
            _replace_current(owner, ring, "seal")
    ring.forget()
    outcome = Outcome(ring.current("seal").tag.hex(), resumed)
    outcome.done += resealing.reseal(owner, ring, columns, tell).sealed.total()
    wait(SAFE_SECONDS)
    last = resealing.reseal(owner, ring, columns, tell)
    outcome.done += last.sealed.total()
    outcome.left = last.unreadable
    # a retired key still opens, so that what is unreadable today does not keep it in use for ever
    if resealing.others(owner, columns, ring) <= len(last.unreadable):
        outcome.retired = _retire(owner, "seal")
        ring.forget()
    return outcome


def rotate_index(
    owner: Owner, ring: Keyring, columns: list[reindexing.IndexedColumn], tell: Tell, wait: Callable[[float], None]
) -> Outcome:
    """Draw a new index key and make every blind index with it; look-ups find both kinds until the end.

    :param owner: in autocommit. :param wait: as for `rotate`. :raises Busy: another change of keys is going on.
    """
    _only_one(owner)
    resumed = bool(_tags(owner, "index", "old", "coming"))
    if not resumed:
        keyring.add(owner, ring.vault, "index", "coming")
    if _tags(owner, "index", "coming"):
        # nobody may look for the old value alone once the first new one is written
        wait(SAFE_SECONDS)
    coming = _keys(owner, ring, "coming") or _keys(owner, ring, "current")
    outcome = Outcome(coming[0].tag.hex(), resumed)
    first = _reindex(owner, ring, columns, coming[0], tell)
    if _tags(owner, "index", "coming"):
        with owner.transaction():
            owner.execute("UPDATE data_key SET state = 'old' WHERE kind = 'index' AND state = 'current'")
            owner.execute("UPDATE data_key SET state = 'current' WHERE kind = 'index' AND state = 'coming'")
    ring.forget()
    wait(SAFE_SECONDS)
    last = _reindex(owner, ring, columns, coming[0], tell)
    outcome.done = sum(first.made.values()) + sum(last.made.values())
    outcome.left = [*last.unknown, *(f"{one}: the same as another row, merge the two" for one in last.twice)]
    if not outcome.left:
        outcome.retired = _retire(owner, "index")
        ring.forget()
    return outcome


def _reindex(
    owner: Owner, ring: Keyring, columns: list[reindexing.IndexedColumn], new: DataKey, tell: Tell
) -> reindexing.Report:
    older = [one for one in _keys(owner, ring, "current", "old") if one.tag != new.tag]
    return reindexing.reindex(owner, ring, columns, (older, new), tell)


def _only_one(owner: Owner) -> None:
    if owner.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone() != (True,):
        raise Busy("Another change of keys is going on. Wait for it, or end it and run this again.")


def _tags(owner: Owner, kind: Kind, *states: str) -> list[bytes]:
    statement = "SELECT tag FROM data_key WHERE kind = %s AND state = ANY (%s)"
    return [bytes(tag) for (tag,) in owner.execute(statement, [kind, list(states)]).fetchall()]


def _keys(owner: Owner, ring: Keyring, *states: str) -> list[DataKey]:
    return [one.key for one in keyring.read(owner, ring.vault) if one.kind == "index" and one.state in states]


def _replace_current(owner: Owner, ring: Keyring, kind: Kind) -> None:
    owner.execute("UPDATE data_key SET state = 'old' WHERE kind = %s AND state = 'current'", [kind])
    keyring.add(owner, ring.vault, kind, "current")


def _retire(owner: Owner, kind: Kind) -> int:
    statement = "UPDATE data_key SET state = 'retired', retired_at = now() WHERE kind = %s AND state = 'old'"
    return owner.execute(statement, [kind]).rowcount
