# SPDX-License-Identifier: LGPL-2.1-or-later
"""The folder of a bond that runs, RuntimeDirectory= of its unit, and the locks in it.

What is named after a port has a folder of its own for each kind: an interface may be called
anything, and be the name of a file that is here for another reason.
"""

import fcntl
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from io import TextIOWrapper

FOLDER = "/run/wbond"
PORTS = "ports"  # of files by the index of a port: see ports/record.py
TRIED = "tried"  # of files by the unit of a port, see ports/record.py and wbond-plug@.service
SCANS = "scans"  # of files by the name of a radio: see ports/scan_frequencies.py
LOCKS = "locks"
STATIC = "static"  # a file: what ports/static_addresses.py has set
PATHS = "path"  # a file: where the ports lead, see watch/path/record.py
# Files of the watch's that outlive it: as long as the first is there, it has the order of the
# ports, and nobody else makes one the primary; what the neighbours' timers were before it.
DECIDES, TIMERS = "watch-decides", "neighbour-timers"
DHCP_SERVER = "dhcp-server"  # a file: its IPv4 address, as hooks/ write it while there is a lease
METRIC = "metric"  # a file: that of the default routes; of a bond without any there is none


def path(bond: str, *names: str) -> str:
    """Return the place of a file in the folder of a bond, or in a folder there."""
    return os.path.join(FOLDER, bond, *names)


def made_path(bond: str, kind: str, name: str) -> str:
    """Return the place of a file in one of those folders, which is made where it is missing.

    Raises OSError where the bond has no folder.
    """
    try:
        os.mkdir(path(bond, kind), 0o700)
    except FileExistsError:
        pass
    return path(bond, kind, name)


def locked(bond: str, what: str = "bond") -> "TextIOWrapper":
    """Wait until no other process has locked the bond or one of its ports, and lock it;
    `with` ends that.

    For root alone to open: whoever may open a file may hold its lock (flock(2)), and would hold
    off all ports. Raises OSError where the bond has no folder.
    """
    return lock(made_path(bond, LOCKS, what))


def lock(path: str) -> "TextIOWrapper":
    """Wait until no other process has locked a file, and lock it, made where it is missing; `with`
    ends that. For root alone to open. Raises OSError.
    """
    file = open(path, "a", encoding="ascii", opener=_private)  # noqa: SIM115
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
