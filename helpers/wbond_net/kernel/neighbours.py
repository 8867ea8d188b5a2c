# SPDX-License-Identifier: LGPL-2.1-or-later
"""Neighbours: what the kernel's neighbour unreachability detection knows of the hosts on a link.

arp(7), RFC 4861 section 7.3, net/core/neighbour.c; both families are one state machine there.
"""

from __future__ import annotations

import _socket
import errno

from wbond_net.kernel import uapi
from wbond_net.kernel.attributes import NDMSG, attribute, number, text, u32, u64
from wbond_net.kernel.attributes import parse as fields_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NamedTuple

    from wbond_net.kernel import netlink
else:
    from wbond_net.named_tuple import NamedTuple

# States that are told (__neigh_update(), neigh_timer_handler()); INCOMPLETE and DELAY are not.
REACHABLE, STALE = uapi.NUD_REACHABLE, uapi.NUD_STALE
PROBE, FAILED = uapi.NUD_PROBE, uapi.NUD_FAILED

TABLES = ("arp_cache", "ndisc_cache")
REACHABLE_MS = 300  # the kernel draws from half of it to one and a half
_SIZES = {_socket.AF_INET: 4, _socket.AF_INET6: 16}  # bytes, of an address
_NDTMSG = bytes(4)  # family and padding, struct ndtmsg
_DIGITS = 20  # of 64 bits


class Neighbour(NamedTuple):
    """A host on the link of the interface `ifindex`; `state` is one of NUD_*."""

    ifindex: int
    family: int
    octets: bytes
    state: int


class Timers(NamedTuple):
    """Of a table and one interface, ms: how long an answer holds, and how long a packet waits."""

    table: str
    reachable: int
    delay: int


def parse(body: bytes) -> Neighbour | None:
    """Return the neighbour in a report; None for a bridge's entry, or half a report."""
    if len(body) < NDMSG.size:
        return None
    family, index, state, _, _ = NDMSG.unpack_from(body)
    octets = fields_of(body[NDMSG.size :]).get(uapi.NDA_DST, b"")
    if family not in _SIZES or len(octets) != _SIZES[family]:
        return None
    return Neighbour(index, family, octets, state)


def confirm(kernel: netlink.Socket, index: int, family: int, octets: bytes) -> None:
    """Have the kernel ask a neighbour at once. Raises KernelError, Overrun.

    One whose MAC address it knows is probed; for another one, whom it refuses as ENOENT or EINVAL
    (__neigh_update()), it looks as a packet would have it do, which does nothing for the former
    (neigh_add(), NTF_USE).
    """
    told = attribute(uapi.NDA_DST, octets)
    try:
        header = NDMSG.pack(family, index, PROBE, 0, 0)
        kernel.request(uapi.RTM_NEWNEIGH, header + told, uapi.NLM_F_REPLACE)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.EINVAL):
            raise
        header = NDMSG.pack(family, index, 0, uapi.NTF_USE, 0)
        kernel.request(uapi.RTM_NEWNEIGH, header + told, uapi.NLM_F_CREATE)


def hasten(kernel: netlink.Socket, index: int) -> None:
    """Have silence show within a second once there is traffic. Raises KernelError, Overrun.

    Nothing but these two: retransmission would make a sleeping printer fail as well. A delay of 0
    is legal; the first packet to who has not been heard for the reachable time is followed by a
    probe, and that time is drawn anew at once (neightbl_set()).
    """
    for table in TABLES:
        set_timers(kernel, index, Timers(table, REACHABLE_MS, 0))


def set_timers(kernel: netlink.Socket, index: int, timers: Timers) -> None:
    """Set the timers of an interface; nothing in a kernel without the table.

    Raises KernelError, Overrun.
    """
    parameters = (
        u32(uapi.NDTPA_IFINDEX, index)
        + u64(uapi.NDTPA_BASE_REACHABLE_TIME, timers.reachable)
        + u64(uapi.NDTPA_DELAY_PROBE_TIME, timers.delay)
    )
    name = attribute(uapi.NDTA_NAME, timers.table.encode("ascii") + b"\0")
    try:
        kernel.request(
            uapi.RTM_SETNEIGHTBL, _NDTMSG + name + attribute(uapi.NDTA_PARMS, parameters)
        )
    except OSError as error:
        if error.errno != errno.ENOENT:  # without IPv6
            raise


def read_timers(kernel: netlink.Socket, index: int) -> tuple[Timers, ...]:
    """Return the timers of an interface. Raises KernelError, Overrun."""
    reports = kernel.dump(uapi.RTM_GETNEIGHTBL, _NDTMSG)
    return timers_of(index, (report.body for report in reports))


def timers_of(index: int, reports: Iterable[bytes]) -> tuple[Timers, ...]:
    """Return the timers of an interface that reports of RTM_GETNEIGHTBL hold."""
    found = []
    for report in reports:
        fields = fields_of(report[len(_NDTMSG) :])
        table = text(fields.get(uapi.NDTA_NAME, b""))
        timers = fields_of(fields.get(uapi.NDTA_PARMS, b""))
        if table in TABLES and number(timers.get(uapi.NDTPA_IFINDEX)) == index:
            reachable = number(timers.get(uapi.NDTPA_BASE_REACHABLE_TIME), size=8)
            delay = number(timers.get(uapi.NDTPA_DELAY_PROBE_TIME), size=8)
            found.append(Timers(table, reachable, delay))
    return tuple(found)


def note(timers: Iterable[Timers]) -> str:
    """Return timers as text, a line for each table."""
    return "".join(f"{own.table} {own.reachable} {own.delay}\n" for own in timers)


def _is_time(word: str) -> bool:
    """Tell a number of the kernel's; Python refuses to convert one of more than 4300 digits."""
    return word.isdecimal() and len(word) <= _DIGITS


def noted(text: str) -> tuple[Timers, ...]:
    """Return the timers that a text holds; lines that are none are left out."""
    found = []
    for words in map(str.split, text.splitlines()):
        if len(words) == 3 and words[0] in TABLES and all(map(_is_time, words[1:])):
            found.append(Timers(words[0], int(words[1]), int(words[2])))
    return tuple(found)
