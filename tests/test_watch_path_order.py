# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-watch follows the path: the order of the ports, trials, and what a person chooses."""

import socket

from wbond_net.kernel import rtnetlink
from wbond_net.kernel.frames import Answer, Success
from wbond_net.kernel.rtnetlink import Event, RouterFlags
from wbond_net.watch import loop

from tests.path_story import (
    MAC,
    OTHER_MAC,
    ROUTER4,
    ROUTERS,
    TO_CABLE,
    TO_RADIO,
    V4,
    World,
)
from tests.reports import (
    BOND,
    CABLE,
    DORMANT,
    RADIO,
    STICK,
    bond,
    port,
    without_carrier,
)
from tests.watch_story import FakeTaps


def test_the_order_is_the_watch_s(world: World) -> None:
    world.begin(bond(CABLE), port(CABLE), port(RADIO))
    assert world.first_done[:3] == ["hasten", "bond0/primary_reselect=failure", "bond0/primary=\n"]
    assert (world.folder / "watch-decides").exists()
    assert world.host.prios == {CABLE: 20, RADIO: 10}
    assert world.links_change(bond(CABLE, primary_reselect=2)) == ["bond0/primary=\n"]
    assert world.links_change(bond(CABLE, primary_reselect=2, primary=0)) == []


def test_a_port_that_is_not_authorised_counts_least(world: World) -> None:
    world.begin(bond(CABLE), port(CABLE), port(RADIO, operstate=DORMANT))
    assert world.host.prios[RADIO] == 10 - 10000
    world.links_change(port(RADIO))
    assert world.host.prios[RADIO] == 10


def test_ranks_that_are_changed_are_read_again(world: World) -> None:
    world.begin()
    (world.folder / f"ports/{RADIO}").write_text("30 wlp3s0\n")
    world.links_change(port(RADIO, prio=30))
    assert world.host.prios[RADIO] == 30
    assert world.lives(1) == [TO_RADIO]


def test_without_a_router_a_link_is_enough(world: World) -> None:
    world.routers = ()
    world.begin(bond(RADIO), port(RADIO), without_carrier(CABLE, mii_status=2))
    assert world.links_change(port(CABLE)) == [TO_CABLE]


def test_a_watch_that_begins_again_moves_nothing_before_it_has_read_the_routers(
    world: World,
) -> None:
    del world.leads[CABLE]
    world.begin(bond(RADIO), port(CABLE), port(RADIO))
    assert TO_CABLE not in world.first_done
    assert world.moves_in(30) == []


def test_a_switch_that_lets_a_port_in_has_it_asked_at_once(world: World) -> None:
    del world.leads[CABLE]
    world.begin(bond(RADIO), port(CABLE), port(RADIO))
    world.lives(400)  # it is asked each minute by now
    world.leads[CABLE] = MAC
    assert world.moves_in(5) == []
    world.answers(CABLE, Success(MAC))
    assert world.moves_in(1) == [TO_CABLE]


def test_whoever_says_so_often_has_it_asked_no_more_often(world: World) -> None:
    del world.leads[CABLE]
    world.begin(bond(RADIO), port(CABLE), port(RADIO))
    world.lives(400)
    before = len(world.asked_by(CABLE))
    for _ in range(200):
        world.answers(CABLE, Success(MAC))
        world.lives(0.05)
    assert len(world.asked_by(CABLE)) - before <= 2 * len(ROUTERS) * 10


def test_who_wants_no_return_gets_none(world: World) -> None:
    world.options = world.options._replace(returns=False)
    world.begin(bond(RADIO), port(RADIO), port(CABLE))
    assert world.lives(100) == []
    del world.leads[RADIO]
    world.talks()
    assert world.lives(1) == [TO_CABLE]


