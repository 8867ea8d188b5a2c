# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-watch: stories of a laptop, told as the kernel tells them, and what the watch does."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from wbond_net.kernel.rtnetlink import PROTOCOL_ROUTER, Address, Bond, Event, Link, Slave
from wbond_net.watch import main

from tests import stories

BOND, CABLE, RADIO, STICK = 9, 2, 3, 4
NAMES = {"enp0s10": CABLE, "wlp3s0": RADIO, "wlx1": STICK}
RADIOS = ("wlp3s0", "wlx1")
MACS = {name: f"02:00:00:00:00:0{index}" for name, index in NAMES.items()}
DOWN, DORMANT, UNKNOWN, UP = 2, 5, 0, 6  # operstate
MII_UP, MII_FAIL, MII_DOWN = 0, 1, 2
SCRIPT = Path(__file__).parent.parent / "helpers" / "wbond-watch"

DHCLIENT, DHCP6C = "dhclient@bond0.service", "dhcp6c@bond0.service"
DEPRECATED = 0x20  # IFA_F_DEPRECATED
LINK_LOCAL = stories.address("fe80::7", 64, protocol=3)
LEASED = stories.address("2001:db8:1::100", 128, 3600)
MADE = stories.address("2001:db8:1::7", 64, 3600, protocol=PROTOCOL_ROUTER)
START = f"systemctl start --no-block -- {DHCLIENT} {DHCP6C}"
REFRESH = f"systemctl reload --no-block -- {DHCLIENT}"
ASK_ANEW = f"systemctl try-reload-or-restart --no-block -- {DHCLIENT} {DHCP6C}"


def port(name: str, **changes: Any) -> Link:
    """Make a port that has carrier and is operational; `changes` are fields of Link or Slave."""
    index = NAMES[name]
    slave = Slave(1, MII_UP, 0, 10 if index == CABLE else index)
    slave = slave._replace(
        **{key: changes.pop(key) for key in list(changes) if key in Slave._fields}
    )
    mac = MACS[name]
    link = Link(index, name, 1, True, UP, mac, mac, BOND, "", None, slave)
    return link._replace(**changes)


def without_carrier(name: str, **changes: Any) -> Link:
    return port(name, carrier=False, operstate=DOWN, **changes)


def bond(active: str = "", **changes: Any) -> Link:
    """Make the bond, with the address of its active port."""
    data = Bond(1, NAMES.get(active, 0), CABLE, 100, 0)
    data = data._replace(**{key: changes.pop(key) for key in list(changes) if key in Bond._fields})
    mac = MACS.get(active, "02:00:00:00:00:99")
    link = Link(BOND, "bond0", 1, bool(active), UP, mac, "", 0, "bond", data, None)
    return link._replace(**changes)


