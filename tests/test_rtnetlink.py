# SPDX-License-Identifier: LGPL-2.1-or-later
"""rtnetlink: messages laid out as the kernel does it, whole, cut and senseless."""

import errno
import os
import socket
import struct
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wbond_net.kernel import rtnetlink
from wbond_net.kernel.attributes import parse
from wbond_net.kernel.netlink import ATTEMPTS, KernelError, Message, Overrun, messages
from wbond_net.kernel.rtnetlink import Address, Bond, Event, Link, Slave

NEWLINK, DELLINK, NEWADDR, DELADDR = 16, 17, 20, 21
MAC = bytes.fromhex("020000000a01")
PERMANENT = bytes.fromhex("0200000000ff")


def indices(found: Iterable[Event | None]) -> list[int]:
    """Return the indices of the links in events."""
    return [event.what.ifindex for event in found if event and isinstance(event.what, Link)]


def attribute(kind: int, value: bytes) -> bytes:
    length = 4 + len(value)
    return struct.pack("=HH", length, kind) + value + b"\0" * (-length % 4)


def u8(kind: int, value: int) -> bytes:
    return attribute(kind, bytes([value]))


def u32(kind: int, value: int) -> bytes:
    return attribute(kind, struct.pack("=I", value))


def message(kind: int, body: bytes, flags: int = 0, sequence: int = 0, port: int = 0) -> bytes:
    header = struct.pack("=IHHII", 16 + len(body), kind, flags, sequence, port)
    return header + body + b"\0" * (-len(body) % 4)


def ifinfo(index: int, flags: int, family: int = 0) -> bytes:
    return struct.pack("=BxHiII", family, 1, index, flags, 0)


def port_message(kind: int = NEWLINK, family: int = 0, name: bytes = b"wlp3s0") -> bytes:
    slave = u8(1, 1) + u8(2, 0) + u32(3, 7) + attribute(4, MAC)
    slave += attribute(5, struct.pack("=H", 0)) + attribute(9, struct.pack("=i", -5))
    info = attribute(4, b"bond\0") + attribute(5 | 0x8000, slave)
    body = ifinfo(5, 0x1 | 0x10000, family) + attribute(3, name + b"\0") + u32(10, 9)
    body += u8(16, 6) + u8(33, 1) + attribute(1, MAC) + attribute(54, PERMANENT)
    return message(kind, body + attribute(18 | 0x8000, info))


def bond_message() -> bytes:
    data = u8(1, 1) + u32(2, 5) + u32(3, 100) + u32(4, 0) + u32(5, 200) + u32(11, 4)
    info = attribute(1, b"bond\0") + attribute(2, data)
    body = ifinfo(9, 0x1 | 0x40 | 0x10000) + attribute(3, b"bond0\0") + u8(16, 6) + u8(33, 1)
    return message(NEWLINK, body + attribute(1, MAC) + attribute(18, info))


def address_message(
    kind: int, family: int, attributes: bytes, flags: int = 0x80, scope: int = 0
) -> bytes:
    return message(kind, struct.pack("=BBBBI", family, 24, flags, scope, 9) + attributes)


def events(datagram: bytes) -> list[Event | None]:
    return [rtnetlink.event(found) for found in messages(datagram)]


def test_a_port_of_a_bond() -> None:
    assert events(port_message()) == [
        Event(
            Link(
                ifindex=5,
                name="wlp3s0",
                flags=0x10001,
                carrier=True,
                operstate=6,
                address="02:00:00:00:0a:01",
                perm_address="02:00:00:00:00:ff",
                master=9,
                kind="",
                bond=None,
                slave=Slave(state=1, mii_status=0, link_failures=7, prio=-5),
            )
        )
    ]


def test_a_bond() -> None:
    (event,) = events(bond_message())
    assert event is not None
    link = event.what
    assert isinstance(link, Link)
    assert link.bond == Bond(mode=1, active=5, primary=4, miimon=100, downdelay=200)
    assert (link.name, link.kind, link.master, link.slave) == ("bond0", "bond", 0, None)
    assert link.up
    assert link.has_carrier