def test_where_the_only_port_is_let_in_late_the_clients_ask_at_once(world: World) -> None:
    world.options = world.options._replace(start=("dhclient@bond0.service",))
    world.leads, world.routers, world.addressed = {}, (), False
    world.begin(bond(CABLE), port(CABLE))
    assert world.lives(5) == []
    world.answers(CABLE, Success(MAC))
    asked = "systemctl try-reload-or-restart --no-block -- dhclient@bond0.service"
    assert world.lives(0.1) == [asked]
    for _ in range(9):  # who says so often does not keep them from asking
        world.answers(CABLE, Success(MAC))
        assert world.lives(1) == []
    assert world.told("path-let-in") == [
        "bond0: cable enp0s10 has been let in by its switch: the clients ask again"
    ]


def test_a_locked_port_by_which_routers_are_heard_is_let_in_as_well(world: World) -> None:
    world.options = world.options._replace(start=("dhclient@bond0.service",))
    world.leads = {}
    world.begin(bond(CABLE), port(CABLE))
    world.lives(5)
    assert world.paths() == {"enp0s10": "suspect"}
    world.leads = {CABLE: MAC}
    world.answers(CABLE, Success(MAC))
    asked = "systemctl try-reload-or-restart --no-block -- dhclient@bond0.service"
    assert asked in world.lives(1)
    assert world.paths() == {"enp0s10": "proven"}


def test_a_port_that_is_let_in_while_it_is_verified_is_asked_anew(world: World) -> None:
    world.options = world.options._replace(start=("dhclient@bond0.service",))
    world.leads = {}
    world.begin(bond(CABLE), port(CABLE))
    world.lives(5)
    world.links_change(without_carrier(CABLE), bond())
    world.links_change(port(CABLE, carrier_down_count=1), bond(CABLE))
    world.lives(0.4)
    world.leads = {CABLE: MAC}
    world.answers(CABLE, Success(MAC))
    assert any("try-reload-or-restart" in what for what in world.lives(0.5))
    assert world.paths() == {"enp0s10": "proven"}


def test_a_port_with_an_address_is_let_in_without_a_word(world: World) -> None:
    world.options = world.options._replace(start=("dhclient@bond0.service",))
    world.begin(bond(CABLE), port(CABLE))
    world.answers(CABLE, Success(MAC))
    assert world.lives(5) == []


def test_a_boot_onto_a_cable_that_leads_nowhere(world: World) -> None:
    world.options = world.options._replace(start=("dhclient@bond0.service",))
    world.leads = {RADIO: MAC}
    world.routers = ()
    world.addressed = False
    world.begin()
    assert [what for what in world.lives(5) if "active_slave" in what] == []
    assert TO_RADIO in world.lives(2)
    world.host.found_routers, world.host.addressed = ROUTERS, True
    world.has_new_route()
    assert world.lives(60) == []
    world.leads[CABLE] = MAC
    assert world.lives(6) == [TO_CABLE]


def test_where_no_port_brings_an_address_each_is_tried_less_and_less(world: World) -> None:
    world.options = world.options._replace(start=("dhclient@bond0.service",))
    world.leads = {}
    world.routers = ()
    world.addressed = False
    world.begin()
    moves = [len(world.moves_in(600)) for _ in range(4)]
    assert moves[0] > 2
    assert moves[-1] <= 2


def test_without_clients_nothing_is_tried(world: World) -> None:
    world.routers = ()
    world.addressed = False
    world.begin()
    assert world.lives(600) == []


def test_a_cable_alone_that_brings_no_address_is_not_looked_at_again_and_again(
    world: World,
) -> None:
    world.options = world.options._replace(start=("dhclient@bond0.service",))
    world.routers = ()
    world.addressed = False
    world.begin(bond(CABLE), port(CABLE), without_carrier(RADIO, mii_status=2))
    world.systemctl_ends()
    assert world.watching.poll_timeout_ms() is None


def test_below_a_bridge_nothing_is_tried(world: World) -> None:
    world.options = world.options._replace(start=("dhclient@bond0.service",))
    world.routers = ()
    world.addressed = False
    world.carries_a_bridge = True
    world.begin()
    assert world.moves_in(600) == []


