# SPDX-License-Identifier: LGPL-2.1-or-later
"""What wbond has taken, noted in /run/wbond/BOND by interface index, which outlives a new name.

`index` holds the bond's own, 0 where nothing of that name is wbond's. `ports/INDEX` holds rank
and name of a port, both as its unit has them: what the kernel reads back of ranks is 0 before
6.0. `tried/UNIT` holds the index of the interface for which a port's unit was last started, and is
there unless that is gone: wbond-plug@ starts the others.
"""

import os

from wbond import units

from wbond_net import files, runtime
from wbond_net.kernel import request, sysfs

NONE = 0  # no interface has this index


def note_bond(bond: str, index: int) -> None:
    """Note which interface is the bond, or NONE. Raises OSError."""
    files.write(runtime.path(bond, "index"), f"{index}\n")


def bond_name(bond: str) -> str:
    """Return what the interface that is the bond is called now; nothing where there is none.

    Without a note, that is the name that it was to have.
    """
    return _noted_name(bond, bond)


def taken_bond(bond: str) -> str:
    """Return what the interface that wbond has noted as the bond is called now, or nothing."""
    return _noted_name(bond, "")


def _noted_name(bond: str, otherwise: str) -> str:
    noted = text(runtime.path(bond, "index"))
    return request.name(int(noted)) if noted.isdecimal() else otherwise


def note_port(bond: str, port: str, rank: int) -> None:
    """Note that an interface is wbond's to put in and take out. Raises OSError."""
    path = runtime.made_path(bond, runtime.PORTS, str(request.index(port)))
    files.write(path, f"{rank} {port}\n")


def forget_port(bond: str, index: int) -> None:
    """Forget an interface; what is not noted is no failure."""
    try:
        os.unlink(runtime.path(bond, runtime.PORTS, str(index)))
    except OSError:
        pass


def note_tried(bond: str, role: str, port: str) -> None:
    """Note that a port's unit has been started for this interface. Raises OSError."""
    index = request.index(port)
    path = runtime.made_path(bond, runtime.TRIED, _tried(bond, role, port))
    with open(path, "w", encoding="ascii") as file:
        file.write(str(index))


def forget_tried(bond: str, port: str, now: int) -> None:
    """Forget it, whatever the port's role, unless the interface that was tried is `now` there."""
    for role in units.ROLES:
        path = runtime.path(bond, runtime.TRIED, _tried(bond, role, port))
        if text(path) != str(now):
            try:
                os.unlink(path)
            except OSError:
                pass


def _tried(bond: str, role: str, port: str) -> str:
    """Return the name of the note, as glob(7) finds it, where a backslash quotes what follows."""
    return units.port(bond, role, port).removesuffix(".service").replace("\\", "")


def port_index(bond: str, port: str) -> int:
    """Return the index of the interface that has joined as `port`; NONE where none is noted."""
    return next((index for index, _, name in _ports(bond) if name == port), NONE)


def ranks(bond: str) -> dict[str, int]:
    """Return the ranks of the ports that are in the bond, by the names that they have now."""
    now = bond_name(bond)
    found = {request.name(index): rank for index, rank, _ in _ports(bond)}
    return {port: rank for port, rank in found.items() if port and sysfs.master(port) == now}


def _ports(bond: str) -> list[tuple[int, int, str]]:
    """Return index, rank and name of each note; of one interface there is one."""
    try:
        names = os.listdir(runtime.path(bond, runtime.PORTS))
    except OSError:
        return []
    found = []
    for index in filter(str.isdecimal, names):
        rank, _, name = text(runtime.path(bond, runtime.PORTS, index)).partition(" ")
        if rank.isdecimal():
            found.append((int(index), int(rank), name))
    return found


def text(path: str) -> str:
    """Return what a note says, without its last line break; nothing where there is none."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read().removesuffix("\n")
    except OSError:
        return ""
