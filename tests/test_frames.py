# SPDX-License-Identifier: LGPL-2.1-or-later
"""Questions to a host on the link, and answers, as they are on the wire."""

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wbond_net.kernel import frames
from wbond_net.kernel.frames import NOBODY, Answer, Success

V4, V6 = socket.AF_INET, socket.AF_INET6
MAC, ROUTER = "02:00:00:00:00:02", "02:aa:00:00:00:01"
IP4, IP6 = socket.inet_aton("192.0.2.1"), socket.inet_pton(V6, "fe80::a1b2:c3d4")
OWN6 = socket.inet_pton(V6, "fe80::7")
GROUP = socket.inet_pton(V6, "ff02::1:ffb2:c3d4")


def octets(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def arp_reply(**changes: bytes) -> bytes:
    parts = {
        "ethernet": octets(MAC) + octets(ROUTER) + b"\x08\x06",
        "header": bytes((0, 1, 8, 0, 6, 4, 0, 2)),
        "sender": octets(ROUTER) + IP4,
        "target": octets(MAC) + bytes(4),
    }
    return b"".join((parts | changes).values())


def advertisement(option: bytes = b"\x02\x01" + octets(ROUTER), **changes: bytes) -> bytes:
    parts = {
        "ethernet": octets("33:33:00:00:00:01") + octets("02:cc:00:00:00:01") + b"\x86\xdd",
        "version": b"\x60\0\0\0",
        "length": struct.pack("!H", 24 + len(option)),
        "next": bytes((58,)),
        "hops": bytes((255,)),
        "addresses": IP6 + socket.inet_pton(V6, "ff02::1"),
        "type": bytes((136, 0)),
        "checksum": bytes(2),
        "flags": bytes((0xA0, 0, 0, 0)),
        "target": IP6,
        "option": option,
    }
    return b"".join((parts | changes).values())


def test_an_arp_probe_is_from_nobody_and_to_all() -> None:
    frame = frames.question(V4, IP4, MAC, NOBODY[V4])
    assert frame[:14] == b"\xff" * 6 + octets(MAC) + b"\x08\x06"
    assert frame[14:22] == bytes((0, 1, 8, 0, 6, 4, 0, 1))
    assert frame[22:] == octets(MAC) + bytes(4) + bytes(6) + IP4


def test_a_solicitation_from_nobody_has_no_option() -> None:
    frame = frames.question(V6, IP6, MAC, NOBODY[V6])
    assert frame[:14] == octets("33:33:ff:b2:c3:d4") + octets(MAC) + b"\x86\xdd"
    assert frame[14:54] == b"\x60\0\0\0\0\x18\x3a\xff" + bytes(16) + GROUP
    assert (frame[54:56], frame[58:]) == (bytes((135, 0)), bytes(4) + IP6)


def test_a_solicitation_as_the_bond_says_where_it_is() -> None:
    frame = frames.question(V6, IP6, MAC, OWN6)
    assert frame[22:38] == OWN6
    assert frame[78:] == b"\x01\x01" + octets(MAC)


@pytest.mark.parametrize("sender", [NOBODY[V6], OWN6])
def test_a_checksum_that_a_receiver_accepts(sender: bytes) -> None:
    frame = frames.question(V6, IP6, MAC, sender)
    body = frame[54:]
    words = sender + GROUP + struct.pack("!II", len(body), 58) + body
    total = sum(struct.unpack(f"!{len(words) // 2}H", words))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    assert total == 0xFFFF


def success(**changes: bytes) -> bytes:
    """Return the frame by which a switch lets a port in; `changes` are of its parts."""
    parts = {
        "ethernet": octets("01:80:c2:00:00:03") + octets(ROUTER) + b"\x88\x8e",
        "version": b"\x02",
        "type": b"\0",
        "length": b"\0\x04",
        "code": b"\x03",
        "rest": b"\x07\0\x04",
    }
    return b"".join((parts | changes).values())


def test_a_switch_lets_a_port_in() -> None:
    assert frames.heard(success()) == Success(ROUTER)
    for other in ({"type": b"\x01"}, {"code": b"\x04"}, {"rest": b"", "code": b""}):
        assert frames.heard(success(**other)) is None


def test_answers() -> None:
    assert frames.heard(arp_reply()) == Answer(V4, IP4, ROUTER)
    assert frames.heard(advertisement()) == Answer(V6, IP6, ROUTER, to_all=True)
    assert frames.heard(octets(MAC) + advertisement()[6:]) == Answer(V6, IP6, ROUTER)
    unnamed = Answer(V6, IP6, "02:cc:00:00:00:01", to_all=True)
    assert frames.heard(advertisement(b"")) == unnamed


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        arp_reply()[:41],
        arp_reply(header=bytes((0, 1, 8, 0, 6, 4, 0, 1))),
        arp_reply(header=bytes((0, 6, 8, 0, 6, 4, 0, 2))),
        arp_reply(header=bytes((0, 1, 8, 0, 8, 4, 0, 2))),
        arp_reply(ethernet=octets(MAC) + octets(ROUTER) + b"\x08\0"),
        advertisement()[:77],
        advertisement(hops=bytes((64,))),
        advertisement(next=bytes((17,))),
        advertisement(type=bytes((135, 0))),
    ],
)
def test_what_is_no_answer(frame: bytes) -> None:
    assert frames.heard(frame) is None


@given(st.binary(max_size=120), st.sampled_from([b"\x08\x06", b"\x86\xdd", b"\x88\x8e"]))
def test_nothing_raises(rest: bytes, protocol: bytes) -> None:
    found = frames.heard(octets(MAC) + octets(ROUTER) + protocol + rest)
    assert found is None or isinstance(found, Success) or len(found.octets) in (4, 16)