class FakeHost(main.Host):
    """Remembers what was done to it."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.written: list[tuple[str, dict[str, object]]] = []
        self.notified: list[str] = []
        self.refuses = False
        self.exit_code = 0
        self.clock = 100.0
        self.sent: list[tuple[float, str, bytes]] = []
        self.asked_for_radio: list[str] = []
        self.held: list[Address] = []
        self.blocks = False
        self.solicited: list[tuple[float, int, str]] = []

    def notify(self, text: str) -> None:
        self.notified.append(text)

    def journal(self, message: str, fields: Mapping[str, object]) -> None:
        self.written.append((message, dict(fields)))

    def is_radio(self, name: str) -> bool:
        self.asked_for_radio.append(name)
        return name in RADIOS

    def option(self, bond: str, option: str) -> str:
        return "always"

    def set_option(self, bond: str, option: str, value: str) -> None:
        self.did.append(f"{bond}/{option}={value}")
        if self.refuses:
            raise OSError(22, "Invalid argument")

    def spawn(self, arguments: list[str]) -> int:
        self.did.append(" ".join(["systemctl", *arguments]))
        return 1000 + len(self.did)

    def reap(self, descriptor: int) -> int:
        return self.exit_code

    def now(self) -> float:
        return self.clock

    def send(self, interface: str, frame: bytes) -> None:
        self.sent.append((self.clock, interface, frame))
        if self.refuses:
            raise OSError(100, "Network is down")

    def addresses(self) -> list[Address]:
        return list(self.held)

    def deprecate(self, addresses: Iterable[Address]) -> None:
        if self.refuses:
            raise OSError(1, "Operation not permitted")
        for address in addresses:
            place = self.held.index(address)
            self.held[place] = address._replace(flags=address.flags | DEPRECATED)

    def bring_up(self, index: int) -> None:
        self.did.append(f"up {index}")
        if self.blocks:
            raise OSError(132, "Operation not possible due to RF-kill")

    def solicit(self, index: int, mac: str) -> None:
        self.solicited.append((self.clock, index, mac))
        if self.refuses:
            raise OSError(1, "Operation not permitted")


class Story:
    """A bond's life: its runtime directory, and watches that come and go."""

    def __init__(self, runtime: Path) -> None:
        self.runtime = runtime
        self.folder = runtime / "bond0"
        self.folder.mkdir()
        self.host = FakeHost()
        self.links: dict[int, Link] = {}
        self.options = main.Options("bond0", (DHCLIENT, DHCP6C), (DHCLIENT,), runtime=str(runtime))

    def watch(self, *links: Link) -> "Story":
        """Start a watch, which finds these links."""
        self.host = FakeHost()
        self.links = {link.ifindex: link for link in links}
        self.watching = main.Watch(self.options, self.host)
        self.watching.synchronise(self.links)
        return self

    def happens(self, *links: Link) -> list[str]:
        """Let the kernel report links at once; returns what was done."""
        self.host.did.clear()
        self.watching.take([Event(link) for link in links])
        return list(self.host.did)

    def dhclient_starts(self, address: str) -> None:
        """Do as dhclient's unit does before each start: a new file, at another time."""
        self.started = getattr(self, "started", 0) + 1
        path = self.folder / "dhclient.address"
        path.write_text(f"{address}\n")
        os.utime(path, ns=(self.started, self.started))

    def systemctl_ends(self, code: int = 0) -> None:
        self.host.exit_code = code
        for descriptor in list(self.watching.children):
            self.watching.child_ended(descriptor)

    @property
    def events(self) -> list[object]:
        return [fields["WBOND_EVENT"] for _, fields in self.host.written]

    @property
    def status(self) -> str:
        said = [text for text in self.host.notified if text.startswith("STATUS=")]
        return said[-1].removeprefix("STATUS=")


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


def test_it_takes_note_that_the_bond_is_no_longer_just_made(story: Story) -> None:
    (story.folder / main.JUST_MADE).touch()
    story.watch(bond())
    assert not (story.folder / main.JUST_MADE).exists()


# --- the clients ------------------------------------------------------------------


def test_boot_on_wifi_alone(story: Story) -> None:
    story.watch(bond())
    assert story.host.did == []
    assert story.happens(without_carrier("wlp3s0")) == []
    # Associated: the bond takes it, but until the handshake is done no DHCP packet passes.
    assert story.happens(port("wlp3s0", operstate=DORMANT, mii_status=MII_DOWN)) == []
    assert story.happens(port("wlp3s0", operstate=DORMANT), bond("wlp3s0")) == []
    assert story.status == "radio wlp3s0 carries, but is not authorised yet"
    assert story.happens(port("wlp3s0")) == [START]
    assert story.happens(port("wlp3s0")) == []
    story.systemctl_ends()
    assert story.happens(port("wlp3s0", operstate=DORMANT), port("wlp3s0")) == []


def test_boot_with_a_cable(story: Story) -> None:
    story.watch(bond(), without_carrier("enp0s10"), without_carrier("wlp3s0"))
    assert story.status == (
        "no port carries; cable enp0s10 has no carrier; radio wlp3s0 has no carrier"
    )
    assert story.happens(port("enp0s10")) == []
    assert story.happens(bond("enp0s10", carrier=False)) == []
    assert story.happens(bond("enp0s10")) == [START]


def test_a_cable_whose_driver_does_not_know_its_state(story: Story) -> None:
    story.watch(bond("enp0s10"), port("enp0s10", operstate=UNKNOWN))
    assert story.host.did == [START]


def test_the_clients_are_not_started_twice_by_a_watch_that_was_killed(story: Story) -> None:
    story.watch(bond("enp0s10"), port("enp0s10"))
    story.systemctl_ends()
    # Meanwhile a person has stopped them.
    story.watch(bond("enp0s10"), port("enp0s10"))
    assert story.host.did == []


def test_a_start_that_failed_is_tried_again(story: Story) -> None:
    story.watch(bond("enp0s10"), port("enp0s10"))
    story.systemctl_ends(code=1)
    assert "start-failed" in story.events
    assert story.happens(port("enp0s10")) == [START]


def test_a_new_bond_starts_its_clients(story: Story) -> None:
    story.watch(bond("enp0s10"), port("enp0s10"))
    story.systemctl_ends()
    for file in story.folder.iterdir():  # the bond's unit stops: systemd empties its directory
        file.unlink()
    story.watch(bond("enp0s10"), port("enp0s10"))
    assert story.host.did == [START]


