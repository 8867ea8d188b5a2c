# SPDX-License-Identifier: LGPL-2.1-or-later
"""How netlink lays out what it says: headers and attributes, netlink(7).

Byte order and alignment are the host's. What a message says is data, its names are whatever
somebody called an interface: nothing here raises for it.
"""

import os
import struct
import sys

from wbond_net.kernel.uapi import NLA_TYPE_MASK

IFINFOMSG = struct.Struct("=BxHiII")  # family, type, index, flags, change
IFADDRMSG = struct.Struct("=BBBBI")  # family, prefix length, flags, scope, index
# Family, lengths of destination and source, TOS, table, protocol, scope, type, flags.
RTMSG = struct.Struct("=BBBBBBBBI")
NDMSG = struct.Struct("=BxxxiHBB")  # family, index, state, flags, type
_NLATTR = struct.Struct("=HH")  # length, type


def aligned(length: int) -> int:
    """Round up to NLMSG_ALIGNTO, which is NLA_ALIGNTO too: 4 bytes."""
    return (length + 3) & ~3


def parse(data: bytes) -> dict[int, bytes]:
    """Return netlink attributes by type, up to the first that does not fit; the last one wins."""
    found = {}
    offset = 0
    while offset + _NLATTR.size <= len(data):
        length, kind = _NLATTR.unpack_from(data, offset)
        if length < _NLATTR.size or offset + length > len(data):
            break
        found[kind & NLA_TYPE_MASK] = data[offset + _NLATTR.size : offset + length]
        offset += aligned(length)
    return found


def number(octets: bytes | None, signed: bool = False, size: int = 4) -> int:
    """Return an integer of as many bytes as the kernel sent, `size` at most; 0 if it sent none."""
    return int.from_bytes((octets or b"")[:size], sys.byteorder, signed=signed)


def text(octets: bytes) -> str:
    """Return a NUL-terminated string; bytes that are no UTF-8 become surrogates."""
    return os.fsdecode(octets.split(b"\0", 1)[0])


def attribute(kind: int, value: bytes) -> bytes:
    """Return an attribute, padded."""
    length = _NLATTR.size + len(value)
    return _NLATTR.pack(length, kind) + value + b"\0" * (aligned(length) - length)


def u8(kind: int, value: int) -> bytes:
    """Return an attribute of one byte."""
    return attribute(kind, bytes((value,)))


def u32(kind: int, value: int) -> bytes:
    """Return an attribute of four bytes, unsigned."""
    return attribute(kind, struct.pack("=I", value))


def u64(kind: int, value: int) -> bytes:
    """Return an attribute of eight bytes, unsigned."""
    return attribute(kind, struct.pack("=Q", value))


def s32(kind: int, value: int) -> bytes:
    """Return an attribute of four bytes, signed."""
    return attribute(kind, struct.pack("=i", value))