@pytest.mark.parametrize(("elsewhere", "lower"), [(b"", 9), (u32(37, 0), 0)])
def test_what_a_vlan_is_made_of_unless_it_is_in_another_namespace(
    elsewhere: bytes, lower: int
) -> None:
    body = ifinfo(21, 1) + attribute(3, b"bond0.5\0") + u32(5, 9) + u8(16, 6) + elsewhere
    (event,) = events(message(NEWLINK, body + attribute(18, attribute(1, b"vlan\0"))))
    assert event is not None
    assert isinstance(event.what, Link)
    assert (event.what.kind, event.what.lower) == ("vlan", lower)


def test_a_bond_without_active_port() -> None:
    info = attribute(1, b"bond\0") + attribute(2, u8(1, 1))
    body = ifinfo(9, 1) + attribute(3, b"bond0\0") + u8(16, 2) + attribute(18, info)
    (event,) = events(message(NEWLINK, body))
    assert event is not None
    assert isinstance(event.what, Link)
    assert event.what.bond == Bond(mode=1, active=0, primary=0, miimon=0, downdelay=0)
    assert not event.what.has_carrier


def test_carrier_without_up_does_not_carry() -> None:
    body = ifinfo(5, 0x10000) + attribute(3, b"eth0\0") + u8(16, 2) + u8(33, 1)
    (event,) = events(message(NEWLINK, body))
    assert event is not None
    assert isinstance(event.what, Link)
    assert event.what.carrier
    assert not event.what.has_carrier


def test_a_link_that_is_gone_may_say_little() -> None:
    (event,) = events(message(DELLINK, ifinfo(5, 0)))
    assert event is not None
    assert event.gone
    assert isinstance(event.what, Link)
    assert event.what.ifindex == 5


def test_a_wireless_event_is_no_link_state() -> None:
    # It names no master: taken for a state, the radio would seem to have left the bond.
    body = ifinfo(5, 0x11043) + attribute(3, b"wlp3s0\0") + attribute(11, bytes(24))
    assert events(message(NEWLINK, body)) == [None]
    assert events(message(NEWLINK, body + u8(16, 6))) == [None]


def test_a_bridge_s_report_about_its_port_is_not_the_link_s() -> None:
    assert events(port_message(DELLINK, family=socket.AF_BRIDGE)) == [None]


def test_ipv6_s_parameters_are_no_link_s_state() -> None:
    body = ifinfo(9, 0x1, socket.AF_INET6) + attribute(12 | 0x8000, u32(1, 5)) + u8(16, 6)
    (event,) = events(message(NEWLINK, body))
    assert event is not None
    assert isinstance(event.what, rtnetlink.RouterFlags)


def test_a_name_that_is_no_text() -> None:
    (event,) = events(port_message(name=b"wl\xff\n\x01"))
    assert event is not None
    assert isinstance(event.what, Link)
    assert os.fsencode(event.what.name) == b"wl\xff\n\x01"


@pytest.mark.parametrize(
    ("cacheinfo", "valid"),
    [
        (struct.pack("=IIII", 300, 3600, 7, 8), 3600),
        (struct.pack("=IIII", 0xFFFFFFFF, 0xFFFFFFFF, 7, 8), None),
        (struct.pack("=I", 300), None),
    ],
)
def test_how_long_an_address_is_valid(cacheinfo: bytes, valid: int | None) -> None:
    attributes = attribute(2, bytes([192, 0, 2, 2])) + attribute(6, cacheinfo)
    (event,) = events(address_message(NEWADDR, socket.AF_INET, attributes))
    assert event is not None
    assert isinstance(event.what, Address)
    assert event.what.valid == valid


def test_ipv4_address_is_the_local_one_not_the_peer_s() -> None:
    attributes = attribute(1, bytes([192, 0, 2, 1])) + attribute(2, bytes([192, 0, 2, 2]))
    octets = bytes([192, 0, 2, 2])
    (event,) = events(address_message(NEWADDR, socket.AF_INET, attributes))
    assert event == Event(Address(9, socket.AF_INET, "192.0.2.2", octets, 24, 0, 0x80))
    assert isinstance(event.what, Address)
    assert event.what.permanent