def test_no_runtime_directory_is_no_reason_to_end(story: Story) -> None:
    story.folder.rmdir()
    story.watch(bond("enp0s10"), port("enp0s10"))
    story.systemctl_ends()
    assert story.events[-2:] == ["clients-started", "write-failed"]
    assert story.happens(port("enp0s10")) == []


def test_no_clients_wanted(story: Story) -> None:
    story.options = main.Options("bond0", runtime=str(story.runtime))
    story.watch(bond("enp0s10"), port("enp0s10"))
    story.dhclient_starts(MACS["wlp3s0"])
    assert story.happens(bond("enp0s10")) == []
    assert story.host.did == []


def on_cable(story: Story) -> Story:
    """Cable and radio are ready, the clients run."""
    (story.folder / "clients-started").touch()
    story.dhclient_starts(MACS["enp0s10"])
    return story.watch(bond("enp0s10"), port("enp0s10"), port("wlp3s0"))


def test_failover_refreshes_the_lease_once(story: Story) -> None:
    on_cable(story)
    assert story.happens(bond("wlp3s0")) == [REFRESH]
    assert story.happens(bond("wlp3s0"), port("wlp3s0")) == []
    story.dhclient_starts(MACS["wlp3s0"])
    assert story.happens(bond("wlp3s0")) == []
    assert story.happens(bond("enp0s10")) == [REFRESH]
    story.dhclient_starts(MACS["enp0s10"])
    assert story.happens(bond("wlp3s0")) == [REFRESH]


def test_failover_to_a_radio_refreshes_when_it_is_authorised(story: Story) -> None:
    on_cable(story)
    assert story.happens(port("wlp3s0", operstate=DORMANT), bond("wlp3s0")) == []
    assert story.happens(port("wlp3s0")) == [REFRESH]


def test_a_dhclient_that_started_with_the_old_address_once_more(story: Story) -> None:
    on_cable(story)
    assert story.happens(bond("wlp3s0")) == [REFRESH]
    story.dhclient_starts(MACS["enp0s10"])  # had read it just before the failover
    assert story.happens(port("wlp3s0", link_failures=1)) == [REFRESH]
    assert story.happens(port("wlp3s0")) == []


def test_failover_while_the_watch_was_dead(story: Story) -> None:
    on_cable(story)
    story.watch(bond("wlp3s0"), without_carrier("enp0s10"), port("wlp3s0"))
    assert story.host.did == [REFRESH]


def test_watch_restarted_without_a_failover(story: Story) -> None:
    assert on_cable(story).host.did == []


def test_one_address_for_all_ports_needs_no_refresh(story: Story) -> None:
    on_cable(story)
    assert story.happens(bond("wlp3s0", address=MACS["enp0s10"])) == []


def test_a_client_that_a_person_has_stopped_stays_stopped(story: Story) -> None:
    on_cable(story)
    assert story.happens(bond("wlp3s0")) == [REFRESH]
    story.systemctl_ends(code=1)  # reload does not start what is stopped
    assert story.events[-1] == "refresh-refused"
    assert story.happens(bond("wlp3s0")) == []


NOTHING_CARRIES = [without_carrier("enp0s10"), without_carrier("wlp3s0"), bond()]


def test_when_a_port_carries_again_the_network_may_be_another_one(story: Story) -> None:
    on_cable(story)
    assert story.happens(*NOTHING_CARRIES) == []
    # Also where the MAC address is another one, both are told at once, and once.
    assert story.happens(port("wlp3s0", operstate=DORMANT), bond("wlp3s0")) == []
    assert story.happens(port("wlp3s0")) == [ASK_ANEW]
    assert story.happens(port("wlp3s0", link_failures=1)) == []
    story.dhclient_starts(MACS["wlp3s0"])
    assert story.happens(*NOTHING_CARRIES) == []
    assert story.happens(port("wlp3s0"), bond("wlp3s0")) == [ASK_ANEW]
    assert story.happens(port("enp0s10"), bond("enp0s10")) == [REFRESH]


def test_a_watch_that_starts_while_no_port_carries(story: Story) -> None:
    on_cable(story)
    story.watch(*NOTHING_CARRIES)
    assert story.happens(port("enp0s10"), bond("enp0s10")) == [ASK_ANEW]
    story.systemctl_ends(code=1)
    assert story.events[-1] == "refresh-refused"


def returns(story: Story, *held: Address) -> None:
    """Lose the cable's carrier, and get it back, with these addresses."""
    on_cable(story)
    story.happens(*NOTHING_CARRIES)
    story.host.held = list(held)
    story.happens(port("enp0s10"), bond("enp0s10"))


