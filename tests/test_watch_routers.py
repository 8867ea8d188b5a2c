# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-watch and the IPv6 routers: when they are solicited."""

from wbond_net.kernel.rtnetlink import PROTOCOL_ROUTER, Address
from wbond_net.watch import main

from tests.reports import BOND, CABLE, MACS, RADIO, address, bond, port, without_carrier
from tests.watch_story import DEPRECATED, NO_LINK, Story, on_cable

LINK_LOCAL = address("fe80::7", 64, protocol=3)
LEASED = address("2001:db8:1::100", 128)  # by dhcp6c
KEPT = address("2001:db8:1::200", 128, 3600)  # by dhcpcd, which asks whether it still holds
MADE = address("2001:db8:1::7", 64, 3600, protocol=PROTOCOL_ROUTER)


def returns(story: Story, *held: Address) -> None:
    """Lose the cable's carrier, and get it back, with these addresses."""
    on_cable(story)
    story.happens(*NO_LINK)
    story.host.held = list(held)
    story.happens(port(CABLE), bond(CABLE))


def questions(story: Story, until: float = 60.0) -> list[float]:
    """Let time go by; returns when the routers were asked, in seconds from now on."""
    start = story.host.clock
    while (patience := story.watching.poll_timeout_ms()) is not None:
        story.host.clock += patience / 1000
        if story.host.clock > start + until:
            break
        story.watching.tick()
    assert {(index, mac) for _, index, mac in story.host.solicited} <= {(BOND, MACS[CABLE])}
    return [at - start for at, _, _ in story.host.solicited]


def test_routers_that_do_not_answer_are_asked_three_times(story: Story) -> None:
    returns(story, LINK_LOCAL, LEASED, KEPT, MADE)
    # dhcp6c takes its own away.
    assert [a.deprecated for a in story.host.held] == [False, False, True, True]
    assert "routers-asked" in story.events
    assert questions(story) == [0.0, 4.0, 8.0]


def test_a_router_that_answers_is_left_in_peace(story: Story) -> None:
    returns(story, LINK_LOCAL, MADE)
    assert questions(story, until=1.0) == [0.0]
    story.host.held = [LINK_LOCAL, MADE._replace(flags=DEPRECATED), MADE._replace(text="other")]
    assert len(questions(story)) == 1
    assert story.watching.poll_timeout_ms() is None


def test_a_network_without_routers_is_asked_too_whether_it_has_some(story: Story) -> None:
    returns(story, LINK_LOCAL)
    assert questions(story) == [0.0, 4.0, 8.0]


def test_without_ipv6_no_router_is_asked(story: Story) -> None:
    returns(story, address("192.0.2.7"), MADE._replace(ifindex=BOND + 1))
    assert questions(story) == []
    assert "routers-asked" not in story.events


def test_when_no_port_has_a_link_again_the_routers_are_left(story: Story) -> None:
    returns(story, LINK_LOCAL, MADE)
    assert questions(story, until=1.0) == [0.0]
    story.happens(*NO_LINK)
    assert len(questions(story)) == 1


def test_at_the_first_carrier_the_kernel_asks_by_itself(story: Story) -> None:
    story.watch(*NO_LINK)
    story.host.held = [LINK_LOCAL, MADE]
    story.happens(port(CABLE), bond(CABLE))
    assert questions(story) == []
    assert not story.host.held[1].deprecated


def test_routers_are_asked_without_clients_as_well(story: Story) -> None:
    story.options = main.Options("bond0", runtime=str(story.runtime))
    returns(story, LINK_LOCAL, MADE)
    assert questions(story) == [0.0, 4.0, 8.0]


def test_a_failover_asks_no_router(story: Story) -> None:
    on_cable(story)
    story.host.held = [LINK_LOCAL, MADE]
    story.happens(port(RADIO), without_carrier(CABLE), bond(RADIO))
    assert questions(story) == []
    assert not story.host.held[1].deprecated


def test_what_the_kernel_refuses_is_told_once(story: Story) -> None:
    on_cable(story)
    story.happens(*NO_LINK)
    story.host.held, story.host.refuses = [LINK_LOCAL, MADE], True
    story.happens(port(CABLE), bond(CABLE))
    assert len(questions(story)) == 1
    told = [text for text, fields in story.host.written if fields["WBOND_EVENT"] == "write-failed"]
    assert [text.split(": ")[1] for text in told] == [
        "cannot deprecate the routers' addresses",
        "cannot ask the IPv6 routers",
    ]
