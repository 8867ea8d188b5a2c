# SPDX-License-Identifier: LGPL-2.1-or-later
"""The folder of a bond that runs, RuntimeDirectory= of its unit, and the lock in it."""

import fcntl
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from io import TextIOWrapper

FOLDER = "/run/wbond"


def path(bond: str, name: str) -> str:
    """Return the place of a file in the folder of a bond."""
    return os.path.join(FOLDER, bond, name)


def locked(bond: str) -> "TextIOWrapper":
    """Wait until no other process has locked the bond, and lock it; `with` ends that.

    For root alone to open: whoever may open a file may hold its lock (flock(2)), and would hold
    off all ports. Raises OSError where the bond has no folder.
    """
    file = open(path(bond, "lock"), "a", encoding="ascii", opener=_private)  # noqa: SIM115
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