def questions(story: Story, until: float = 60.0) -> list[float]:
    """Let time go by; returns when the routers were asked, in seconds from now on."""
    start = story.host.clock
    while (patience := story.watching.patience()) is not None:
        story.host.clock += patience / 1000
        if story.host.clock > start + until:
            break
        story.watching.solicit()
    assert {(index, mac) for _, index, mac in story.host.solicited} <= {(BOND, MACS["enp0s10"])}
    return [at - start for at, _, _ in story.host.solicited]


def test_routers_that_do_not_answer_are_asked_three_times(story: Story) -> None:
    returns(story, LINK_LOCAL, LEASED, MADE)
    # Of DHCPv6's its client takes care.
    assert [a.deprecated for a in story.host.held] == [False, False, True]
    assert "routers-asked" in story.events
    assert questions(story) == [0.0, 4.0, 8.0]


def test_a_router_that_answers_is_left_in_peace(story: Story) -> None:
    returns(story, LINK_LOCAL, MADE)
    assert questions(story, until=1.0) == [0.0]
    story.host.held = [LINK_LOCAL, MADE._replace(flags=DEPRECATED), MADE._replace(text="other")]
    assert len(questions(story)) == 1
    assert story.watching.patience() is None


def test_a_network_without_routers_is_asked_too_whether_it_has_some(story: Story) -> None:
    returns(story, LINK_LOCAL)
    assert questions(story) == [0.0, 4.0, 8.0]


def test_without_ipv6_no_router_is_asked(story: Story) -> None:
    returns(story, stories.address("192.0.2.7"), MADE._replace(ifindex=BOND + 1))
    assert questions(story) == []
    assert "routers-asked" not in story.events


def test_when_nothing_carries_again_the_routers_are_left(story: Story) -> None:
    returns(story, LINK_LOCAL, MADE)
    assert questions(story, until=1.0) == [0.0]
    story.happens(*NOTHING_CARRIES)
    assert len(questions(story)) == 1


def test_at_the_first_carrier_the_kernel_asks_by_itself(story: Story) -> None:
    story.watch(*NOTHING_CARRIES)
    story.host.held = [LINK_LOCAL, MADE]
    story.happens(port("enp0s10"), bond("enp0s10"))
    assert questions(story) == []
    assert not story.host.held[1].deprecated


def test_routers_are_asked_without_clients_as_well(story: Story) -> None:
    story.options = main.Options("bond0", runtime=str(story.runtime))
    returns(story, LINK_LOCAL, MADE)
    assert questions(story) == [0.0, 4.0, 8.0]


def test_a_failover_asks_no_router(story: Story) -> None:
    on_cable(story)
    story.host.held = [LINK_LOCAL, MADE]
    story.happens(port("wlp3s0"), without_carrier("enp0s10"), bond("wlp3s0"))
    assert questions(story) == []
    assert not story.host.held[1].deprecated


def test_what_the_kernel_refuses_is_told_once(story: Story) -> None:
    on_cable(story)
    story.happens(*NOTHING_CARRIES)
    story.host.held, story.host.refuses = [LINK_LOCAL, MADE], True
    story.happens(port("enp0s10"), bond("enp0s10"))
    assert len(questions(story)) == 1
    told = [text for text, fields in story.host.written if fields["WBOND_EVENT"] == "write-failed"]
    assert [text.split(": ")[1] for text in told] == [
        "cannot deprecate the routers' addresses",
        "cannot ask the IPv6 routers",
    ]


def test_without_clients_nobody_is_asked(story: Story) -> None:
    story.options = main.Options("bond0", runtime=str(story.runtime))
    on_cable(story)
    story.happens(*NOTHING_CARRIES)
    assert story.happens(port("enp0s10"), bond("enp0s10")) == []


# --- failover -----------------------------------------------------------------------

TO_RADIO = ["bond0/active_slave=wlp3s0"]


