# SPDX-License-Identifier: LGPL-2.1-or-later
"""The order of the ports: the watch's while it lives, the kernel's afterwards."""

import os

import pytest
from wbond_net import runtime
from wbond_net.kernel import command, neighbours, netlink
from wbond_net.kernel.neighbours import Timers
from wbond_net.ports import bond, port, record

from tests.fake import Machine
from tests.ports import CARD, RADIO, join

ENDED = {"SERVICE_RESULT": "success", "PRIMARY_RESELECT": "better", "PATH_POLICY": "proof"}
KILLED = {**ENDED, "SERVICE_RESULT": "signal"}
UNIT = "wbond-watch@bond0.service"
JOBS = {
    kind: f"77 {UNIT} {kind} running\n78 other.service restart waiting\n"
    for kind in ("stop", "restart")
}
STARTED_AGAIN = "LoadState=loaded\nRestart=on-failure\n"
RETURNED = [
    "ip link set dev bond0 type bond primary_reselect better",
    f"ip link set dev {CARD} type bond_slave prio 20",
    f"ip link set dev {RADIO} type bond_slave prio 10",
    f"ip link set dev bond0 type bond primary {CARD}",
]


@pytest.fixture
def watched(machine: Machine) -> Machine:
    """A bond of two ports, of which the watch has the order."""
    machine.add_bond()
    for name, rank in ((CARD, 20), (RADIO, 10)):
        machine.add(name, master="bond0", up=True)
        record.note_port("bond0", name, rank)
    note("watch-decides")
    return machine


def note(name: str, text: str = "") -> None:
    """Write a file of the bond's runtime directory."""
    with open(runtime.path("bond0", name), "w", encoding="ascii") as file:
        file.write(text)


@pytest.mark.parametrize(
    ("what", "environ", "systemd", "returned"),
    [
        ("it was stopped", ENDED, JOBS["stop"], True),
        ("it has ended by itself", ENDED, "", True),
        ("it restarts", ENDED, JOBS["restart"], False),
        ("it was killed, and systemd starts it again", KILLED, STARTED_AGAIN, False),
        ("it was killed, and has Restart=no", KILLED, "LoadState=loaded\nRestart=no\n", True),
        ("it was masked and killed", KILLED, "LoadState=masked\nRestart=on-failure\n", True),
        ("it was killed because it did not stop", KILLED, JOBS["stop"], True),
        ("it was killed while it restarts", KILLED, JOBS["restart"], False),
        (
            "it restarts, and is to leave paths alone",
            {**ENDED, "PATH_POLICY": "link"},
            JOBS["restart"],
            True,
        ),
        ("another unit restarts", ENDED, "78 other.service restart waiting\n", True),
    ],
)
def test_who_has_the_order_after_the_watch(
    watched: Machine,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    environ: dict[str, str],
    systemd: str,
    returned: bool,
) -> None:
    note("path", "port 2 dead 1.0\n")
    verb = "list-jobs" if "running" in systemd or "waiting" in systemd else "show"
    monkeypatch.setattr(command, "output", lambda *words: systemd if words[1] == verb else "")
    assert bond.main(["order", "bond0"], environ) == 0
    assert sorted(watched.ran) == sorted(RETURNED * returned), what
    assert os.path.exists(runtime.path("bond0", "path")) is not returned
    if returned:
        assert watched.ran[0] == RETURNED[0]
        assert watched.ran[-1] == RETURNED[-1], "all prios are known when the kernel chooses"
    watched.ran.clear()
    assert bond.main(["order", "bond0"], environ) == 0
    assert watched.ran == [], "at most once"


def test_a_watch_without_the_order_gives_none_back(machine: Machine) -> None:
    machine.add_bond()
    assert bond.main(["order", "bond0"], ENDED) == 0
    assert machine.ran == []


def test_the_timers_are_what_they_were(watched: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    timers = (Timers("arp_cache", 30000, 5000), Timers("ndisc_cache", 1000, 0))
    note("neighbour-timers", neighbours.note(timers))
    found = []
    monkeypatch.setattr(netlink, "_opened", lambda *_: Closed())
    monkeypatch.setattr(neighbours, "set_timers", lambda _, index, own: found.append((index, own)))
    assert bond.main(["order", "bond0"], ENDED) == 0
    assert found == [(watched.index("bond0"), own) for own in timers]


class Closed:
    """A socket that nothing is sent by."""

    def getsockname(self) -> tuple[int, int]:
        return 0, 0

    def close(self) -> None:
        pass


def test_a_bond_that_is_gone_needs_no_order(watched: Machine) -> None:
    record.note_bond("bond0", 4711)
    assert bond.main(["order", "bond0"], ENDED) == 0
    assert watched.programs == [f"systemctl list-jobs --no-legend --plain -- {UNIT}"]
    assert watched.ran == watched.programs


def test_a_port_that_joins_under_the_watch_takes_no_traffic(bonded: Machine) -> None:
    note("watch-decides")
    assert join() == 0
    assert f"ip link set dev {CARD} type bond_slave prio 20" in bonded.ran
    assert not any(" primary" in command for command in bonded.ran)


def test_ports_that_are_ranked_under_the_watch_stay_where_they_are(watched: Machine) -> None:
    assert port.main(["rank", "bond0", RADIO, "30"], {}) == 0
    assert watched.ran == [f"ip link set dev {RADIO} type bond_slave prio 30"]
    assert record.ranks("bond0") == {CARD: 20, RADIO: 30}
