# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the filters accept; the kernel itself runs them, on sockets that anybody may have."""

import socket
import struct

import pytest
from wbond_net.kernel import bpf

from tests.test_frames import advertisement, arp_reply


def accepts(program: "bpf.Filter", datagram: bytes) -> bool:
    """Tell whether the kernel lets a datagram through."""
    sender, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with sender, receiver:
        sender.setblocking(False)
        receiver.setblocking(False)
        bpf.attach(receiver, program)
        try:
            sender.send(datagram)
            return receiver.recv(1 << 10) == datagram
        except (BlockingIOError, PermissionError):
            return False


def netlink(kind: int, body: bytes) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0) + body


def neighbour(kind: int, index: int) -> bytes:
    return netlink(kind, struct.pack("=BxxxiHBB", 2, index, 2, 0, 0))


def address(kind: int, index: int) -> bytes:
    return netlink(kind, struct.pack("=BBBBI", 2, 24, 0, 0, index))


def route(kind: int, length: int) -> bytes:
    return netlink(kind, struct.pack("=BBBBBBBBI", 2, length, 0, 0, 254, 3, 0, 1, 0))


@pytest.mark.parametrize("index", [9, 0x12345678])
def test_neighbours_and_addresses_of_one_interface_and_default_routes(index: int) -> None:
    program = bpf.neighbours_of(index)
    assert accepts(program, neighbour(28, index))
    assert accepts(program, neighbour(29, index))
    assert not accepts(program, neighbour(28, index + 1))
    assert not accepts(program, neighbour(29, index + 1))
    assert accepts(program, address(20, index))
    assert accepts(program, address(21, index))
    assert not accepts(program, address(20, index + 1))
    assert not accepts(program, address(21, index + 1))
    assert accepts(program, route(24, 0))
    assert accepts(program, route(25, 0))
    assert not accepts(program, route(24, 24))
    assert accepts(program, netlink(16, bytes(16))), "links, of whatever index"
    assert accepts(program, netlink(3, bytes(4))), "the end of a dump"


def test_answers_alone() -> None:
    assert accepts(bpf.ARP_REPLIES, arp_reply())
    assert not accepts(bpf.ARP_REPLIES, arp_reply(header=bytes((0, 1, 8, 0, 6, 4, 0, 1))))
    assert accepts(bpf.ADVERTISEMENTS, advertisement())
    assert not accepts(bpf.ADVERTISEMENTS, advertisement(type=bytes((135, 0))))
    assert not accepts(bpf.ADVERTISEMENTS, advertisement(next=bytes((6,))))


def test_nothing() -> None:
    assert not accepts(bpf.NOTHING, arp_reply())
