# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is remembered from one status to the next."""

import errno
from pathlib import Path

import pytest
from wbond_cli.status import collect, monitor
from wbond_cli.status.build import build_status
from wbond_cli.status.model import Association, Facts
from wbond_net.kernel import rtnetlink
from wbond_net.kernel.bond_state import State
from wbond_net.kernel.cache import Cache

from tests import stories
from tests.status.programs import SHOWN, Programs
from tests.stories import NOW


class FakeView(Cache):
    """Shows the links that the test puts in."""

    def __init__(self, facts: Facts) -> None:
        self.links = dict(facts.links)
        self.addresses = dict(enumerate(facts.addresses))  # type: ignore[arg-type]

    def update(self) -> None:
        pass


def test_a_watcher_remembers_what_it_has_seen(root: Path) -> None:
    view = FakeView(stories.cable_active())
    programs = Programs(systemctl=SHOWN, journalctl="")
    status_monitor = monitor.StatusMonitor(collect.Collector(programs, str(root)), view)
    assert status_monitor.status(NOW).bonds[0].since is None
    view.links = dict(stories.wifi_active().links)
    status_monitor.follow(NOW + 5)
    bond = status_monitor.status(NOW + 9).bonds[0]
    assert (bond.active, bond.since) == ("wlp3s0", NOW + 5)
    assert [port.since for port in bond.ports] == [NOW + 5, NOW + 5]
    view.links = {}
    status_monitor.follow(NOW + 20)
    assert status_monitor.status(NOW + 20).bonds[0].kind == "none"
    view.links = dict(stories.cable_active().links)
    status_monitor.follow(NOW + 30)
    assert status_monitor.status(NOW + 31).bonds[0].since == NOW + 30
    assert [words[0] for words in programs.asked].count("journalctl") == 1


class Flood(rtnetlink.Socket):
    """A netlink socket that loses its reports once, and whose next `failures` dumps fail."""

    def __init__(self, facts: Facts) -> None:
        self.facts, self.failures, self.lost = facts, 0, False

    def events(self) -> list[rtnetlink.Event]:
        if self.lost:
            self.lost = False
            raise rtnetlink.Overrun
        return []

    def consistent(self, ask):  # type: ignore[no-untyped-def]
        if self.failures:
            self.failures -= 1
            raise OSError(errno.ENOBUFS, "interfaces change faster than they can be read")
        return dict(self.facts.links), list(self.facts.addresses)


def test_a_flood_of_changes_leaves_the_former_state_until_it_can_be_read(root: Path) -> None:
    socket = Flood(stories.cable_active())
    programs = Programs(systemctl=SHOWN, journalctl="")
    collector = collect.Collector(programs, str(root))
    status_monitor = monitor.StatusMonitor(collector, Cache(socket))
    socket.facts, socket.failures, socket.lost = stories.wifi_active(), 2, True
    shown = []
    for seconds in range(4):
        status_monitor.follow(NOW + seconds)
        status = status_monitor.status(NOW + seconds)
        shown.append((status.bonds[0].active, status_monitor.behind))
    # The last report was lost with the others: nothing tells of the change any more.
    assert shown == [("enp0s10", True), ("enp0s10", True), ("wlp3s0", False), ("wlp3s0", False)]


def test_another_fault_is_told(root: Path) -> None:
    view = Cache(Flood(stories.cable_active()))
    programs = Programs(systemctl=SHOWN, journalctl="")
    status_monitor = monitor.StatusMonitor(collect.Collector(programs, str(root)), view)

    def fails() -> None:
        raise OSError(errno.EBADF, "Bad file descriptor")

    view.update = fails  # type: ignore[method-assign]
    with pytest.raises(OSError, match="Bad file descriptor"):
        status_monitor.follow(NOW)


def test_what_changes_all_the_time_is_no_change() -> None:
    before = build_status(stories.wifi_active())
    weaker = {"wlp3s0": Association("Home net", -60, 5180.0, 300.0)}
    later = build_status(stories.wifi_active(time=NOW + 7, associations=weaker))
    assert monitor.without_volatile(before) == monitor.without_volatile(later)
    roamed = {"wlp3s0": Association("Home net", -60, 2412.0, 300.0)}
    elsewhere = build_status(stories.wifi_active(associations=roamed))
    assert monitor.without_volatile(before) != monitor.without_volatile(elsewhere)


def test_nothing_is_seen_of_a_bond_that_stays_away() -> None:
    nothing = State(None, {}, None)
    assert monitor.synthesize_entries(nothing, nothing, "bond0", "", NOW) == []
