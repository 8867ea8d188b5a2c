# SPDX-License-Identifier: LGPL-2.1-or-later
"""In a network without a router, the DHCP server's answers tell where the ports lead."""

from pathlib import Path

import pytest
from wbond_net.kernel.routers import Router

from tests.path_story import (
    MAC,
    OTHER_MAC,
    OWN4,
    PRINTER,
    ROUTER4,
    ROUTERS,
    TO_CABLE,
    TO_RADIO,
    V4,
    World,
)
from tests.reports import CABLE, RADIO, bond, port, without_carrier

SERVER = Router(V4, ROUTER4, OWN4)
OTHER_SERVER = Router(V4, PRINTER, OWN4)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a network that has no router, and a DHCP server."""
    made = World(tmp_path)
    made.routers, made.server = (), SERVER
    return made


def routers(world: World) -> list[str]:
    """Return whose answers count."""
    lines = (world.folder / "path").read_text().splitlines()
    return [line.split()[1] for line in lines if line.startswith("router ")]


def test_a_dead_path_to_the_server_is_left(world: World) -> None:
    world.begin()
    assert world.lives(5) == []
    assert routers(world) == [SERVER.text]
    world.ages()
    del world.leads[CABLE]
    world.talks()
    assert world.lives(0.4) == [TO_RADIO]
    assert world.paths()["enp0s10"] == "dead"


def on_the_radio_alone(world: World) -> None:
    """Start a watch that finds no lease yet; it comes a second later."""
    world.addressed, world.server = False, None
    world.begin(bond(RADIO), port(RADIO), without_carrier(CABLE, mii_status=2))
    world.lives(1)
    world.has_lease(SERVER)
    world.lives(5)
    assert routers(world) == [SERVER.text]


def test_a_cable_gets_the_traffic_when_the_server_has_answered_by_it(world: World) -> None:
    world.leads = {RADIO: MAC}
    on_the_radio_alone(world)
    world.links_change(port(CABLE))  # behind spanning tree
    assert world.moves_in(60) == []
    world.leads[CABLE] = MAC
    assert world.moves_in(6) == [TO_CABLE]


def test_a_server_that_is_noted_late_is_asked(world: World) -> None:
    world.server = None
    world.begin()
    world.lives(5)
    assert routers(world) == []
    world.has_lease(None)  # dhcpcd calls its hook after it has set the address
    world.host.server = SERVER
    world.lives(5)
    assert routers(world) == [SERVER.text]


def test_a_new_lease_names_another_server(world: World) -> None:
    world.begin()
    world.lives(5)
    world.has_lease(OTHER_SERVER)
    world.lives(5)
    assert routers(world) == [OTHER_SERVER.text]


def test_without_a_lease_there_is_nobody_to_ask(world: World) -> None:
    world.begin()
    world.lives(5)
    world.has_lease(None, gone=True)
    world.lives(5)
    assert routers(world) == []


def test_a_server_of_a_former_network_is_asked_no_more(world: World) -> None:
    world.leads = {RADIO: MAC}
    on_the_radio_alone(world)
    world.leads = {}
    world.links_change(without_carrier(RADIO, mii_status=2))
    world.links_change(port(RADIO, carrier_down_count=1))
    world.lives(10)
    assert routers(world) == []
    world.leads = {RADIO: OTHER_MAC}
    world.has_lease(OTHER_SERVER)
    world.lives(5)
    assert routers(world) == [OTHER_SERVER.text]


def test_a_watch_that_begins_again_moves_nothing_by_link_alone(world: World) -> None:
    world.leads = {RADIO: MAC}
    world.begin(bond(RADIO), port(CABLE), port(RADIO))
    assert TO_CABLE not in world.first_done
    assert world.moves_in(60) == []


@pytest.mark.parametrize("answered", [True, False])
def test_where_the_server_is_off_links_decide(world: World, answered: bool) -> None:
    world.leads = {RADIO: MAC} if answered else {}
    world.begin(bond(RADIO), port(RADIO), without_carrier(CABLE, mii_status=2))
    world.lives(5)
    world.leads = {}
    world.links_change(port(CABLE))
    assert world.moves_in(20) == [TO_CABLE]
    world.lives(60)
    before = world.asked
    world.lives(3600)
    assert world.asked == before
    assert world.watching.poll_timeout_ms() is None
    world.leads = {CABLE: MAC, RADIO: MAC}
    world.has_lease(SERVER)
    world.lives(5)
    assert routers(world) == [SERVER.text]


def test_a_failover_by_link_is_no_silence(world: World) -> None:
    world.begin()
    world.lives(5)
    world.links_change(without_carrier(CABLE))
    world.lives(10)
    assert world.told("path-silent") == []
    assert world.paths()["wlp3s0"] == "proven"


def test_a_lease_that_is_confirmed_amid_a_question_is_no_silence(world: World) -> None:
    world.begin()
    world.lives(5)
    world.ages()
    world.leads = {}
    world.talks()
    world.lives(0.2)
    world.has_lease(SERVER)
    world.leads = {CABLE: MAC, RADIO: MAC}
    world.lives(10)
    assert world.told("path-silent") == []


def test_a_path_that_dies_while_a_lease_is_confirmed_is_left_as_soon(world: World) -> None:
    world.begin()
    world.lives(5)
    world.ages()
    world.has_lease(SERVER)
    del world.leads[CABLE]
    world.talks()
    assert world.moves_in(0.6) == [TO_RADIO]


def test_renewals_have_no_port_asked_more_often(world: World) -> None:
    world.leads = {RADIO: MAC}
    on_the_radio_alone(world)
    world.links_change(port(CABLE))
    world.lives(1000)
    before = len(world.asked_by(CABLE))
    for _ in range(12):
        world.has_lease(SERVER)
        assert world.moves_in(300) == []
    assert len(world.asked_by(CABLE)) - before <= 70


@pytest.mark.parametrize("leads", [{RADIO: MAC}, {RADIO: MAC, CABLE: OTHER_MAC}])
def test_a_short_silence_moves_nothing(world: World, leads: dict[int, str]) -> None:
    world.leads = {RADIO: MAC}
    on_the_radio_alone(world)
    world.leads = dict(leads)
    world.links_change(port(CABLE))
    world.lives(600)
    world.ages()
    world.leads.pop(RADIO)
    world.talks()
    world.lives(1.5)
    world.leads[RADIO] = MAC
    assert world.moves_in(60) == []
    assert routers(world) == [SERVER.text]


def test_a_port_by_which_the_server_answers_is_waited_for(world: World) -> None:
    world.begin(bond(CABLE), port(CABLE), port(RADIO, mii_status=2))
    world.lives(5)
    world.ages()
    del world.leads[CABLE]
    world.talks()
    world.lives(2)
    world.links_change(port(RADIO))
    world.talks()
    assert world.moves_in(30) == [TO_RADIO]


def test_what_could_not_be_read_is_read_again(world: World) -> None:
    world.begin()
    world.host.breaks = {"routers": OSError(105, "No buffer space available")}
    world.lives(5)
    world.host.breaks = {}
    world.lives(5)
    assert routers(world) == [SERVER.text]


def test_a_server_with_another_mac_address_is_in_another_network(world: World) -> None:
    world.leads = {CABLE: MAC, RADIO: OTHER_MAC}
    world.begin(bond(CABLE), port(CABLE), port(RADIO))
    world.lives(5)
    world.ages()
    del world.leads[CABLE]
    world.talks()
    world.lives(1)
    assert "leads elsewhere" in "".join(world.told("path-foreign"))


def test_nobody_is_asked_before_a_route_may_have_come(world: World) -> None:
    world.begin()
    assert world.lives(2) == []
    assert world.asked == 0
    world.host.found_routers = ROUTERS[1:]
    world.has_new_route()
    world.lives(60)
    assert routers(world) == [ROUTERS[1].text]


def test_a_route_that_goes_for_good_leaves_the_server(world: World) -> None:
    world.routers = ROUTERS[1:]
    world.begin()
    world.host.found_routers = ()
    world.has_new_route()
    world.lives(2)
    assert routers(world) == []
    world.lives(2)
    assert routers(world) == [SERVER.text]
    world.host.found_routers = ROUTERS[1:]
    world.has_new_route()
    world.lives(1)
    assert routers(world) == [ROUTERS[1].text]


def test_without_a_server_nothing_is_waited_for(world: World) -> None:
    world.server = None
    world.begin()
    world.lives(5)
    assert world.watching.poll_timeout_ms() is None
    assert world.asked == 0
