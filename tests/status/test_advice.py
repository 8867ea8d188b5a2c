# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is wrong with a bond, and what to do."""

from typing import Any

import pytest
from wbond_cli.status.advice import advice
from wbond_cli.status.build import build_status
from wbond_cli.status.model import Facts, Unit

from tests import stories
from tests.stories import CARD, RADIO


def unit(name: str, **changes: Any) -> dict[str, Unit]:
    """Return all units, one of them changed."""
    found = stories.units()
    return {**found, name: found[name]._replace(**changes)}


WATCHED = unit("wbond-watch@bond0.service", environment={"DHCP6": "none"})
RADIO_UNIT = "bond0-supplicant@wlp3s0.service"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (stories.cable_active(), []),
        (stories.cable_active(units=WATCHED), []),
        (
            stories.no_link(),
            [
                (
                    "no port has a link",
                    f"plug a cable in; of the radio: journalctl -b -u {RADIO_UNIT}",
                )
            ],
        ),
        (
            stories.bond_missing(),
            [
                (
                    "bond0 is configured and not there",
                    "systemctl status wbond@bond0.service, and wbond check",
                )
            ],
        ),
        (
            stories.bond_missing(units=unit("wbond@bond0.service", active="inactive")),
            [
                (
                    "bond0 is configured and not there",
                    "sudo wbond up bond0",
                )
            ],
        ),
        (
            stories.refused(),
            [
                (
                    "wlp3s0 has 02:00:00:00:00:03, not the common address 02:00:00:00:00:02",
                    "it works with its own; its driver may have refused: "
                    f"journalctl -b -u {RADIO_UNIT}",
                )
            ],
        ),
        (
            stories.cable_active(units=unit("dhcp6c@bond0.service", active="failed")),
            [("dhcp6c@bond0.service has failed", "systemctl status dhcp6c@bond0.service")],
        ),
        (
            stories.cable_active(units=unit(RADIO_UNIT, active="activating", sub="auto-restart")),
            [(f"{RADIO_UNIT} ends and is started again", f"journalctl -b -u {RADIO_UNIT}")],
        ),
        (
            stories.cable_active(units=unit("dhclient@bond0.service", reload_due=True)),
            [
                (
                    "the configuration was edited since it was read",
                    "sudo wbond apply, or, if that finds nothing to do, systemctl daemon-reload",
                )
            ],
        ),
        (
            stories.facts(
                stories.bond(CARD), stories.port(CARD), stories.port(RADIO, **stories.OUT)
            ),
            [("wlp3s0 is there and has not joined", f"systemctl status {RADIO_UNIT}")],
        ),
        (
            stories.facts(
                *(stories.bond(CARD), stories.port(CARD), stories.port(RADIO, **stories.OUT)),
                units=unit(RADIO_UNIT, active="inactive"),
            ),
            [
                (
                    "wlp3s0 is there and has not joined: its unit is stopped",
                    f"systemctl start {RADIO_UNIT}",
                )
            ],
        ),
        (
            stories.facts(
                *(stories.bond(CARD), stories.port(CARD), stories.port(RADIO, **stories.OUT)),
                blocked=frozenset({"wlp3s0"}),
            ),
            [("wlp3s0 is blocked by rfkill", "rfkill unblock wifi, or its switch")],
        ),
        (
            stories.facts(
                *(stories.bond(CARD), stories.port(CARD)),
                *(stories.port(RADIO, slave=None, master=8),),
                stories.bond(name="br0", ifindex=8, bond=None, kind="bridge"),
            ),
            [("wlp3s0 is a port of br0; it is left alone", "take it out there")],
        ),
        (
            stories.cable_active(config=stories.configured("")),
            [
                (
                    "bond0 is in no configuration any more",
                    "systemctl stop wbond@bond0.service removes it",
                )
            ],
        ),
        (
            stories.facts(stories.bond(bond=None, kind="dummy")),
            [
                (
                    "bond0 is there and is no bond; it is left alone",
                    "give the bond another name, or delete bond0 and "
                    "systemctl start wbond@bond0.service",
                )
            ],
        ),
        (
            stories.facts(
                *(stories.bond(RADIO), stories.port(CARD, carries=False)),
                stories.port(RADIO, operstate=stories.DORMANT, state=0),
            ),
            [
                (
                    "wlp3s0 is associated and not authorised; the password may be wrong",
                    f"journalctl -b -u {RADIO_UNIT}",
                )
            ],
        ),
        (
            stories.cable_active(
                addresses=(stories.LEASED, stories.address("2001:db8::9", 64, flags=0x88))
            ),
            [
                (
                    "2001:db8::9 is in use by another host",
                    "find that host, or restart the client that asked for it",
                )
            ],
        ),
        (
            stories.facts(stories.bond(CARD, flags=0), stories.port(CARD)),
            [("bond0 is down", "systemctl restart wbond@bond0.service")],
        ),
        (
            stories.cable_active(addresses=()),
            [
                (
                    "it has no address that reaches beyond the link",
                    "journalctl -b -u dhclient@bond0.service",
                )
            ],
        ),
    ],
)
def test_what_is_wrong_and_what_to_do(facts: Facts, said: list[tuple[str, str]]) -> None:
    (bond,) = build_status(facts).bonds
    assert [tuple(advice) for advice in advice(bond)] == said


def test_a_unit_with_a_backslash_is_quoted_for_the_shell() -> None:
    found = build_status(stories.facts(config=stories.configured("[a\\]\nwired = eth0\n"), made=()))
    said = advice(found.bonds[0])[0].remedy
    assert said.startswith(r"systemctl status 'wbond@a\x5c.service'")


def test_a_static_address_that_is_not_there_is_told() -> None:
    text = f"{stories.TWO}address = 192.0.2.100/24 192.0.2.7/24\n"
    (bond,) = build_status(stories.cable_active(config=stories.configured(text))).bonds
    assert [tuple(item) for item in advice(bond)] == [
        (
            "it has no 192.0.2.7/24, which the configuration gives it",
            "systemctl reload wbond@bond0.service; "
            "journalctl -b -u wbond@bond0.service tells why not",
        )
    ]
