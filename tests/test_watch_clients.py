# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-watch and the DHCP clients: when they are started, and when they ask again."""

import pytest
from wbond_net.watch import main

from tests.reports import (
    CABLE,
    DORMANT,
    MACS,
    MII_DOWN,
    RADIO,
    UNKNOWN,
    bond,
    port,
    without_carrier,
)
from tests.watch_story import (
    ASK_AGAIN,
    DHCLIENT,
    DHCP6C,
    NO_LINK,
    REFRESH,
    START,
    Story,
    on_cable,
)


def test_boot_on_wifi_alone(story: Story) -> None:
    # The clients wait by themselves for a port by which they can ask.
    story.watch(bond())
    assert story.host.did == [START]
    assert story.systemctl_ends() == []
    assert story.happens(without_carrier(RADIO)) == []
    # Associated: the bond takes it, but until the handshake is done no DHCP packet passes.
    assert story.happens(port(RADIO, operstate=DORMANT, mii_status=MII_DOWN)) == []
    assert story.happens(port(RADIO, operstate=DORMANT), bond(RADIO)) == []
    assert story.status == "radio wlp3s0 is active, but is not authorised yet"
    assert story.happens(port(RADIO)) == []
    assert story.happens(port(RADIO, operstate=DORMANT), port(RADIO)) == []


def test_boot_with_a_cable(story: Story) -> None:
    story.watch(bond(), without_carrier(CABLE), without_carrier(RADIO))
    assert story.status == (
        "no port has a link; cable enp0s10 has no carrier; radio wlp3s0 has no carrier"
    )
    assert story.host.did == [START]
    assert story.happens(port(CABLE)) == []
    assert story.happens(bond(CABLE, carrier=False)) == []
    assert story.happens(bond(CABLE)) == []
    assert story.systemctl_ends() == []


def test_no_client_is_told_to_ask_again_in_the_first_network(story: Story) -> None:
    story.watch(bond(), without_carrier(CABLE), without_carrier(RADIO))
    story.systemctl_ends()
    # By a watch that was started again while they wait, neither.
    story.watch(bond(), without_carrier(CABLE), without_carrier(RADIO))
    assert story.happens(without_carrier(CABLE), without_carrier(RADIO), bond()) == []
    assert story.happens(port(CABLE), bond(CABLE)) == []
    # In the second one they are.
    story.happens(*NO_LINK)
    assert story.happens(port(RADIO), bond(RADIO)) == [ASK_AGAIN]


def test_a_cable_whose_driver_does_not_know_its_state(story: Story) -> None:
    story.watch(bond(CABLE), port(CABLE, operstate=UNKNOWN))
    assert story.host.did == [START]


def test_the_clients_are_not_started_twice_by_a_watch_that_was_killed(story: Story) -> None:
    story.watch(bond(CABLE), port(CABLE))
    story.systemctl_ends()
    # Meanwhile a person has stopped them.
    story.watch(bond(CABLE), port(CABLE))
    assert story.host.did == []


SHOW = f"systemctl show --property=LoadState,ActiveState,Job -- {DHCLIENT} {DHCP6C}"
START_DHCP6C = f"systemctl start --no-block -- {DHCP6C}"
SHOW_DHCP6C = f"systemctl show --property=LoadState,ActiveState,Job -- {DHCP6C}"
RUNS = "LoadState=loaded\nActiveState=active\n"
FAILS = "Job=\nLoadState=loaded\nActiveState=inactive\n"
MASKED = "LoadState=masked\nActiveState=inactive\n"
MISSING = "LoadState=not-found\nActiveState=inactive\n"


def told(story: Story, event: str) -> list[str]:
    return [text for text, fields in story.host.written if fields["WBOND_EVENT"] == event]


@pytest.mark.parametrize(
    ("code", "shown", "text"),
    [(1, MASKED, "it is masked"), (5, MISSING, "it is not installed")],
)
def test_a_client_that_cannot_be_started_costs_the_other_nothing(
    story: Story, code: int, shown: str, text: str
) -> None:
    story.watch(bond(CABLE), port(CABLE))
    assert story.systemctl_ends(code) == [SHOW]
    assert story.systemctl_ends(shown=f"{RUNS}\n{shown}") == []
    assert told(story, "clients-started") == [f"bond0: started {DHCLIENT}"]
    (refused,) = told(story, "start-failed")
    assert text in refused
    assert DHCP6C in refused
    assert story.marker.read_text() == f"{DHCLIENT}\n"
    # That was an answer: nothing is tried again, nor revived that a person stops.
    assert story.happens(port(CABLE, link_failures=1)) == []
    assert story.lets_pass(3600) == []
    story.happens(*NO_LINK)
    asked = f"systemctl try-reload-or-restart --no-block -- {DHCLIENT}"
    assert story.happens(port(CABLE), bond(CABLE)) == [asked]


