# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the watch knows of paths, in the bond's runtime directory, for `wbond status`.

A line for each router, `router ADDRESS MAC`, with `-` for one that has never answered, and for
each port, `port INDEX STATE TIME`, the time in seconds since 1970.
"""

from __future__ import annotations

from wbond_net.watch.path.ports import (
    DEAD,
    FOREIGN,
    HELD,
    OFF,
    PROVEN,
    SUSPECT,
    UNKNOWN,
    WAITING,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from wbond_net.named_tuple import NamedTuple


UNANSWERED = "-"
_DIGITS = 11  # of an index, and of seconds until the year 5138, at most
STATES = (OFF, WAITING, UNKNOWN, PROVEN, SUSPECT, DEAD, FOREIGN, HELD)


class Path(NamedTuple):
    """The path behind the port `ifindex`: its state, one of STATES, and since when."""

    ifindex: int
    state: str
    since: float


class Record(NamedTuple):
    """All of it; `routers` are addresses as text, with the MAC address or nothing."""

    routers: tuple[tuple[str, str], ...] = ()
    paths: tuple[Path, ...] = ()


def text(record: Record) -> str:
    """Return a record as text."""
    lines = [f"router {address} {mac or UNANSWERED}\n" for address, mac in record.routers]
    lines += [f"port {path.ifindex} {path.state} {path.since:.3f}\n" for path in record.paths]
    return "".join(lines)


def read(text: str) -> Record:
    """Return what a text holds; a line that is none of these is left out."""
    routers, paths = [], []
    for words in map(str.split, text.splitlines()):
        if len(words) == 3 and words[0] == "router":
            routers.append((words[1], words[2].removeprefix(UNANSWERED)))
        elif len(words) == 4 and words[0] == "port" and words[2] in STATES:
            index, since = words[1], words[3]
            numeric = index.isdecimal() and since.replace(".", "", 1).isdecimal()
            if numeric and len(index) <= _DIGITS and len(since.partition(".")[0]) <= _DIGITS:
                paths.append(Path(int(index), words[2], float(since)))
    return Record(tuple(routers), tuple(paths))
