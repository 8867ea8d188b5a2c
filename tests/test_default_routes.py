# SPDX-License-Identifier: LGPL-2.1-or-later
"""Default routes, as the kernel reports them."""

import socket
import struct
import sys

import pytest
from wbond_net.kernel import default_routes, uapi
from wbond_net.kernel.attributes import attribute, u32
from wbond_net.kernel.default_routes import Route

from tests.namespaces import in_a_network_of_its_own
from tests.reports import route_report
from tests.test_kernel import Namespace

V4, V6 = socket.AF_INET, socket.AF_INET6
ROUTER, ROUTER6 = socket.inet_pton(V4, "192.0.2.1"), socket.inet_pton(V6, "fe80::1")


def test_a_default_route() -> None:
    fields = attribute(uapi.RTA_GATEWAY, ROUTER) + u32(uapi.RTA_OIF, 9) + u32(uapi.RTA_PRIORITY, 7)
    found = default_routes.routes(route_report(V4, fields, protocol=uapi.RTPROT_DHCP))
    assert found == [Route(9, V4, "192.0.2.1", 7, uapi.RTPROT_DHCP)]


def test_a_route_without_a_router() -> None:
    assert default_routes.routes(route_report(V6, u32(uapi.RTA_OIF, 9))) == [Route(9, V6, "", 0, 3)]


def test_an_ipv4_route_through_an_ipv6_router() -> None:
    via = attribute(uapi.RTA_VIA, struct.pack("=H", V6) + ROUTER6)
    found = default_routes.routes(route_report(V4, via + u32(uapi.RTA_OIF, 9)))
    assert found == [Route(9, V4, "fe80::1", 0, 3)]


def test_each_next_hop_of_a_route_with_several() -> None:
    def hop(index: int, gateway: bytes) -> bytes:
        own = attribute(uapi.RTA_GATEWAY, gateway)
        return struct.pack("=HBBi", 8 + len(own), 0, 0, index) + own

    hops = hop(9, ROUTER6) + hop(10, ROUTER6)
    report = route_report(V6, attribute(uapi.RTA_MULTIPATH, hops) + u32(uapi.RTA_PRIORITY, 5))
    assert default_routes.routes(report) == [
        Route(9, V6, "fe80::1", 5, 3),
        Route(10, V6, "fe80::1", 5, 3),
    ]
    cut = route_report(V6, attribute(uapi.RTA_MULTIPATH, hops[:-1]))
    assert [route.ifindex for route in default_routes.routes(cut)] == [9]


@pytest.mark.parametrize(
    "changes", [{"length": 1}, {"table": 255}, {"kind": 7}, {"family": 7}, {"family": 129}]
)
def test_another_route_is_none(changes: dict[str, int]) -> None:
    report = route_report(changes.pop("family", V4), u32(uapi.RTA_OIF, 9), **changes)
    assert default_routes.routes(report) == []


def test_half_a_report_is_none() -> None:
    assert default_routes.routes(route_report(V4, b"")[:-1]) == []


@in_a_network_of_its_own
def test_a_kernel_s_own() -> None:
    namespace = Namespace()
    for words in (
        "link add v0 type veth peer name v1",
        "address add 192.0.2.5/24 dev v0",
        "link set v0 up",
        "-4 route add default via 192.0.2.1 dev v0 metric 9 proto dhcp",
        "-4 route add default dev v0 metric 3",
        "-4 route add 198.51.100.0/24 via 192.0.2.1",
        "-6 route add default via fe80::1 dev v0 proto static",
    ):
        namespace.run("ip", *words.split())
    code = "from wbond_net.kernel.default_routes import read; print([r[1:] for r in read()])"
    shown = namespace.run(sys.executable, "-c", code)
    namespace.close()
    assert shown.strip() == str(
        [(V4.value, "", 3, 3), (V4.value, "192.0.2.1", 9, 16), (V6.value, "fe80::1", 1024, 4)]
    )