def test_a_start_that_failed_is_tried_again_at_growing_pauses(story: Story) -> None:
    story.watch(bond(CABLE), port(CABLE))
    story.systemctl_ends(code=1)
    story.systemctl_ends(shown=f"{RUNS}\n{FAILS}")
    assert story.marker.read_text() == f"{DHCLIENT}\n"
    tries: list[float] = []
    begun = story.host.clock
    for _ in range(9):
        # No event hurries it.
        assert story.happens(port(CABLE, link_failures=len(tries) + 1)) == []
        pause = story.watching.poll_timeout_ms()
        assert pause is not None
        assert story.lets_pass(pause / 1000) == [START_DHCP6C]
        tries.append(story.host.clock - begun)
        assert story.systemctl_ends(code=1) == [SHOW_DHCP6C]
        story.systemctl_ends(shown=FAILS)
    assert tries == [1, 3, 7, 15, 31, 63, 123, 183, 243]
    assert len(told(story, "start-failed")) == 1
    assert story.lets_pass(60) == [START_DHCP6C]
    assert story.systemctl_ends(code=1) == [SHOW_DHCP6C]
    story.systemctl_ends(shown="Job=7\nLoadState=loaded\nActiveState=inactive\n")
    assert story.marker.read_text() == f"{DHCLIENT}\n{DHCP6C}\n"
    assert story.lets_pass(3600) == []


def test_what_systemctl_shows_may_be_anything(story: Story) -> None:
    story.watch(bond(CABLE), port(CABLE))
    for shown in ("", "\n\n\n", "=\n\n=", "LoadState\n", f"{RUNS}\n{RUNS}"):
        assert not story.marker.exists()
        assert story.systemctl_ends(code=1) == [SHOW]
        story.systemctl_ends(shown=shown)
        story.lets_pass(60)
    assert story.marker.read_text() == f"{DHCLIENT}\n{DHCP6C}\n"


def test_a_failed_start_is_tried_again_without_a_link(story: Story) -> None:
    story.watch(bond(CABLE), port(CABLE))
    story.systemctl_ends(code=1)
    story.systemctl_ends(shown=f"{FAILS}\n{FAILS}")
    story.happens(*NO_LINK)
    assert story.lets_pass(60) == [START]
    story.systemctl_ends()
    assert story.happens(port(CABLE), bond(CABLE)) == [ASK_AGAIN]


def test_a_watch_that_was_killed_starts_what_is_left(story: Story) -> None:
    story.marker.write_text(f"{DHCLIENT}\n")
    story.watch(bond(CABLE), port(CABLE))
    assert story.host.did == [START_DHCP6C]


@pytest.mark.parametrize("marker", ["", f"{DHCLIENT} {DHCP6C}\n", f"{DHCP6C}\n{DHCLIENT}\nother\n"])
def test_a_marker_that_is_there_means_what_it_says(story: Story, marker: str) -> None:
    story.marker.write_text(marker)
    story.watch(bond(CABLE), port(CABLE))
    assert story.host.did == []


def test_a_marker_that_cannot_be_read_revives_no_client(story: Story) -> None:
    story.marker.mkdir()
    story.watch(bond(CABLE), port(CABLE))
    assert story.host.did == []


def test_systemctl_that_cannot_be_run_is_tried_again_and_told_once(story: Story) -> None:
    story.dhclient_starts_with(MACS[CABLE])
    story.marker.write_text(f"{DHCLIENT}\n")
    story.watch(bond(CABLE), port(CABLE))
    story.systemctl_ends()
    story.happens(*NO_LINK)
    story.host.breaks["spawn"] = OSError(11, "Resource temporarily unavailable")
    assert story.happens(port(CABLE), bond(CABLE)) == []
    assert story.lets_pass(2) == []
    assert told(story, "start-failed") == [
        "bond0: cannot run systemctl: Resource temporarily unavailable"
    ]
    del story.host.breaks["spawn"]
    assert story.lets_pass(2) == [ASK_AGAIN]


def test_clients_that_started_in_a_network_that_is_gone_ask_again(story: Story) -> None:
    story.watch(bond(CABLE), port(CABLE))
    story.happens(*NO_LINK)
    story.happens(port(CABLE), bond(CABLE))
    assert story.systemctl_ends() == [ASK_AGAIN]


