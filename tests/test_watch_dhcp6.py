# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-watch and DHCPv6: what routers say is what is asked for."""

from pathlib import Path

import pytest
from wbond_net.clients import notes
from wbond_net.kernel import netlink, rtnetlink, uapi
from wbond_net.kernel.attributes import IFINFOMSG, attribute, u32
from wbond_net.kernel.rtnetlink import Event, RouterFlags
from wbond_net.watch import advertised, main

from tests.reports import BOND, CABLE, MACS, bond, port, without_carrier
from tests.watch_story import DHCLIENT, DHCP6C, DHCPCD, Story

O, M = uapi.IF_RA_OTHERCONF, uapi.IF_RA_MANAGED  # noqa: E741 (their names)
START_4 = f"systemctl start --no-block -- {DHCLIENT}"
START_6 = f"systemctl start --no-block -- {DHCP6C}"
OTHERWISE = f"systemctl try-restart --no-block -- {DHCP6C}"
SHOW = f"systemctl show --property=LoadState,ActiveState,Job -- {DHCP6C}"
STOP = f"systemctl stop --no-block -- {DHCP6C}"


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """dhclient for IPv4, dhcp6c for IPv6."""
    story = Story(tmp_path)
    story.options = main.Options(
        "bond0", (DHCLIENT, DHCP6C), (DHCLIENT,), DHCP6C, runtime=str(tmp_path)
    )
    return story


def advertises(story: Story, flags: int) -> list[str]:
    """Let the kernel tell of a router's advertisement."""
    story.host.did.clear()
    story.watching.take([Event(RouterFlags(BOND, flags))])
    return list(story.host.did)


def asked(story: Story) -> str:
    return (story.folder / notes.ASKED_FILE).read_text().strip()


def leaves_and_returns(story: Story, flags: int = 0) -> list[str]:
    """Lose all carriers, and get the cable's back: the network may be another one.

    The kernel keeps the flags.
    """
    story.happens(without_carrier(CABLE), bond(router_flags=flags))
    return story.happens(port(CABLE, carrier_down_count=1), bond(CABLE, router_flags=flags))


def on_cable(story: Story, flags: int = 0) -> Story:
    story.watch(bond(CABLE, router_flags=flags), port(CABLE))
    story.dhclient_starts_with(MACS[CABLE])
    return story


def test_nothing_is_asked_in_vain(story: Story) -> None:
    on_cable(story)
    assert story.host.did == [START_4]
    assert asked(story) == notes.NOTHING
    story.systemctl_ends()
    assert DHCP6C not in story.marker.read_text()
    assert leaves_and_returns(story) == [
        f"systemctl try-reload-or-restart --no-block -- {DHCLIENT}"
    ]


@pytest.mark.parametrize(
    ("flags", "what"), [(M, "address"), (O, "information"), (M | O, "address")]
)
def test_what_a_router_offers_is_asked_for(story: Story, flags: int, what: str) -> None:
    on_cable(story)
    story.systemctl_ends()
    assert advertises(story, flags) == [START_6]
    assert asked(story) == what
    assert advertises(story, flags) == []
    story.systemctl_ends()
    assert story.marker.read_text() == f"{DHCLIENT}\n{DHCP6C}\n"


def test_what_was_advertised_before_the_watch_holds(story: Story) -> None:
    on_cable(story, M)
    assert story.host.did == [f"systemctl start --no-block -- {DHCLIENT} {DHCP6C}"]
    story.systemctl_ends()
    story.watch(bond(CABLE, router_flags=M), port(CABLE))
    assert story.host.did == []


def test_more_is_asked_for_at_once(story: Story) -> None:
    on_cable(story, O)
    story.systemctl_ends()
    assert advertises(story, M) == [OTHERWISE]
    assert asked(story) == notes.ADDRESS


def test_two_routers_that_disagree_make_no_client_come_and_go(story: Story) -> None:
    on_cable(story)
    story.systemctl_ends()
    advertises(story, M)
    story.systemctl_ends()
    for _ in range(20):
        assert advertises(story, 0) == []
        assert story.lets_pass(300) == []
        assert advertises(story, M) == []
        story.lets_pass(300)
    assert asked(story) == notes.ADDRESS


