# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-watch and single ports: claims of their address, alignment, radios that are down."""

from typing import Any

import pytest
from wbond_net.kernel.rtnetlink import Link
from wbond_net.watch import claims

from tests.reports import (
    CABLE,
    DORMANT,
    DOWN,
    MACS,
    RADIO,
    STICK,
    bond,
    port,
    without_carrier,
)
from tests.watch_story import Story

# --- one address for all ports ------------------------------------------------

COMMON = MACS[CABLE]


def aligned_radio(**changes: Any) -> Link:
    return port(RADIO, address=COMMON, **changes)


def test_a_claim_of_the_common_address_is_answered_for_a_second(story: Story) -> None:
    story.watch(bond(CABLE), port(CABLE), aligned_radio(carrier=False, operstate=DOWN))
    assert story.watching.poll_timeout_ms() is None
    story.happens(aligned_radio(operstate=DORMANT))
    assert "claimed" in story.events
    while (patience := story.watching.poll_timeout_ms()) is not None:
        story.host.clock += patience / 1000
        story.watching.tick()
    times = [round(at - 100.0, 2) for at, _, _ in story.host.sent]
    assert times == list(claims.ANNOUNCEMENTS)
    assert {(name, frame) for _, name, frame in story.host.sent} == {
        ("bond0", claims.announcement(COMMON))
    }


def test_an_announcement_is_what_access_points_send() -> None:
    frame = claims.announcement("02:00:00:00:00:07")
    assert frame.hex() == "ffffffffffff" + "020000000007" + "0006" + "0001af810100"


@pytest.mark.parametrize(
    "radio",
    [port(RADIO), aligned_radio(carrier=False, operstate=DOWN)],
    ids=["an address of its own", "no carrier"],
)
def test_what_claims_nothing_is_not_answered(story: Story, radio: Link) -> None:
    before = radio._replace(carrier=False, operstate=DOWN)
    story.watch(bond(CABLE), port(CABLE), before)
    story.happens(radio)
    assert story.host.sent == []


def test_a_claim_that_cannot_be_answered_is_told_once(story: Story) -> None:
    story.watch(bond(CABLE), port(CABLE), aligned_radio(carrier=False, operstate=DOWN))
    story.host.refuses = True
    story.happens(aligned_radio())
    assert "write-failed" in story.events
    assert story.watching.poll_timeout_ms() is None


def on_dock(story: Story, mac: str = "enp0s10") -> Story:
    """A bond on Wi-Fi whose `mac` is that of a dock that is about to be plugged."""
    story.options = story.options._replace(mac=mac)
    story.watch(bond(RADIO), port(RADIO))
    story.systemctl_ends()
    story.happens(port(CABLE, carrier=False, operstate=DOWN))
    return story


def test_ports_join_anew_when_the_interface_of_mac_has_come_and_they_stand_by(
    story: Story,
) -> None:
    on_dock(story)
    did = story.happens(port(CABLE), bond(CABLE))
    restarted = "systemctl try-restart --no-block -- bond0-supplicant@wlp3s0.service"
    assert did.count(restarted) == 1
    # It refuses: once is enough.
    assert restarted not in story.happens(port(RADIO, link_failures=1))


def test_the_active_port_is_not_made_to_join_anew(story: Story) -> None:
    on_dock(story)
    assert not any("try-restart" in did for did in story.happens(port(CABLE)))


@pytest.mark.parametrize("policy", ["active", "stable", "02:00:00:00:00:01", "eth9"])
def test_other_policies_make_no_port_join_anew(story: Story, policy: str) -> None:
    on_dock(story, policy)
    assert not any("try-restart" in did for did in story.happens(port(CABLE), bond(CABLE)))


# --- radios that are down ----------------------------------------------------------


def is_down(index: int) -> Link:
    return without_carrier(index, flags=0)


def reopened(story: Story, seconds: float) -> list[str]:
    """Let time pass; returns what was brought up."""
    return [what for what in story.lets_pass(seconds) if what.startswith("up ")]


def test_a_radio_that_is_left_down_is_brought_up(story: Story) -> None:
    story.watch(bond(CABLE), port(CABLE), port(RADIO), port(STICK))
    story.happens(is_down(RADIO), is_down(STICK))
    story.host.blocks = True
    assert reopened(story, 5) == [f"up {RADIO}", f"up {STICK}"] * 2  # after 1 and 3 seconds
    story.host.blocks = False
    story.watching.rfkill_changed()
    # wpa_supplicant has heard of the switch for one of them.
    story.happens(port(RADIO))
    assert reopened(story, 0.9) == []
    assert reopened(story, 0.1) == [f"up {STICK}"]
    assert story.events.count("reopened") == 1
    story.happens(port(STICK))
    assert story.watching.poll_timeout_ms() is None


def test_while_a_radio_stays_blocked_the_pauses_grow_to_a_minute(story: Story) -> None:
    story.watch(bond(CABLE), port(CABLE), is_down(RADIO))
    story.host.blocks = True
    assert len(reopened(story, 3600)) == 6 + (3600 - 63) // 60
    assert "reopened" not in story.events


def test_what_is_no_radio_or_no_port_any_more_is_left_down(story: Story) -> None:
    story.watch(bond(RADIO), is_down(CABLE), port(RADIO), is_down(STICK))
    story.happens(is_down(STICK)._replace(master=0))
    assert reopened(story, 100) == []


def test_a_radio_that_cannot_be_brought_up_is_told_once(story: Story) -> None:
    story.watch(bond(CABLE), port(CABLE), is_down(RADIO))
    story.host.breaks["bring_up"] = OSError(5, "Input/output error")
    assert len(reopened(story, 600)) > 10
    told = [text for text, fields in story.host.written if fields["PRIORITY"] == 4]
    assert told == [
        "bond0: cannot bring up radio wlp3s0, tries again: Input/output error",
    ]
    story.happens(port(RADIO))
    story.happens(is_down(RADIO))
    reopened(story, 60)
    assert story.events.count("write-failed") == 2
