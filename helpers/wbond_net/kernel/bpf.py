# SPDX-License-Identifier: LGPL-2.1-or-later
"""Filters by which the kernel drops what a socket does not want: classic BPF, bpf(4), socket(7).

What a filter drops wakes nobody.
"""

from __future__ import annotations

import _socket
import struct

from wbond_net.kernel.uapi import (
    BPF_JUMP_EQUAL,
    BPF_LOAD_BYTE,
    BPF_LOAD_HALF,
    BPF_LOAD_WORD,
    BPF_RETURN,
    RTM_DELADDR,
    RTM_DELNEIGH,
    RTM_DELROUTE,
    RTM_NEWADDR,
    RTM_NEWNEIGH,
    RTM_NEWROUTE,
    SO_ATTACH_FILTER,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    # Code, jumps where true and where not, operand: struct sock_filter.
    Instruction = tuple[int, int, int, int]
    Filter = Sequence[Instruction]

_INSTRUCTION = struct.Struct("=HBBI")
_PROGRAM = struct.Struct("@HP")  # length, address: struct sock_fprog
_ACCEPT: Instruction = (BPF_RETURN, 0, 0, 0xFFFFFFFF)
_DROP: Instruction = (BPF_RETURN, 0, 0, 0)

NOTHING: Filter = (_DROP,)
# Frames of Ethernet, on a socket for the protocol: ARP replies; neighbour advertisements.
ARP_REPLIES: Filter = ((BPF_LOAD_HALF, 0, 0, 20), (BPF_JUMP_EQUAL, 0, 1, 2), _ACCEPT, _DROP)
ADVERTISEMENTS: Filter = (
    (BPF_LOAD_BYTE, 0, 0, 20),  # next header
    (BPF_JUMP_EQUAL, 0, 3, 58),
    (BPF_LOAD_BYTE, 0, 0, 54),  # type of ICMPv6
    (BPF_JUMP_EQUAL, 0, 1, 136),
    _ACCEPT,
    _DROP,
)

# EAP-Success, of a switch with 802.1X.
SUCCESSES: Filter = (
    (BPF_LOAD_BYTE, 0, 0, 15),  # type of EAPOL: an EAP packet
    (BPF_JUMP_EQUAL, 0, 3, 0),
    (BPF_LOAD_BYTE, 0, 0, 18),  # code of EAP
    (BPF_JUMP_EQUAL, 0, 1, 3),
    _ACCEPT,
    _DROP,
)


def neighbours_of(index: int) -> Filter:
    """Return what has a netlink socket hear of neighbours and addresses only those of one
    interface, and of routes only default ones. All else passes.

    A datagram of several messages is judged by its first: not for dumps of these.
    """
    return (
        (BPF_LOAD_HALF, 0, 0, 4),  # nlmsg_type
        (BPF_JUMP_EQUAL, 6, 0, _as_loaded("=H", RTM_NEWNEIGH)),
        (BPF_JUMP_EQUAL, 5, 0, _as_loaded("=H", RTM_DELNEIGH)),
        (BPF_JUMP_EQUAL, 4, 0, _as_loaded("=H", RTM_NEWADDR)),
        (BPF_JUMP_EQUAL, 3, 0, _as_loaded("=H", RTM_DELADDR)),
        (BPF_JUMP_EQUAL, 4, 0, _as_loaded("=H", RTM_NEWROUTE)),
        (BPF_JUMP_EQUAL, 3, 0, _as_loaded("=H", RTM_DELROUTE)),
        _ACCEPT,
        (BPF_LOAD_WORD, 0, 0, 20),  # ndm_ifindex, ifa_index
        (BPF_JUMP_EQUAL, 2, 3, _as_loaded("=i", index)),
        (BPF_LOAD_BYTE, 0, 0, 17),  # rtm_dst_len
        (BPF_JUMP_EQUAL, 0, 1, 0),
        _ACCEPT,
        _DROP,
    )


def attach(socket: _socket.socket, program: Filter) -> None:
    """Have a socket hear only what a filter accepts, in place of its former one. Raises OSError."""
    code = b"".join(_INSTRUCTION.pack(*instruction) for instruction in program)
    socket.setsockopt(
        _socket.SOL_SOCKET, SO_ATTACH_FILTER, _PROGRAM.pack(len(program), _address(code))
    )


def _address(octets: bytes) -> int:
    """Return where octets are in memory: at the end of the object, before a NUL (bytesobject.h).

    The modules array and ctypes, which say so, load the package collections.
    """
    return id(octets) + bytes.__basicsize__ - 1


def _as_loaded(layout: str, value: int) -> int:
    """Return a number of the host's byte order as BPF loads it, which is in network order."""
    return int.from_bytes(struct.pack(layout, value), "big")