def test_what_is_not_advertised_any_more_is_asked_for_half_an_hour(story: Story) -> None:
    on_cable(story)
    story.systemctl_ends()
    advertises(story, M)
    story.systemctl_ends()
    advertises(story, 0)
    assert story.lets_pass(advertised.LONGEST - 1) == []
    assert story.lets_pass(2) == [SHOW]
    assert asked(story) == notes.NOTHING
    assert story.systemctl_ends(shown="LoadState=loaded\nActiveState=active\nJob=\n") == [STOP]
    assert story.marker.read_text() == f"{DHCLIENT}\n"
    story.systemctl_ends()
    assert advertises(story, M) == [START_6]


def test_in_another_network_its_first_advertisement_counts_at_once(story: Story) -> None:
    on_cable(story)
    story.systemctl_ends()
    advertises(story, M)
    story.systemctl_ends()
    leaves_and_returns(story, M)
    assert asked(story) == notes.ADDRESS  # until a router speaks
    assert advertises(story, 0) == [SHOW]


def test_a_client_that_a_person_has_stopped_stays_stopped(story: Story) -> None:
    on_cable(story)
    story.systemctl_ends()
    advertises(story, M)
    story.systemctl_ends()
    leaves_and_returns(story, M)
    advertises(story, 0)
    assert story.systemctl_ends(shown="LoadState=loaded\nActiveState=inactive\nJob=\n") == []
    assert advertises(story, M) == [OTHERWISE]  # which starts nothing


def test_one_process_for_both_families_confirms_and_asks(story: Story) -> None:
    story.options = story.options._replace(start=(DHCPCD,), refresh=(DHCPCD,), advertised=DHCPCD)
    on_cable(story)
    assert story.host.did == [f"systemctl start --no-block -- {DHCPCD}"]
    story.systemctl_ends()
    reload = f"systemctl reload --no-block -- {DHCPCD}"
    assert advertises(story, M) == [reload]
    leaves_and_returns(story, M)
    assert advertises(story, 0) == [reload]


def test_a_client_that_waits_for_a_port_knows_what_to_ask_for(story: Story) -> None:
    story.options = main.Options(
        "bond0", (DHCPCD,), (DHCPCD,), DHCPCD, runtime=str(story.folder.parent)
    )
    story.watch(bond(), without_carrier(CABLE))
    assert story.host.did == [f"systemctl start --no-block -- {DHCPCD}"]
    assert asked(story) == notes.NOTHING  # before it starts
    story.systemctl_ends()
    assert story.happens(port(CABLE), bond(CABLE)) == []
    story.dhclient_starts_with(MACS[CABLE])
    assert advertises(story, M) == [f"systemctl reload --no-block -- {DHCPCD}"]
    assert asked(story) == notes.ADDRESS


def test_without_dhcpv6_nobody_listens_to_routers(story: Story) -> None:
    story.options = story.options._replace(start=(DHCLIENT,), advertised="")
    on_cable(story)
    story.systemctl_ends()
    assert advertises(story, M) == []
    assert not (story.folder / notes.ASKED_FILE).exists()


# --- as the kernel says it ------------------------------------------------------------


def test_the_kernel_s_report_of_an_advertisement() -> None:
    """inet6_fill_ifinfo() and inet6_fill_link_af()."""
    inet6 = u32(uapi.IFLA_INET6_FLAGS, 0x80000000 | 0x30 | M)
    head = IFINFOMSG.pack(10, 1, BOND, 1, 0)
    body = head + attribute(3, b"bond0\0") + attribute(uapi.IFLA_PROTINFO | 0x8000, inet6)
    message = netlink.Message(uapi.RTM_NEWLINK, 0, 0, 0, body)
    assert rtnetlink.event(message) == Event(RouterFlags(BOND, M))
    spec = attribute(uapi.IFLA_AF_SPEC, attribute(10, inet6))
    whole = IFINFOMSG.pack(0, 1, BOND, 1, 0) + attribute(uapi.IFLA_OPERSTATE, b"\6") + spec
    found = rtnetlink.event(netlink.Message(uapi.RTM_NEWLINK, 0, 0, 0, whole))
    assert found
    assert isinstance(found.what, rtnetlink.Link)
    assert found.what.router_flags == M
