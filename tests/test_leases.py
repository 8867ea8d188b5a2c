# SPDX-License-Identifier: LGPL-2.1-or-later
"""dhclient's file of leases."""

import pytest
from wbond_net.clients import leases
from wbond_net.clients.leases import Lease

from tests.stories import LEASE_FILE


def test_leases_by_dhclient() -> None:
    assert list(leases.parse(LEASE_FILE)) == [
        Lease("192.0.2.7", "192.0.2.9", 1785326400.0, 1785330000.0, 7200),
        Lease("192.0.2.100", "192.0.2.1", 1785412800.0),
        Lease("192.0.2.101"),
    ]


BAD = ("", "0,192,0,2", "33,1,1,1,1,1,1,1,1", "x,1,1,1,1", "9" * 5000)
SECOND = (("0.0.0.0", 0, "192.0.2.2"), ("192.0.2.2", 32, ""))
ROUTER = (("0.0.0.0", 0, "192.0.2.1"), ("192.0.2.1", 32, ""))


@pytest.mark.parametrize(
    ("options", "routes"),
    [
        ("routers 192.0.2.1", ROUTER),
        ("routers 192.0.2.1,192.0.2.2", (*ROUTER, *SECOND)),
        ("rfc3442-classless-static-routes 0,192,0,2,1", ROUTER[:1]),
        (
            "rfc3442-classless-static-routes 24,198,51,100,192,0,2,1,9,10,128,192,0,2,2,"
            "32,203,0,113,9,0,0,0,0",
            (
                ("198.51.100.0", 24, "192.0.2.1"),
                ("10.128.0.0", 9, "192.0.2.2"),
                ("203.0.113.9", 32, ""),
            ),
        ),
        ("routers 192.0.2.9;\n  option rfc3442-classless-static-routes 0,192,0,2,1", ROUTER[:1]),
        *((f"rfc3442-classless-static-routes {bad}", ()) for bad in BAD),
    ],
)
def test_the_routes_of_a_lease_are_those_that_dhclient_script_sets(
    options: str, routes: tuple[leases.Route, ...]
) -> None:
    text = f"lease {{\n  fixed-address 192.0.2.7;\n  option {options};\n}}\n"
    assert list(leases.parse(text)) == [Lease("192.0.2.7", routes=routes)]


@pytest.mark.parametrize(
    "moment",
    ["3 2026/02/30 12:00:00", "3 12:00:00", "epoch", "epoch 1e9", "3 99999/1/1 0:0:0", "-"],
)
def test_a_moment_that_no_clock_shows_is_none(moment: str) -> None:
    text = f"lease {{\n  fixed-address 192.0.2.7;\n  expire {moment};\n}}\n"
    assert list(leases.parse(text)) == [Lease("192.0.2.7")]
