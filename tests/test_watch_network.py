# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-watch and the network: when it may be another one, so that everything is asked again."""

import subprocess
import sys
from typing import Any

import pytest
from wbond_net.kernel.rtnetlink import Link
from wbond_net.watch import network

from tests.conftest import REPOSITORY
from tests.namespaces import in_a_network_of_its_own
from tests.reports import BOND, CABLE, DORMANT, MACS, RADIO, address, bond, port, without_carrier
from tests.watch_story import ASK_AGAIN, NO_LINK, REFRESH, Story, on_cable

AWAY: dict[str, Any] = {"carrier_down_count": 1}


def on_one_port(story: Story, index: int = CABLE) -> Story:
    """A bond with one port, the clients run."""
    story.marker.touch()
    story.dhclient_starts_with(MACS[index])
    story.watch(bond(index), port(index))
    assert story.host.did == []
    return story


# --- what no state shows ----------------------------------------------------------


def test_carrier_goes_and_comes_in_one_batch(story: Story) -> None:
    on_one_port(story)
    assert story.happens(without_carrier(CABLE, **AWAY), port(CABLE, **AWAY)) == [ASK_AGAIN]
    assert story.happens(port(CABLE, **AWAY, link_failures=1)) == []


def test_carrier_is_back_before_the_kernel_reports(story: Story) -> None:
    # Its work that tells of carrier looks once, when both have happened (linkwatch_do_dev()).
    on_one_port(story)
    assert story.happens(port(CABLE, **AWAY)) == [ASK_AGAIN]
    assert story.happens(port(CABLE, **AWAY)) == []


def test_messages_were_lost_meanwhile(story: Story) -> None:
    on_one_port(story)
    story.watching.synchronise({CABLE: port(CABLE, **AWAY), BOND: bond(CABLE)})
    assert story.host.did == [ASK_AGAIN]


def test_a_change_of_ssid_that_miimon_does_not_see(story: Story) -> None:
    on_one_port(story, RADIO)
    assert story.happens(without_carrier(RADIO, **AWAY)) == []
    assert story.happens(port(RADIO, operstate=DORMANT, **AWAY)) == []
    assert story.happens(port(RADIO, **AWAY)) == [ASK_AGAIN]


def test_the_watch_was_dead_meanwhile(story: Story) -> None:
    on_one_port(story)
    story.watch(bond(CABLE), port(CABLE, **AWAY))
    assert story.host.did == [ASK_AGAIN]
    story.watch(bond(CABLE), port(CABLE, **AWAY))
    assert story.host.did == []


def test_the_watch_died_before_anybody_could_be_asked(story: Story) -> None:
    on_one_port(story)
    story.happens(*NO_LINK)
    # The kernel that counts nothing is no reason to forget it.
    story.watch(bond(CABLE), port(CABLE))
    assert story.host.did == [ASK_AGAIN]


def test_the_bond_lost_its_carrier_unseen(story: Story) -> None:
    on_cable(story)
    story.watching.synchronise({CABLE: port(CABLE), RADIO: port(RADIO), BOND: bond(CABLE, **AWAY)})
    assert story.host.did == [ASK_AGAIN]


def test_routers_are_asked_too(story: Story) -> None:
    on_one_port(story)
    story.host.held = [address("fe80::7", 64)]
    story.happens(port(CABLE, **AWAY))
    assert len(story.host.solicited) == 1


# Gives and takes the carrier of one end of a cable by the other. Prints how often the kernel says
# that it was lost: in its report of a link, and in sysfs.
PROGRAM = """
import subprocess, sys, time
sys.path[:0] = sys.argv[1:]
from wbond_net.kernel import rtnetlink

def ip(*words):
    subprocess.run(["ip", "link", *words], check=True)

ip("add", "d0", "type", "veth", "peer", "name", "d1")
ip("set", "dev", "d0", "up")
netlink = rtnetlink.Socket(rtnetlink.LINKS)
for _ in range(3):
    ip("set", "dev", "d1", "up")
    ip("set", "dev", "d1", "down")
dumped = [link for link in netlink.links().values() if link.name == "d0"][0]
reported = [event.what for event in netlink.events() if event.what.name == "d0"][-1]
with open("/sys/class/net/d0/carrier_down_count") as file:
    print(dumped.carrier_down_count, reported.carrier_down_count, int(file.read()))
"""