def test_a_route_that_is_gone_for_a_moment_moves_nothing(world: World) -> None:
    world.leads = {RADIO: MAC}
    world.begin(bond(RADIO), port(RADIO), without_carrier(CABLE, mii_status=2))
    world.links_change(port(CABLE))  # behind spanning tree
    world.host.found_routers = ()
    world.has_new_route()
    assert world.lives(5) == []
    world.host.found_routers = ROUTERS
    world.has_new_route()
    assert world.lives(60) == []
    world.leads = {RADIO: MAC, CABLE: OTHER_MAC}
    assert world.lives(60) == [], "the router's address is still known"


def test_a_route_that_is_gone_for_good_leaves_the_links(world: World) -> None:
    world.leads = {RADIO: MAC}
    world.begin(bond(RADIO), port(RADIO), without_carrier(CABLE, mii_status=2))
    world.links_change(port(CABLE))
    world.host.found_routers = ()
    world.has_new_route()
    assert world.lives(9) == []
    assert world.lives(2) == [TO_CABLE]


def test_a_port_that_a_person_chooses_stays_until_a_link_comes(world: World) -> None:
    world.begin(bond(CABLE), port(CABLE), port(RADIO), without_carrier(STICK, mii_status=2))
    world.lives(10)
    world.active = RADIO
    world.links_change(bond(RADIO, primary=0, primary_reselect=2))
    assert world.lives(100) == []
    assert world.paths()["wlp3s0"] == "proven"
    world.links_change(port(STICK))
    assert world.lives(2) == [TO_CABLE]


def test_a_port_that_a_person_chooses_is_left_for_silence(world: World) -> None:
    world.begin()
    world.lives(10)
    world.active = RADIO
    world.links_change(bond(RADIO, primary=0, primary_reselect=2))
    world.lives(10)
    world.leads = {CABLE: MAC}
    world.talks()
    assert world.lives(1) == [TO_CABLE]


def test_a_link_that_was_lost_for_a_moment_is_no_choice(world: World) -> None:
    world.begin()
    world.lives(10)
    world.active = RADIO
    back = port(CABLE, carrier_down_count=1)
    world.links_change(without_carrier(CABLE), back, bond(RADIO, primary=0, primary_reselect=2))
    assert world.lives(2) == [TO_CABLE]


def test_a_verdict_that_was_slept_through_is_none(world: World) -> None:
    world.begin()
    leads, world.leads = world.leads, {RADIO: MAC}
    world.talks()
    world.lives(0.25)
    world.leads = leads
    world.host.clock += 60
    assert world.lives(2) == []
    assert world.paths()["enp0s10"] == "proven"


def test_a_router_that_changes_the_timers_has_them_put_back(world: World) -> None:
    world.begin()
    world.watching.take([Event(RouterFlags(BOND + 1, 0))])
    assert world.lives(1) == []
    world.watching.take([Event(RouterFlags(BOND, 0))])
    assert world.lives(1) == ["hasten"]


def test_a_move_that_is_refused_is_told_once(world: World) -> None:
    world.begin()
    del world.leads[CABLE]
    world.host.refuses = True
    for _ in range(5):
        world.talks()
        world.lives(3)
    assert world.active == CABLE
    assert len(world.told("write-failed")) == 1


class OneTap(FakeTaps):
    """One port is heard by a real socket; what it says ends the loop."""

    def __init__(self) -> None:
        super().__init__()
        self.near, self.far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.stop, self.stopper = socket.socketpair()

    @property
    def descriptors(self) -> dict[int, int]:
        return {self.near.fileno(): CABLE}

    def answers(self, index: int) -> list[Answer | Success]:
        self.stopper.send(b"stop")
        self.near.recv(100)
        return [Answer(V4, ROUTER4, MAC)]


class Quiet(rtnetlink.Socket):
    """The kernel has nothing to report."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def fileno(self) -> int:
        return self.descriptor


def test_the_loop_wakes_for_an_answer(world: World) -> None:
    world.leads = {}
    world.begin()
    assert world.paths()["enp0s10"] == "unknown"
    taps = OneTap()
    world.host.taps = taps
    taps.far.send(b"an answer")
    loop.run(world.watching, Quiet(taps.far.fileno()), taps.stop.fileno())
    assert world.paths()["enp0s10"] == "proven"
