"""The operating-system user that the embedded PostgreSQL runs as: PostgreSQL refuses to run as root.

Whoever is not root runs it as themselves. As root it is the user ``pgserver``, which gets exactly what it needs: the
right to pass through the folders above its data (an access control entry for this one user, the folders stay closed
to everybody else).
"""

from __future__ import annotations

import errno
import os
import pwd
import shutil
import stat
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = "pgserver"
_ACL = "system.posix_acl_access"
_USER_OBJ, _USER, _GROUP_OBJ, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_SEARCH = 1
_NOBODY = 0xFFFFFFFF


class Unreachable(RuntimeError):
    """The user cannot be made, or cannot reach a folder; the message says what to do."""


@dataclass(frozen=True, slots=True)
class OsUser:
    """A user that programs are run as."""

    name: str
    uid: int
    gid: int

    @property
    def run_as(self) -> dict[str, Any]:
        """Arguments for `subprocess` to run as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_user() -> OsUser | None:
    """The user for the server: None for oneself, ``pgserver`` (made when missing) for root.

    :raises Unreachable: when there is no such user and none can be made.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        _add_user()
        entry = pwd.getpwnam(NAME)
    return OsUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _add_user() -> None:
    program = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    advice = f"Run Banyan as an ordinary user, add a system user {NAME!r}, or set DATABASE_URL."
    if program is None:
        raise Unreachable(f"PostgreSQL does not run as root, and there is no useradd to add a user for it. {advice}")
    command = [program, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # 9: the name is taken, by a start at the same time
    if done.returncode not in (0, 9):
        raise Unreachable(f"PostgreSQL does not run as root, and useradd failed: {done.stderr.strip()}. {advice}")


def let_reach(folder: Path, user: OsUser) -> None:
    """Let ``user`` pass through every folder above ``folder``, and into it, without opening them to anybody else.

    :raises Unreachable: when the file system keeps no access control entries.
    """
    folder = folder.resolve()
    if _reaches(folder, user):
        return
    for step in reversed([folder, *folder.parents]):
        if _passes(step.stat(), user):
            continue
        try:
            _grant_search(step, user.uid)
        except (OSError, AttributeError) as error:
            raise Unreachable(
                f"User {user.name!r}, which runs PostgreSQL for root, cannot pass through {str(step)!r} ({error}). "
                f"Set BANYAN_HOME to a folder it can reach (such as /var/lib/banyan), or run `chmod o+x {step}`."
            ) from error
    if not _reaches(folder, user):
        raise Unreachable(f"User {user.name!r}, which runs PostgreSQL for root, cannot reach {str(folder)!r}.")


def _reaches(folder: Path, user: OsUser) -> bool:
    command = ["/bin/sh", "-c", 'test -x "$1/."', "sh", str(folder)]
    return subprocess.run(command, cwd="/", check=False, **user.run_as).returncode == 0


def _passes(status: os.stat_result, user: OsUser) -> bool:
    if status.st_uid == user.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    return bool(status.st_mode & (stat.S_IXGRP if status.st_gid == user.gid else stat.S_IXOTH))


def _grant_search(folder: Path, uid: int) -> None:
    entries = _entries(folder)
    entries[_USER, uid] = entries.get((_USER, uid), 0) | _SEARCH
    mask = entries.get((_MASK, _NOBODY), entries[_GROUP_OBJ, _NOBODY])
    entries[_MASK, _NOBODY] = mask | _SEARCH
    packed = b"".join(struct.pack("<HHI", tag, rights, who) for (tag, who), rights in sorted(entries.items()))
    os.setxattr(folder, _ACL, struct.pack("<I", 2) + packed)


def _entries(folder: Path) -> dict[tuple[int, int], int]:
    """The access control list of ``folder`` as (tag, user) → rights; that of its mode when it has none."""
    try:
        raw = os.getxattr(folder, _ACL)
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise
        mode = folder.stat().st_mode
        return {
            (_USER_OBJ, _NOBODY): mode >> 6 & 7,
            (_GROUP_OBJ, _NOBODY): mode >> 3 & 7,
            (_OTHER, _NOBODY): mode & 7,
        }
    return {(tag, who): rights for tag, rights, who in struct.iter_unpack("<HHI", raw[4:])}