@in_a_network_of_its_own
def test_the_kernel_counts_losses_of_carrier() -> None:
    folders = [str(REPOSITORY / "helpers"), str(REPOSITORY / "generator")]
    # A mount of its own: sysfs shows the network in which it was mounted.
    shell = 'mount -t sysfs none /sys && exec "$0" "$@"'
    command = ["unshare", "--net", "--mount", "sh", "-c", shell, sys.executable, "-I", "-c"]
    done = subprocess.run([*command, PROGRAM, *folders], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    dumped, reported, counted = map(int, done.stdout.split())
    assert dumped == reported == counted
    assert counted >= 3


# --- what holds on ----------------------------------------------------------------


def test_a_failover_and_the_way_back_within_one_network(story: Story) -> None:
    on_cable(story)
    story.happens(without_carrier(CABLE, **AWAY))
    assert story.happens(bond(RADIO)) == [REFRESH]
    story.dhclient_starts_with(MACS[RADIO])
    assert story.happens(port(CABLE, **AWAY), bond(CABLE)) == [REFRESH]
    story.dhclient_starts_with(MACS[CABLE])
    # By now the cable holds on.
    assert story.happens(without_carrier(RADIO, **AWAY)) == []
    assert story.happens(port(RADIO, **AWAY)) == []


def test_one_port_takes_over_from_the_other_in_one_batch(story: Story) -> None:
    on_cable(story)
    story.happens(without_carrier(CABLE, **AWAY), bond(RADIO))
    story.dhclient_starts_with(MACS[RADIO])
    assert story.happens(port(CABLE, **AWAY), without_carrier(RADIO, **AWAY), bond(CABLE)) == [
        REFRESH
    ]


@pytest.mark.parametrize(
    ("cable", "radio", "done"),
    [
        (port(CABLE, **AWAY), port(RADIO), []),
        (port(CABLE), port(RADIO, **AWAY), []),
        (port(CABLE, **AWAY), port(RADIO, **AWAY), [ASK_AGAIN]),
    ],
    ids=["the radio held on", "the cable held on", "nobody knows which came first"],
)
def test_what_held_on_while_messages_were_lost(
    story: Story, cable: Link, radio: Link, done: list[str]
) -> None:
    on_cable(story)
    story.watching.synchronise({CABLE: cable, RADIO: radio, BOND: bond(CABLE)})
    assert story.host.did == done


def test_a_radio_that_is_not_authorised_holds_nothing(story: Story) -> None:
    on_one_port(story)
    waiting = port(RADIO, operstate=DORMANT)
    assert story.happens(waiting) == []
    assert story.happens(without_carrier(CABLE, **AWAY), waiting) == []
    assert story.happens(port(CABLE, **AWAY)) == [ASK_AGAIN]


def test_a_radio_that_authenticates_again_holds_on(story: Story) -> None:
    on_one_port(story, RADIO)
    assert story.happens(port(RADIO, operstate=DORMANT)) == []
    assert story.happens(port(RADIO)) == []


def test_a_watch_that_restarts_while_the_radio_authenticates_again(story: Story) -> None:
    on_one_port(story, RADIO)
    story.watch(bond(RADIO), port(RADIO, operstate=DORMANT))
    assert story.happens(port(RADIO)) == []


# --- the record -------------------------------------------------------------------


def record(story: Story) -> str:
    return (story.folder / network.RECORD).read_text()


def test_before_the_first_network_there_is_no_record(story: Story) -> None:
    story.watch(*NO_LINK)
    story.happens(port(RADIO, operstate=DORMANT), bond(RADIO))
    assert list(story.folder.iterdir()) == []
    story.happens(port(RADIO, carrier_down_count=3))
    assert record(story) == f"{BOND} 0\n{RADIO} 3\n"


def test_the_record_says_who_holds_on_and_nothing_after_a_loss(story: Story) -> None:
    on_cable(story)
    assert record(story) == f"{BOND} 0\n{CABLE} 0\n{RADIO} 0\n"
    story.happens(*NO_LINK)
    assert record(story) == ""
    # Nobody could be asked yet.
    story.happens(port(RADIO), bond(CABLE))
    assert record(story) == ""
    story.happens(bond(RADIO))
    assert record(story) == f"{BOND} 0\n{RADIO} 0\n"


@pytest.mark.parametrize(
    "broken",
    ["", "nonsense", "9 x\n2 0\n", "9 0 0\n", "9" * 5000 + " 0\n"],
    ids=["empty", "no numbers", "half a number", "three numbers", "more digits than int() takes"],
)
def test_with_a_broken_record_everything_is_asked(story: Story, broken: str) -> None:
    on_one_port(story)
    (story.folder / network.RECORD).write_text(broken)
    story.watch(bond(CABLE), port(CABLE))
    assert story.host.did == [ASK_AGAIN]
    assert record(story) == f"{BOND} 0\n{CABLE} 0\n"


def test_without_a_record_nothing_is_known_against_the_network(story: Story) -> None:
    on_one_port(story)
    (story.folder / network.RECORD).unlink()
    story.watch(bond(CABLE), port(CABLE, **AWAY))
    assert story.host.did == []


def test_a_record_that_cannot_be_written_is_told_once(story: Story) -> None:
    (story.folder / f"{network.RECORD}.new").mkdir()
    on_cable(story)
    story.happens(*NO_LINK)
    assert story.happens(port(CABLE), bond(CABLE)) == [ASK_AGAIN]
    assert story.events.count("write-failed") == 1