@pytest.mark.parametrize(
    ("what", "before", "event", "done"),
    [
        (
            "the cable is pulled",
            [bond("enp0s10"), port("enp0s10"), port("wlp3s0")],
            without_carrier("enp0s10"),
            TO_RADIO,
        ),
        (
            "the cable's card is set down",
            [bond("enp0s10"), port("enp0s10"), port("wlp3s0")],
            port("enp0s10", flags=0),
            TO_RADIO,
        ),
        (
            "the radio is not authorised",
            [bond("enp0s10"), port("enp0s10"), port("wlp3s0", operstate=DORMANT)],
            without_carrier("enp0s10"),
            [],
        ),
        (
            "the kernel has not yet seen the radio's link",
            [bond("enp0s10"), port("enp0s10"), port("wlp3s0", mii_status=MII_DOWN)],
            without_carrier("enp0s10"),
            [],
        ),
        (
            "nothing else carries",
            [bond("enp0s10"), port("enp0s10"), without_carrier("wlp3s0")],
            without_carrier("enp0s10"),
            [],
        ),
        (
            "the better of two radios",
            [bond("enp0s10"), port("enp0s10"), port("wlp3s0"), port("wlx1")],
            without_carrier("enp0s10"),
            ["bond0/active_slave=wlx1"],
        ),
        (
            "the primary before the rank",
            [bond("enp0s10", primary=RADIO), port("enp0s10"), port("wlp3s0"), port("wlx1")],
            without_carrier("enp0s10"),
            TO_RADIO,
        ),
        (
            "the first of equals",
            [bond("enp0s10"), port("enp0s10"), port("wlp3s0"), port("wlx1", prio=RADIO)],
            without_carrier("enp0s10"),
            TO_RADIO,
        ),
        (
            "the person asked for patience",
            [bond("enp0s10", downdelay=1000), port("enp0s10"), port("wlp3s0")],
            without_carrier("enp0s10"),
            [],
        ),
        (
            "a standby port loses its carrier",
            [bond("enp0s10"), port("enp0s10"), port("wlp3s0")],
            without_carrier("wlp3s0"),
            [],
        ),
        (
            "a better port comes: the kernel's choice",
            [bond("wlp3s0"), without_carrier("enp0s10"), port("wlp3s0")],
            port("enp0s10"),
            [],
        ),
        (
            "the active radio has to authenticate anew",
            [bond("wlp3s0"), port("wlp3s0"), port("wlx1")],
            port("wlp3s0", operstate=DORMANT),
            [],
        ),
    ],
)
def test_who_takes_over(
    story: Story, what: str, before: list[Link], event: Link, done: list[str]
) -> None:
    (story.folder / "clients-started").touch()
    story.watch(*before)
    assert story.host.did == []
    assert story.happens(event) == done, what


def test_cable_pulled_and_back(story: Story) -> None:
    on_cable(story)
    assert story.happens(without_carrier("enp0s10")) == TO_RADIO
    # The kernel reports; the watch does not repeat itself, and leaves the return to the kernel.
    assert story.happens(without_carrier("enp0s10")) == []
    assert story.happens(bond("wlp3s0")) == [REFRESH]
    assert story.status == "radio wlp3s0 carries; cable enp0s10 has no carrier"
    assert story.happens(without_carrier("enp0s10", mii_status=MII_DOWN)) == []
    assert story.happens(port("enp0s10", mii_status=MII_DOWN)) == []
    assert story.happens(port("enp0s10")) == []
    story.dhclient_starts(MACS["wlp3s0"])
    assert story.happens(bond("enp0s10")) == [REFRESH]
    assert story.status == "cable enp0s10 carries; radio wlp3s0 stands by"
    story.dhclient_starts(MACS["enp0s10"])
    assert story.happens(without_carrier("enp0s10")) == TO_RADIO, "every time anew"
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
    assert story.happens(without_carrier("enp0s10")) == TO_RADIO
    # The kernel has not seen it, the cable is up to it all along: it must be made to look.
    assert story.happens(bond("wlp3s0"), port("enp0s10")) == [
        "bond0/primary_reselect=always",
        REFRESH,
    ]
    assert story.happens(port("enp0s10")) == []


def test_a_contact_that_is_back_before_anything_was_done(story: Story) -> None:
    on_cable(story)
    assert story.happens(without_carrier("enp0s10"), port("enp0s10")) == []
    assert story.events == ["watching", "carrier-lost", "carrier-gained"]


def test_the_kernel_was_faster(story: Story) -> None:
    on_cable(story)
    down = without_carrier("enp0s10", mii_status=MII_DOWN)
    assert story.happens(without_carrier("enp0s10"), down, bond("wlp3s0")) == [REFRESH]


def test_a_refused_move_is_told_and_not_repeated(story: Story) -> None:
    on_cable(story)
    story.host.refuses = True
    assert story.happens(without_carrier("enp0s10")) == TO_RADIO
    assert story.events[-2:] == ["write-failed", "carrier-lost"]
    assert story.happens(without_carrier("enp0s10", link_failures=1)) == []


def test_the_watch_starts_between_loss_and_miimon(story: Story) -> None:
    (story.folder / "clients-started").touch()
    story.watch(bond("enp0s10"), without_carrier("enp0s10"), port("wlp3s0"))
    assert story.host.did == TO_RADIO


