# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a change of addresses, gateways and metrics comes to; and how udev is asked of a port."""

import ctypes

import pytest
from wbond_cli.apply import changes

from tests.apply.test_changes import BOTH, RELOAD, commands

HOME = "address = 192.0.2.10/24\n"
BOND_RELOAD = "systemctl reload wbond@bond0.service"
CONFIRM = "systemctl try-reload-or-restart dhclient@bond0.service"


@pytest.mark.parametrize(
    ("before", "after", "steps"),
    [
        ("", HOME, [BOND_RELOAD]),
        (HOME, "address = 192.0.2.10/24 2001:db8::10/64\n", [BOND_RELOAD]),
        (HOME, "", [BOND_RELOAD]),
        (HOME, HOME + "gateway = 192.0.2.1", [BOND_RELOAD, "wbond-bond solicit bond0", CONFIRM]),
        ("", "metric = 100", [BOND_RELOAD, "wbond-bond solicit bond0", CONFIRM]),
    ],
)
def test_addresses_and_metric_change_in_use(before: str, after: str, steps: list[str]) -> None:
    assert commands(BOTH + before, BOTH + after) == [RELOAD, *steps]


def test_a_gateway_does_not_concern_a_client_that_there_is_not() -> None:
    both = f"{BOTH}dhcp4 = none\n{HOME}"
    assert CONFIRM not in commands(both, f"{both}gateway = 192.0.2.1")


@pytest.mark.parametrize("name", ["a*b", "a?b", "a[bc]", "a\\b", "plain0"])
def test_udev_is_asked_about_the_port_alone(name: str) -> None:
    pattern = changes._pattern(name)
    library = ctypes.CDLL(None)
    others = ["ab", "axb", "axxb", "a", "ac", "plain", "plain00"]
    found = [
        other
        for other in [name, *others]
        if not library.fnmatch(pattern.encode(), other.encode(), 0)
    ]
    assert found == [name]