def test_a_new_bond_starts_its_clients(story: Story) -> None:
    story.watch(bond(CABLE), port(CABLE))
    story.systemctl_ends()
    for file in story.folder.iterdir():  # the bond's unit stops: systemd empties its directory
        file.unlink()
    story.watch(bond(CABLE), port(CABLE))
    assert story.host.did == [START]


def test_no_runtime_directory_is_no_reason_to_end(story: Story) -> None:
    story.folder.rmdir()
    story.watch(bond(CABLE), port(CABLE))
    story.systemctl_ends()
    assert story.events[-2:] == ["clients-started", "write-failed"]
    assert story.happens(port(CABLE)) == []


def test_no_clients_wanted(story: Story) -> None:
    story.options = main.Options("bond0", runtime=str(story.runtime))
    story.watch(bond(CABLE), port(CABLE))
    story.dhclient_starts_with(MACS[RADIO])
    assert story.happens(bond(CABLE)) == []
    assert story.host.did == []


def test_failover_refreshes_the_lease_once(story: Story) -> None:
    on_cable(story)
    assert story.happens(bond(RADIO)) == [REFRESH]
    assert story.happens(bond(RADIO), port(RADIO)) == []
    story.dhclient_starts_with(MACS[RADIO])
    assert story.happens(bond(RADIO)) == []
    assert story.happens(bond(CABLE)) == [REFRESH]
    story.dhclient_starts_with(MACS[CABLE])
    assert story.happens(bond(RADIO)) == [REFRESH]


def test_failover_to_a_radio_refreshes_when_it_is_authorised(story: Story) -> None:
    on_cable(story)
    assert story.happens(port(RADIO, operstate=DORMANT), bond(RADIO)) == []
    assert story.happens(port(RADIO)) == [REFRESH]


def test_a_dhclient_that_started_with_the_old_address_once_more(story: Story) -> None:
    on_cable(story)
    assert story.happens(bond(RADIO)) == [REFRESH]
    story.dhclient_starts_with(MACS[CABLE])  # had read it just before the failover
    assert story.happens(port(RADIO, link_failures=1)) == [REFRESH]
    assert story.happens(port(RADIO)) == []


def test_failover_while_the_watch_was_dead(story: Story) -> None:
    on_cable(story)
    story.watch(bond(RADIO), without_carrier(CABLE), port(RADIO))
    assert story.host.did == [REFRESH]


def test_watch_restarted_without_a_failover(story: Story) -> None:
    assert on_cable(story).host.did == []


def test_one_address_for_all_ports_needs_no_refresh(story: Story) -> None:
    on_cable(story)
    assert story.happens(bond(RADIO, address=MACS[CABLE])) == []


def test_a_client_that_a_person_has_stopped_stays_stopped(story: Story) -> None:
    on_cable(story)
    assert story.happens(bond(RADIO)) == [REFRESH]
    story.systemctl_ends(code=1)  # reload does not start what is stopped
    assert story.events[-1] == "refresh-refused"
    assert story.happens(bond(RADIO)) == []


def test_when_a_port_has_a_link_again_the_network_may_be_another_one(story: Story) -> None:
    on_cable(story)
    assert story.happens(*NO_LINK) == []
    # Also where the MAC address is another one, both are told at once, and once.
    assert story.happens(port(RADIO, operstate=DORMANT), bond(RADIO)) == []
    assert story.happens(port(RADIO)) == [ASK_AGAIN]
    assert story.happens(port(RADIO, link_failures=1)) == []
    story.dhclient_starts_with(MACS[RADIO])
    assert story.happens(*NO_LINK) == []
    assert story.happens(port(RADIO), bond(RADIO)) == [ASK_AGAIN]
    assert story.happens(port(CABLE), bond(CABLE)) == [REFRESH]


def test_a_watch_that_starts_while_no_port_has_a_link(story: Story) -> None:
    on_cable(story)
    story.watch(*NO_LINK)
    assert story.happens(port(CABLE), bond(CABLE)) == [ASK_AGAIN]
    story.systemctl_ends(code=1)
    assert story.events[-1] == "refresh-refused"


def test_without_clients_nobody_is_asked(story: Story) -> None:
    story.options = main.Options("bond0", runtime=str(story.runtime))
    on_cable(story)
    story.happens(*NO_LINK)
    assert story.happens(port(CABLE), bond(CABLE)) == []