def test_a_stick_pulled_while_active(story: Story) -> None:
    (story.folder / "clients-started").touch()
    story.watch(bond("wlx1"), port("wlx1"), port("wlp3s0"))
    assert story.happens(port("wlx1", master=0, slave=None)) == []
    assert story.happens(bond("wlp3s0")) == []
    story.watching.take([Event(port("wlx1", master=0, slave=None), gone=True)])
    assert story.events == ["watching", "port-left", "failover", "address-changed"]
    failover = dict(story.host.written[2][1])
    assert (failover["WBOND_PORT"], failover["WBOND_FORMER"]) == ("wlp3s0", "wlx1")
    assert story.status == "radio wlp3s0 carries"


def test_the_last_port_pulled(story: Story) -> None:
    (story.folder / "clients-started").touch()
    story.watch(bond("wlx1"), port("wlx1"))
    assert story.happens(port("wlx1", master=0, slave=None), bond("")) == []
    assert story.events == ["watching", "port-left", "no-carrier", "address-changed"]
    assert story.status == "no ports"


# --- what is told -------------------------------------------------------------------


def test_ready_comes_with_the_first_dump(story: Story) -> None:
    story.watch(bond("enp0s10"), port("enp0s10"))
    assert story.host.notified == ["STATUS=cable enp0s10 carries", "READY=1"]


def test_a_failover_in_the_journal(story: Story) -> None:
    on_cable(story)
    story.happens(bond("wlp3s0"))
    message, fields = story.host.written[1]
    assert message == "bond0: radio wlp3s0 is the active port, instead of cable enp0s10"
    assert fields == {
        "MESSAGE_ID": main.EVENTS["failover"][0],
        "PRIORITY": 5,
        "WBOND_BOND": "bond0",
        "WBOND_EVENT": "failover",
        "WBOND_PORT": "wlp3s0",
        "WBOND_FORMER": "enp0s10",
        "WBOND_ADDRESS": MACS["wlp3s0"],
    }
    assert story.host.written[2][1]["WBOND_ADDRESS"] == MACS["wlp3s0"]


def test_message_ids_are_constant_and_differ() -> None:
    ids = {message_id for message_id, _ in main.EVENTS.values()}
    assert len(ids) == len(main.EVENTS)
    assert all(len(bytes.fromhex(message_id)) == 16 for message_id in ids)


@pytest.mark.parametrize("name", ["a\nSTATUS=x", "wl\udcff0", "e\x1b[31m", "wl\u2028x"])
def test_hostile_names_are_shown_not_obeyed(story: Story, name: str) -> None:
    story.watch(bond("enp0s10"), port("enp0s10")._replace(name=name))
    story.happens(bond(""))
    texts = [*story.host.notified, *(message for message, _ in story.host.written)]
    texts += [str(value) for _, fields in story.host.written for value in fields.values()]
    assert all(text.isprintable() for text in texts)
    assert not any(name in text for text in texts)


def test_radio_or_cable_is_looked_up_once(story: Story) -> None:
    on_cable(story)
    story.happens(port("wlp3s0"), port("enp0s10"), without_carrier("enp0s10"))
    story.watching.synchronise(story.links)
    assert story.host.asked_for_radio == ["enp0s10", "wlp3s0"]


def test_other_links_are_none_of_its_business(story: Story) -> None:
    on_cable(story)
    written = len(story.host.written)
    story.happens(port("wlx1", master=0, slave=None), port("wlx1", master=77))
    assert len(story.host.written) == written


def test_lost_events_are_made_good_by_a_dump(story: Story) -> None:
    on_cable(story)
    down = without_carrier("enp0s10", mii_status=MII_DOWN)
    story.watching.synchronise({CABLE: down, RADIO: port("wlp3s0"), BOND: bond("wlp3s0")})
    assert story.events == ["watching", "carrier-lost", "failover", "address-changed"]
    assert story.host.did == [REFRESH]
    story.watching.synchronise({RADIO: port("wlp3s0", master=0)})
    assert story.watching.ended


def test_the_bond_is_removed(story: Story) -> None:
    on_cable(story)
    story.watching.take([Event(bond("enp0s10"), gone=True)])
    assert story.watching.ended
    assert story.events[-1] == "bond-removed"


@pytest.mark.parametrize(
    ("links", "text"),
    [([], "bond0 does not exist"), ([bond(bond=None)], "bond0 is not a bond")],
)
def test_nothing_to_watch(story: Story, links: list[Link], text: str) -> None:
    with pytest.raises(LookupError, match=text):
        story.watch(*links)
    assert story.host.notified == []


