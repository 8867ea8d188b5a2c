# SPDX-License-Identifier: LGPL-2.1-or-later
"""Neighbours, default routes and routers, as the kernel reports them; and how it is asked."""

import errno
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wbond_net.kernel import neighbours, netlink, routers
from wbond_net.kernel.attributes import attribute, parse
from wbond_net.kernel.neighbours import Neighbour, Timers
from wbond_net.kernel.netlink import KernelError, Message

from tests.reports import BOND, address

V4, V6 = socket.AF_INET, socket.AF_INET6
ROUTER4, ROUTER6 = socket.inet_aton("192.0.2.1"), socket.inet_pton(V6, "fe80::1")
NDM, RTM = struct.Struct("=BxxxiHBB"), struct.Struct("=BBBBBBBBI")


class Kernel(netlink.Socket):
    """Remembers what it is asked, and refuses some of it."""

    def __init__(self, refusal: int = 0) -> None:
        self.requests: list[tuple[int, bytes, int]] = []
        self.refusal = refusal

    def request(self, kind: int, body: bytes, flags: int = 0) -> list[Message]:
        self.requests.append((kind, body, flags))
        if self.refusal and len(self.requests) == 1:
            raise KernelError(self.refusal, "refused")
        return []


def test_a_neighbour() -> None:
    report = NDM.pack(V6, BOND, neighbours.PROBE, 0, 1) + attribute(1, ROUTER6)
    assert neighbours.parse(report) == Neighbour(BOND, V6, ROUTER6, neighbours.PROBE)


@pytest.mark.parametrize(
    "report",
    [
        b"",
        NDM.pack(V4, BOND, 2, 0, 1)[:11],
        NDM.pack(V4, BOND, 2, 0, 1),
        NDM.pack(V4, BOND, 2, 0, 1) + attribute(1, ROUTER6),
        NDM.pack(socket.AF_BRIDGE, BOND, 2, 0, 1) + attribute(1, ROUTER4),
    ],
)
def test_what_is_no_neighbour(report: bytes) -> None:
    assert neighbours.parse(report) is None


@given(st.binary(max_size=80))
def test_nothing_raises(text: bytes) -> None:
    neighbours.parse(NDM.pack(V4, BOND, 2, 0, 1) + text)
    neighbours.timers_of(BOND, [text])


@pytest.mark.parametrize(
    ("family", "octets", "own", "source"),
    [
        (V4, ROUTER4, ["198.51.100.7", "192.0.2.7"], "192.0.2.7"),
        (V4, ROUTER4, ["198.51.100.7"], "0.0.0.0"),
        (V6, ROUTER6, ["2001:db8::7", "fe80::7"], "fe80::7"),
        (V6, ROUTER6, ["2001:db8::7"], "::"),
    ],
)
def test_who_asks_a_router(family: int, octets: bytes, own: list[str], source: str) -> None:
    addresses = [address(text) for text in own]
    assert routers.source(family, octets, addresses) == socket.inet_pton(family, source)


def test_an_address_that_is_not_valid_yet_asks_nobody() -> None:
    tentative = address("fe80::7")._replace(flags=0x40)
    assert routers.source(V6, ROUTER6, [tentative]) == bytes(16)


def test_a_neighbour_whose_mac_is_known_is_probed() -> None:
    kernel = Kernel()
    neighbours.confirm(kernel, BOND, V4, ROUTER4)
    ((kind, body, flags),) = kernel.requests
    assert (kind, NDM.unpack_from(body), flags) == (28, (V4, BOND, 0x10, 0, 0), 0x100)
    assert parse(body[NDM.size :]) == {1: ROUTER4}


@pytest.mark.parametrize("refusal", [errno.ENOENT, errno.EINVAL])
def test_another_one_is_looked_for(refusal: int) -> None:
    kernel = Kernel(refusal)
    neighbours.confirm(kernel, BOND, V4, ROUTER4)
    _, (kind, body, flags) = kernel.requests
    assert (kind, NDM.unpack_from(body), flags) == (28, (V4, BOND, 0, 1, 0), 0x400)


def test_a_refusal_for_another_reason_is_one() -> None:
    with pytest.raises(KernelError):
        neighbours.confirm(Kernel(errno.EPERM), BOND, V4, ROUTER4)


def test_timers() -> None:
    kernel = Kernel()
    neighbours.hasten(kernel, BOND)
    assert [kind for kind, _, _ in kernel.requests] == [67, 67]
    found = neighbours.timers_of(BOND, [body for _, body, _ in kernel.requests])
    assert found == (Timers("arp_cache", 300, 0), Timers("ndisc_cache", 300, 0))
    assert neighbours.timers_of(BOND + 1, [body for _, body, _ in kernel.requests]) == ()
    assert neighbours.noted(neighbours.note(found)) == found
    assert neighbours.noted("arp_cache x 5\nother 1 2\n\narp_cache 1\n") == ()
    assert neighbours.noted(f"arp_cache {'9' * 5000} 5\n") == ()


def test_a_kernel_without_ipv6_does_without_its_timers() -> None:
    neighbours.set_timers(Kernel(errno.ENOENT), BOND, Timers("ndisc_cache", 1, 2))
    with pytest.raises(KernelError):
        neighbours.set_timers(Kernel(errno.EPERM), BOND, Timers("ndisc_cache", 1, 2))
