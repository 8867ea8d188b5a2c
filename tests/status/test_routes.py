# SPDX-License-Identifier: LGPL-2.1-or-later
"""Default routes and static addresses in the status: where each comes from."""

import socket

import pytest
from wbond_cli.status.model import Facts, Unit
from wbond_net.clients.leases import Lease
from wbond_net.kernel import uapi
from wbond_net.kernel.default_routes import Route

from tests import stories
from tests.reports import BOND
from tests.status.views import bond_of, lines, rendered
from tests.stories import NOW

STATIC = stories.configured(
    f"{stories.TWO}address = 192.0.2.10/24 2001:db8::10/128 fe80::10/64\n"
    "gateway = 192.0.2.1 fe80::1\n"
)
NO_DHCLIENT = stories.units(
    dhclient=Unit("dhclient@bond0.service", "loaded", "inactive", "dead"),
)


def route(gateway: str, protocol: int, metric: int = 0, ifindex: int = BOND) -> Route:
    family = socket.AF_INET6 if ":" in gateway else socket.AF_INET
    return Route(ifindex, family, gateway, metric, protocol)


@pytest.mark.parametrize(
    ("gateway", "protocol", "changes", "source"),
    [
        ("192.0.2.1", uapi.RTPROT_BOOT, {}, "dhcp4"),
        ("192.0.2.1", uapi.RTPROT_DHCP, {"units": NO_DHCLIENT}, "dhcp4"),
        ("192.0.2.1", uapi.RTPROT_BOOT, {"units": NO_DHCLIENT}, "other"),
        (
            "192.0.2.1",
            uapi.RTPROT_BOOT,
            {
                "units": NO_DHCLIENT,
                "leases": {"bond0": (Lease("192.0.2.9", routes=(("0.0.0.0", 0, "192.0.2.1"),)),)},
            },
            "dhcp4",
        ),
        ("192.0.2.1", uapi.RTPROT_STATIC, {"config": STATIC}, "static"),
        ("192.0.2.9", uapi.RTPROT_STATIC, {"config": STATIC}, "other"),
        ("192.0.2.1", uapi.RTPROT_STATIC, {}, "other"),
        ("fe80::1", uapi.RTPROT_RA, {"config": STATIC}, "advertisement"),
        ("fe80::1", uapi.RTPROT_STATIC, {"config": STATIC}, "static"),
        ("fe80::1", uapi.RTPROT_BOOT, {}, "other"),
    ],
)
def test_where_a_route_comes_from(
    gateway: str, protocol: int, changes: dict[str, object], source: str
) -> None:
    facts = stories.cable_active(routes=(route(gateway, protocol, 7),), **changes)
    assert bond_of(facts)["routes"] == [
        {
            "family": "ipv6" if ":" in gateway else "ipv4",
            "gateway": gateway,
            "metric": 7,
            "source": source,
            "above": None,
        }
    ]


def test_routes_above_are_shown_with_their_places_and_those_elsewhere_not() -> None:
    found = (route("198.51.100.1", uapi.RTPROT_DHCP, 9, 21), route("203.0.113.1", 16, 1, 77))
    shown = lines(rendered(stories.bridged(routes=found)))
    assert "  route  default via 198.51.100.1  on br0.5: metric 9, by DHCP" in shown
    assert "203.0.113.1" not in "".join(shown)


def static(**changes: object) -> Facts:
    own = (
        stories.address("192.0.2.10"),
        stories.address("2001:db8::10", 128),
        stories.address("fe80::10", 64),
        stories.address("192.0.2.11"),
    )
    return stories.cable_active(addresses=own, config=STATIC, **changes)


def test_static_addresses_are_told_from_those_that_somebody_else_has_set() -> None:
    found = {
        one["address"]: (one["source"], one["configured"])
        for one in bond_of(static(time=NOW))["addresses"]
    }
    assert found == {
        "192.0.2.10": ("static", True),
        "192.0.2.11": ("static", False),
        "2001:db8::10": ("static", True),
        "fe80::10": ("static", True),
    }
    shown = lines(rendered(static()))
    assert "  IPv4   192.0.2.10/24  static" in shown
    assert "  IPv4   192.0.2.11/24  no lease" in shown


def test_a_route_without_a_router_is_shown() -> None:
    facts = stories.cable_active(routes=(route("", uapi.RTPROT_BOOT, 3),))
    assert bond_of(facts)["routes"][0]["gateway"] is None
    assert "  route  default direct  metric 3, by DHCP" in lines(rendered(facts))