# --- the machine --------------------------------------------------------------------


class BareHost(main.Host):
    """The real one, without systemd's library."""

    def __init__(self, sysfs: Path) -> None:
        self._sysfs = str(sysfs)


def test_sysfs(tmp_path: Path) -> None:
    (tmp_path / "wlp3s0" / "phy80211").mkdir(parents=True)
    (tmp_path / "wlan9" / "wireless").mkdir(parents=True)
    folder = tmp_path / "bond0" / "bonding"
    folder.mkdir(parents=True)
    (folder / "active_slave").touch()
    (folder / "primary_reselect").write_text("better 1\n")
    host = BareHost(tmp_path)
    assert [host.is_radio(name) for name in ("wlp3s0", "wlan9", "enp0s10")] == [True, True, False]
    assert host.option("bond0", "primary_reselect") == "better"
    host.set_option("bond0", "active_slave", "wl\udcff")
    assert (folder / "active_slave").read_bytes() == b"wl\xff"
    with pytest.raises(OSError, match="No such file"):
        host.set_option("bond1", "active_slave", "x")
    assert not (tmp_path / "bond1").exists()


def test_systemctl_is_run_without_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "systemctl"
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" > {tmp_path}/arguments\nexit 3\n')
    program.chmod(0o755)
    monkeypatch.setattr(main, "SYSTEMCTL", ("wbond-no-such-program", str(program)))
    host = BareHost(tmp_path)
    assert host.reap(host.spawn(["start", "a;b $(c)"])) == 3
    assert (tmp_path / "arguments").read_text() == "start|a;b $(c)|"


def test_systemctl_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "SYSTEMCTL", ("wbond-no-such-program",))
    with pytest.raises(FileNotFoundError):
        BareHost(tmp_path).spawn(["start", "x"])


@pytest.mark.parametrize(
    ("arguments", "start", "refresh"),
    [
        ([], (), ()),
        (["--start", DHCLIENT, "--start", DHCP6C], (DHCLIENT, DHCP6C), ()),
        (["--start", DHCP6C, "--refresh", DHCLIENT], (DHCP6C,), (DHCLIENT,)),
        (["--dhcp4", "dhclient", "--dhcp6", "dhcp6c"], (DHCLIENT, DHCP6C), (DHCLIENT,)),
        (["--dhcp4", "none", "--dhcp6", "dhcp6c"], (DHCP6C,), ()),
    ],
)
def test_arguments(arguments: list[str], start: tuple[str, ...], refresh: tuple[str, ...]) -> None:
    assert main.parse([*arguments, "bond0"]) == main.Options("bond0", start, refresh)


def test_a_bond_whose_name_needs_escaping() -> None:
    assert main.parse(["--dhcp4", "dhclient", "a-b"]).start == ("dhclient@a\\x2db.service",)
    assert main.parse(["--start"]).bond == "--start"


@pytest.mark.parametrize("arguments", [[], ["--start", "x"], ["--stop", "x", "bond0"]])
def test_wrong_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(arguments) == 2
    assert "usage:" in capsys.readouterr().err


def test_the_entry_script_names_what_is_missing() -> None:
    result = subprocess.run(
        [str(SCRIPT), "wbond-none"], capture_output=True, text=True, timeout=20, check=False
    )
    assert (result.returncode, result.stderr) == (1, "wbond-none does not exist\n")


def test_imports_stay_few() -> None:
    code = "import sys; sys.path[:0] = sys.argv[1:]; from wbond_net.watch import main; "
    code += "print(*sys.modules)"
    root = SCRIPT.parent.parent
    command = [sys.executable, "-I", "-c", code, str(root / "helpers"), str(root / "generator")]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    heavy = {"asyncio", "subprocess", "json", "dataclasses", "argparse", "logging", "inspect"}
    assert not heavy & set(loaded)


# --- one address for all ports ------------------------------------------------

COMMON = MACS["enp0s10"]


def aligned_radio(**changes: Any) -> Link:
    return port("wlp3s0", address=COMMON, **changes)


def test_a_claim_of_the_common_address_is_answered_for_a_second(story: Story) -> None:
    story.watch(bond("enp0s10"), port("enp0s10"), aligned_radio(carrier=False, operstate=DOWN))
    assert story.watching.patience() is None
    story.happens(aligned_radio(operstate=DORMANT))
    assert "claimed" in story.events
    while (patience := story.watching.patience()) is not None:
        story.host.clock += patience / 1000
        story.watching.announce()
    times = [round(at - 100.0, 2) for at, _, _ in story.host.sent]
    assert times == list(main.ANNOUNCEMENTS)
    assert {(name, frame) for _, name, frame in story.host.sent} == {
        ("bond0", main.announcement(COMMON))
    }


