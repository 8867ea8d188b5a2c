# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-watch moves the active port: when, and to which."""

import pytest
from wbond_net.kernel.rtnetlink import Event, Link

from tests.reports import (
    CABLE,
    DORMANT,
    MACS,
    MII_DOWN,
    RADIO,
    STICK,
    bond,
    port,
    without_carrier,
)
from tests.watch_story import REFRESH, TO_RADIO, Story, on_cable


@pytest.mark.parametrize(
    ("what", "before", "event", "done"),
    [
        (
            "the cable is pulled",
            [bond(CABLE), port(CABLE), port(RADIO)],
            without_carrier(CABLE),
            TO_RADIO,
        ),
        (
            "the cable's card is set down",
            [bond(CABLE), port(CABLE), port(RADIO)],
            port(CABLE, flags=0),
            TO_RADIO,
        ),
        (
            "the radio is not authorised",
            [bond(CABLE), port(CABLE), port(RADIO, operstate=DORMANT)],
            without_carrier(CABLE),
            [],
        ),
        (
            "the kernel has not yet seen the radio's link",
            [bond(CABLE), port(CABLE), port(RADIO, mii_status=MII_DOWN)],
            without_carrier(CABLE),
            [],
        ),
        (
            "nothing else carries",
            [bond(CABLE), port(CABLE), without_carrier(RADIO)],
            without_carrier(CABLE),
            [],
        ),
        (
            "the better of two radios",
            [bond(CABLE), port(CABLE), port(RADIO), port(STICK)],
            without_carrier(CABLE),
            ["bond0/active_slave=wlx1"],
        ),
        (
            "the primary before the rank",
            [bond(CABLE, primary=RADIO), port(CABLE), port(RADIO), port(STICK)],
            without_carrier(CABLE),
            TO_RADIO,
        ),
        (
            "the first of equals",
            [bond(CABLE), port(CABLE), port(RADIO), port(STICK, prio=10)],
            without_carrier(CABLE),
            TO_RADIO,
        ),
        (
            "the person asked for patience",
            [bond(CABLE, downdelay=1000), port(CABLE), port(RADIO)],
            without_carrier(CABLE),
            [],
        ),
        (
            "a standby port loses its carrier",
            [bond(CABLE), port(CABLE), port(RADIO)],
            without_carrier(RADIO),
            [],
        ),
        (
            "a better port comes: the kernel's choice",
            [bond(RADIO), without_carrier(CABLE), port(RADIO)],
            port(CABLE),
            [],
        ),
        (
            "the active radio has to authenticate anew",
            [bond(RADIO), port(RADIO), port(STICK)],
            port(RADIO, operstate=DORMANT),
            [],
        ),
    ],
)
def test_who_takes_over(
    story: Story, what: str, before: list[Link], event: Link, done: list[str]
) -> None:
    story.marker.touch()
    story.watch(*before)
    assert story.host.did == []
    assert story.happens(event) == done, what


def test_cable_pulled_and_back(story: Story) -> None:
    on_cable(story)
    assert story.happens(without_carrier(CABLE)) == TO_RADIO
    # The kernel reports; the watch does not repeat itself, and leaves the return to the kernel.
    assert story.happens(without_carrier(CABLE)) == []
    assert story.happens(bond(RADIO)) == [REFRESH]
    assert story.status == "radio wlp3s0 is active; cable enp0s10 has no carrier"
    assert story.happens(without_carrier(CABLE, mii_status=MII_DOWN)) == []
    assert story.happens(port(CABLE, mii_status=MII_DOWN)) == []
    assert story.happens(port(CABLE)) == []
    story.dhclient_starts_with(MACS[RADIO])
    assert story.happens(bond(CABLE)) == [REFRESH]
    assert story.status == "cable enp0s10 is active; radio wlp3s0 stands by"
    story.dhclient_starts_with(MACS[CABLE])
    assert story.happens(without_carrier(CABLE)) == TO_RADIO, "every time anew"
    assert story.events == [
        "watching",
        "carrier-lost",
        "failover",
        "address-changed",
        "carrier-gained",
        "failover",
        "address-changed",
        "carrier-lost",
    ]


def test_a_contact_that_was_loose_for_less_than_miimon(story: Story) -> None:
    on_cable(story)
    assert story.happens(without_carrier(CABLE)) == TO_RADIO
    # The kernel has not seen it, the cable is up to it all along: it must be made to look.
    assert story.happens(bond(RADIO), port(CABLE)) == [
        "bond0/primary_reselect=always",
        REFRESH,
    ]
    assert story.happens(port(CABLE)) == []


def test_a_contact_that_is_back_before_anything_was_done(story: Story) -> None:
    on_cable(story)
    assert story.happens(without_carrier(CABLE), port(CABLE)) == []
    assert story.events == ["watching", "carrier-lost", "carrier-gained"]


def test_the_kernel_was_faster(story: Story) -> None:
    on_cable(story)
    down = without_carrier(CABLE, mii_status=MII_DOWN)
    assert story.happens(without_carrier(CABLE), down, bond(RADIO)) == [REFRESH]


def test_a_refused_move_is_told_and_not_repeated(story: Story) -> None:
    on_cable(story)
    story.host.refuses = True
    assert story.happens(without_carrier(CABLE)) == TO_RADIO
    assert story.events[-2:] == ["write-failed", "carrier-lost"]
    assert story.happens(without_carrier(CABLE, link_failures=1)) == []


def test_the_watch_starts_between_loss_and_miimon(story: Story) -> None:
    story.marker.touch()
    story.watch(bond(CABLE), without_carrier(CABLE), port(RADIO))
    assert story.host.did == TO_RADIO


def test_a_stick_pulled_while_active(story: Story) -> None:
    story.marker.touch()
    story.watch(bond(STICK), port(STICK), port(RADIO))
    assert story.happens(port(STICK, master=0, slave=None)) == []
    assert story.happens(bond(RADIO)) == []
    story.watching.take([Event(port(STICK, master=0, slave=None), gone=True)])
    assert story.events == ["watching", "port-left", "failover", "address-changed"]
    failover = dict(story.host.written[2][1])
    assert (failover["WBOND_PORT"], failover["WBOND_FORMER"]) == ("wlp3s0", "wlx1")
    assert story.status == "radio wlp3s0 is active"


def test_the_last_port_pulled(story: Story) -> None:
    story.marker.touch()
    story.watch(bond(STICK), port(STICK))
    assert story.happens(port(STICK, master=0, slave=None), bond()) == []
    assert story.events == ["watching", "port-left", "no-carrier", "address-changed"]
    assert story.status == "no ports"