@pytest.mark.parametrize(
    ("flags", "tentative", "dadfailed"),
    [(0, False, False), (0x40, True, False), (0x348, True, True), (0x08, False, True)],
)
def test_ipv6_flags_come_from_the_wide_attribute(
    flags: int, tentative: bool, dadfailed: bool
) -> None:
    attributes = attribute(1, bytes.fromhex("fd00" + "0" * 26 + "02")) + u32(8, flags)
    (event,) = events(address_message(DELADDR, socket.AF_INET6, attributes, flags=0xFF))
    assert event is not None
    address = event.what
    assert isinstance(address, Address)
    assert event.gone
    assert address.text == "fd00::2"
    assert (address.tentative, address.dadfailed) == (tentative, dadfailed)


def test_numbers_longer_than_the_kernel_s_make_a_deprecation_all_the_same() -> None:
    attributes = attribute(1, bytes(16)) + attribute(8, b"\xff" * 9) + attribute(11, b"\xff" * 4)
    (event,) = events(address_message(NEWADDR, socket.AF_INET6, attributes))
    assert event is not None
    assert isinstance(event.what, Address)
    assert (event.what.flags, event.what.protocol) == (0xFFFFFFFF, 0xFF)
    assert rtnetlink.deprecation(event.what)


def test_several_messages_in_one_datagram() -> None:
    names = indices(events(port_message() + bond_message()))
    assert names == [5, 9]


def test_a_datagram_cut_short_gives_what_is_whole() -> None:
    whole = port_message()
    for length in range(len(whole)):
        assert events(bond_message() + whole[:length])[1:] == []


def test_attributes_cut_short_give_what_is_whole() -> None:
    assert parse(u32(1, 2) + u32(3, 4)[:-1]) == {1: struct.pack("=I", 2)}
    assert parse(struct.pack("=HH", 3, 1) + bytes(8)) == {}
    assert parse(struct.pack("=HH", 0, 1)) == {}


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_no_bytes_raise(data: bytes) -> None:
    events(data)
    for kind in (NEWLINK, DELLINK, NEWADDR, DELADDR):
        rtnetlink.event(Message(kind, 0, 0, 0, data))
        rtnetlink.event(Message(kind, 0, 0, 0, ifinfo(1, 1) + data))


@given(st.integers(0, 400), st.binary(min_size=1, max_size=8))
@settings(deadline=None)
def test_no_damage_raises(offset: int, damage: bytes) -> None:
    for whole in (port_message(), bond_message()):
        events(whole[:offset] + damage + whole[offset + len(damage) :])


@given(st.binary(max_size=20), st.sampled_from([socket.AF_INET, socket.AF_INET6]))
@settings(deadline=None)
def test_no_address_raises(octets: bytes, family: int) -> None:
    (event,) = events(address_message(NEWADDR, family, attribute(1, octets)))
    assert event is not None
    assert isinstance(event.what, Address)
    assert bool(event.what.text) == (len(octets) == (4 if family == socket.AF_INET else 16))


# --- the socket -------------------------------------------------------------------


class FakeKernel:
    """Answers requests as the kernel's side of a netlink socket; `queue` holds what comes."""

    def __init__(self) -> None:
        self.queue: list[bytes | OSError | tuple[bytes, int, int]] = []
        self.dumps: list[list[bytes | OSError]] = []
        self.requests: list[bytes] = []

    def getsockname(self) -> tuple[int, int]:
        return (4711, 1)

    def sendto(self, request: bytes, _address: tuple[int, int]) -> None:
        self.requests.append(request)
        self.queue += self.dumps.pop(0)

    def recvmsg(self, _size: int, _ancillary: int, flags: int) -> tuple[object, ...]:
        if not self.queue:
            assert flags & socket.MSG_DONTWAIT, "would wait for ever"
            raise BlockingIOError
        item = self.queue.pop(0)
        if isinstance(item, OSError):
            raise item
        data, result, sender = item if isinstance(item, tuple) else (item, 0, 0)
        return data, [], result, (sender, 1)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> FakeKernel:
    fake = FakeKernel()
    monkeypatch.setattr("wbond_net.kernel.netlink._opened", lambda *_: fake)
    return fake


def reply(datagram: bytes, sequence: int, flags: int = 2) -> bytes:
    """Make an event's message one of a dump."""
    length, kind = struct.unpack_from("=IH", datagram)
    return message(kind, datagram[16:length], flags, sequence, 4711)


