# SPDX-License-Identifier: LGPL-2.1-or-later
"""The status that facts come to."""

import pytest
from wbond_cli.status import build
from wbond_cli.status.build import build_status
from wbond_cli.status.model import Facts
from wbond_net.kernel import rtnetlink

from tests import stories
from tests.status.views import states
from tests.stories import CARD, RADIO

MORE = stories.configured(stories.TWO + "[bond1]\n")


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        (stories.cable_active(), 0),
        (stories.wifi_active(), 0),
        (stories.refused(), 0),
        (stories.no_link(), 1),
        (stories.bond_missing(), 1),
        (stories.cable_active(addresses=(stories.address("fe80::1", 64),)), 1),
        (stories.cable_active(addresses=(stories.address("2001:db8::1", 64, flags=0x40),)), 1),
        (stories.facts(stories.bond(CARD, flags=0), stories.port(CARD)), 1),
        (stories.cable_active(config=stories.configured("")), 2),
        (stories.cable_active(config=MORE), 1),
        (stories.cable_active(config=MORE, asked=("bond0",)), 0),
        (stories.cable_active(config=MORE, asked=("bond1",)), 1),
        (stories.cable_active(config=stories.configured(""), asked=("bond0",)), 0),
    ],
)
def test_exit_status(facts: Facts, status: int) -> None:
    assert build_status(facts).exit_status == status


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (stories.wifi_active(), {"enp0s10": "no-carrier", "wlp3s0": "active"}),
        (stories.facts(stories.bond()), {"enp0s10": "absent", "wlp3s0": "absent"}),
        (
            stories.facts(
                *(stories.bond(CARD), stories.port(CARD)),
                stories.port(RADIO, operstate=stories.DORMANT),
            ),
            {"enp0s10": "active", "wlp3s0": "waiting"},
        ),
        (
            stories.facts(
                stories.bond(), stories.port(CARD, flags=0), stories.port(RADIO, carries=False)
            ),
            {"enp0s10": "down", "wlp3s0": "no-carrier"},
        ),
    ],
)
def test_states_of_ports(facts: Facts, expected: dict[str, str]) -> None:
    assert states(facts) == expected


def test_a_port_found_by_a_glob_is_one_before_it_has_joined() -> None:
    configuration = stories.configured("[bond0]\n")
    links = stories.bond(), stories.port(CARD, **stories.OUT)
    assert states(stories.facts(*links, config=configuration)) == {}
    claimed = {"enp0s10": "bond0"}
    assert states(stories.facts(*links, config=configuration, claimed=claimed)) == {
        "enp0s10": "outside"
    }


def test_positions_are_the_kernel_s() -> None:
    links = [
        stories.bond(CARD),
        stories.port(RADIO, prio=10),
        stories.port(RADIO, prio=30, ifindex=4, name="wlx1"),
        stories.port(CARD, prio=20),
    ]
    ports = build_status(stories.facts(*links)).bonds[0].ports
    # The primary before a higher priority.
    assert [(port.name, port.position) for port in ports] == [
        ("enp0s10", 1),
        ("wlx1", 2),
        ("wlp3s0", 3),
    ]


def test_the_kernel_s_constants_are_known() -> None:
    assert build.MII[rtnetlink.MII_UP] == "up"
    assert build.MII[rtnetlink.MII_DOWN] == "down"
