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


@pytest.mark.parametrize(
    "moment",
    ["3 2026/02/30 12:00:00", "3 12:00:00", "epoch", "epoch 1e9", "3 99999/1/1 0:0:0", "-"],
)
def test_a_moment_that_no_clock_shows_is_none(moment: str) -> None:
    text = f"lease {{\n  fixed-address 192.0.2.7;\n  expire {moment};\n}}\n"
    assert list(leases.parse(text)) == [Lease("192.0.2.7")]