def done(sequence: int, code: int = 0, flags: int = 2) -> bytes:
    return message(3, struct.pack("=i", code), flags, sequence, 4711)


LOST = OSError(errno.ENOBUFS, "No buffer space available")


def test_events_during_a_dump_are_kept(kernel: FakeKernel) -> None:
    kernel.dumps = [[reply(bond_message(), 1), port_message(), done(1)]]
    netlink = rtnetlink.Socket(rtnetlink.LINKS)
    assert list(netlink.links()) == [9]
    assert indices(netlink.events()) == [5]
    assert netlink.events() == []


def test_a_dump_that_was_interrupted_is_made_again(kernel: FakeKernel) -> None:
    kernel.dumps = [
        [reply(port_message(), 1), done(1, flags=0x12)],
        [reply(bond_message(), 2), done(2)],
    ]
    assert list(rtnetlink.Socket(rtnetlink.LINKS).links()) == [9]


def test_a_dump_that_is_interrupted_each_time_is_taken_as_it_is(kernel: FakeKernel) -> None:
    kernel.dumps = [
        [reply(bond_message(), number), done(number, flags=0x12)]
        for number in range(1, ATTEMPTS + 1)
    ]
    assert list(rtnetlink.Socket(rtnetlink.LINKS).links()) == [9]
    assert len(kernel.requests) == ATTEMPTS


def test_who_cannot_keep_up_with_the_kernel_gives_up(kernel: FakeKernel) -> None:
    netlink = rtnetlink.Socket(rtnetlink.LINKS)
    kernel.dumps = [[LOST]] * ATTEMPTS
    with pytest.raises(OSError, match="faster than they can be read"):
        netlink.consistent(netlink.links)
    assert len(kernel.requests) == ATTEMPTS


def test_lost_events_are_told(kernel: FakeKernel) -> None:
    netlink = rtnetlink.Socket(rtnetlink.LINKS)
    kernel.queue = [port_message(), LOST]
    with pytest.raises(Overrun):
        netlink.events()


def test_a_datagram_that_did_not_fit_is_lost(kernel: FakeKernel) -> None:
    netlink = rtnetlink.Socket(rtnetlink.LINKS)
    kernel.queue = [(port_message(), socket.MSG_TRUNC, 0)]
    with pytest.raises(Overrun):
        netlink.events()


def test_what_is_older_than_the_new_dump_is_discarded(kernel: FakeKernel) -> None:
    netlink = rtnetlink.Socket(rtnetlink.LINKS)
    kernel.queue = [port_message(), LOST, port_message()]
    kernel.dumps = [[reply(bond_message(), 1), done(1)]]
    assert list(netlink.consistent(netlink.links)) == [9]
    assert netlink.events() == []


def test_a_dump_that_did_not_come_whole_is_asked_for_anew(kernel: FakeKernel) -> None:
    netlink = rtnetlink.Socket(rtnetlink.LINKS)
    kernel.dumps = [[LOST], [reply(bond_message(), 2), done(2)]]
    assert list(netlink.consistent(netlink.links)) == [9]


def test_only_the_kernel_is_believed(kernel: FakeKernel) -> None:
    netlink = rtnetlink.Socket(rtnetlink.LINKS)
    kernel.queue = [(port_message(), 0, 1234), bond_message()]
    assert indices(netlink.events()) == [9]


def test_a_refused_dump_raises(kernel: FakeKernel) -> None:
    netlink = rtnetlink.Socket(rtnetlink.LINKS)
    for sequence, answer in ((1, done(1, -errno.EPERM)), (2, b"")):
        kernel.dumps = [[answer or message(2, struct.pack("=i", -errno.EPERM), 0, sequence, 4711)]]
        with pytest.raises(KernelError, match="Operation not permitted") as refused:
            netlink.links()
        assert refused.value.errno == errno.EPERM


def test_the_real_kernel_answers() -> None:
    netlink = rtnetlink.Socket(rtnetlink.LINKS | rtnetlink.ADDRESSES)
    try:
        links = netlink.links()
        assert next(link for link in links.values() if link.name == "lo").ifindex > 0
        assert all(address.ifindex in links for address in netlink.addresses())
    finally:
        netlink.close()