def test_an_announcement_is_what_access_points_send() -> None:
    frame = main.announcement("02:00:00:00:00:07")
    assert frame.hex() == "ffffffffffff" + "020000000007" + "0006" + "0001af810100"


@pytest.mark.parametrize(
    "radio",
    [port("wlp3s0"), aligned_radio(carrier=False, operstate=DOWN)],
    ids=["an address of its own", "no carrier"],
)
def test_what_claims_nothing_is_not_answered(story: Story, radio: Link) -> None:
    before = radio._replace(carrier=False, operstate=DOWN)
    story.watch(bond("enp0s10"), port("enp0s10"), before)
    story.happens(radio)
    assert story.host.sent == []


def test_a_claim_that_cannot_be_answered_is_told_once(story: Story) -> None:
    story.watch(bond("enp0s10"), port("enp0s10"), aligned_radio(carrier=False, operstate=DOWN))
    story.host.refuses = True
    story.happens(aligned_radio())
    assert "write-failed" in story.events
    assert story.watching.patience() is None


def on_dock(story: Story, mac: str = "enp0s10") -> Story:
    """A bond on Wi-Fi whose `mac` is that of a dock that is about to be plugged."""
    story.options = story.options._replace(mac=mac)
    story.watch(bond("wlp3s0"), port("wlp3s0"))
    story.systemctl_ends()
    story.happens(port("enp0s10", carrier=False, operstate=DOWN))
    return story


def test_ports_join_anew_when_the_interface_of_mac_has_come_and_they_stand_by(
    story: Story,
) -> None:
    on_dock(story)
    did = story.happens(port("enp0s10"), bond("enp0s10"))
    restarted = "systemctl try-restart --no-block -- bond0-supplicant@wlp3s0.service"
    assert did.count(restarted) == 1
    # It refuses: once is enough.
    assert restarted not in story.happens(port("wlp3s0", link_failures=1))


def test_the_active_port_is_not_made_to_join_anew(story: Story) -> None:
    on_dock(story)
    assert not any("try-restart" in did for did in story.happens(port("enp0s10")))


@pytest.mark.parametrize("policy", ["active", "stable", "02:00:00:00:00:01", "eth9"])
def test_other_policies_make_no_port_join_anew(story: Story, policy: str) -> None:
    on_dock(story, policy)
    assert not any("try-restart" in did for did in story.happens(port("enp0s10"), bond("enp0s10")))


# --- radios that are down ----------------------------------------------------------


def is_down(name: str) -> Link:
    return without_carrier(name, flags=0)


def reopened(story: Story, seconds: float) -> list[str]:
    """Let time pass; returns what was brought up."""
    story.host.did.clear()
    end = story.host.clock + seconds
    while (wait := story.watching.patience()) is not None and story.host.clock + wait / 1000 <= end:
        story.host.clock += wait / 1000
        story.watching.reopen()
    story.host.clock = end
    return [what for what in story.host.did if what.startswith("up ")]


def test_a_radio_that_is_left_down_is_brought_up(story: Story) -> None:
    story.watch(bond("enp0s10"), port("enp0s10"), port("wlp3s0"), port("wlx1"))
    story.happens(is_down("wlp3s0"), is_down("wlx1"))
    story.host.blocks = True
    assert reopened(story, 5) == [f"up {RADIO}", f"up {STICK}"] * 2  # after 1 and 3 seconds
    story.host.blocks = False
    story.watching.switched()
    # wpa_supplicant has heard of the switch for one of them.
    story.happens(port("wlp3s0"))
    assert reopened(story, 0.9) == []
    assert reopened(story, 0.1) == [f"up {STICK}"]
    assert story.events.count("reopened") == 1
    story.happens(port("wlx1"))
    assert story.watching.patience() is None


def test_while_a_radio_stays_blocked_the_pauses_grow_to_a_minute(story: Story) -> None:
    story.watch(bond("enp0s10"), port("enp0s10"), is_down("wlp3s0"))
    story.host.blocks = True
    assert len(reopened(story, 3600)) == 6 + (3600 - 63) // 60
    assert "reopened" not in story.events


def test_what_is_no_radio_or_no_port_any_more_is_left_down(story: Story) -> None:
    story.watch(bond("wlp3s0"), is_down("enp0s10"), port("wlp3s0"), is_down("wlx1"))
    story.happens(is_down("wlx1")._replace(master=0))
    assert reopened(story, 100) == []
