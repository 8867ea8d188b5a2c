# SPDX-License-Identifier: LGPL-2.1-or-later
"""In a network without a router, the DHCP server's answers tell where the ports lead."""

from pathlib import Path

import pytest
from wbond_net.kernel.routers import Router

from tests.path_story import MAC, OTHER_MAC, OWN4, ROUTER4, ROUTERS, TO_CABLE, TO_RADIO, V4, World
from tests.reports import CABLE, RADIO, bond, port, without_carrier

SERVER = Router(V4, ROUTER4, OWN4)


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


def test_a_cable_gets_the_traffic_when_the_server_has_answered_by_it(world: World) -> None:
    world.leads = {RADIO: MAC}
    world.begin(bond(RADIO), port(RADIO), without_carrier(CABLE, mii_status=2))
    world.lives(5)
    world.links_change(port(CABLE))  # behind spanning tree
    assert world.moves_in(60) == []
    world.leads[CABLE] = MAC
    assert world.moves_in(6) == [TO_CABLE]


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
