# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-watch follows the path: when a port is left for silence, and when it returns."""

from wbond_net.kernel.frames import Answer
from wbond_net.kernel.neighbours import FAILED, PROBE, STALE

from tests.path_story import (
    MAC,
    NOBODY4,
    OTHER_MAC,
    OWN4,
    PRINTER,
    ROUTER4,
    ROUTER6,
    ROUTERS,
    TO_CABLE,
    TO_RADIO,
    V4,
    V6,
    World,
    senders,
)
from tests.reports import (
    CABLE,
    MACS,
    RADIO,
    STICK,
    bond,
    port,
    without_carrier,
)

TO_STICK = "bond0/active_slave=wlx1"
FROM_ROUTER4 = Answer(V4, ROUTER4, MAC)
FROM_ROUTER6 = Answer(V6, ROUTER6, MAC, to_all=True)


def test_a_path_that_dies_under_traffic_is_left(world: World) -> None:
    world.begin()
    assert world.paths() == {"enp0s10": "proven", "wlp3s0": "unknown"}
    del world.leads[CABLE]
    world.talks()
    assert world.lives(0.29) == []
    assert world.lives(0.1) == [TO_RADIO]
    (why,) = world.told("path-left")
    assert "leaves cable enp0s10, where no router has answered for 300 ms, for radio wlp3s0" in why
    assert world.paths() == {"enp0s10": "dead", "wlp3s0": "proven"}
    assert world.host.prios[CABLE] == 20 - 5000


def test_a_path_that_returns_is_taken(world: World) -> None:
    test_a_path_that_dies_under_traffic_is_left(world)
    assert world.lives(10) == []
    world.leads[CABLE] = MAC
    assert TO_CABLE in world.lives(2)
    assert world.paths()["enp0s10"] == "proven"
    assert world.watching.poll_timeout_ms() is None


def test_a_dead_router_moves_nothing(world: World) -> None:
    world.begin()
    world.leads.clear()
    done = []
    for _ in range(60):
        world.talks()
        done += world.lives(1.0)
    assert done == []
    assert len(world.told("path-silent")) == 1


def all_dead(world: World) -> None:
    """Let no port lead anywhere, under traffic, for two minutes."""
    world.begin()
    world.leads = {}
    done = []
    for _ in range(120):
        world.talks()
        done += world.lives(1.0)
    assert done == []


def test_when_one_path_returns_it_has_the_traffic_within_two_seconds(world: World) -> None:
    all_dead(world)
    before = world.asked
    world.lives(60)
    assert world.asked - before <= 2 * 60 + 20
    world.leads = {RADIO: MAC}
    assert world.moves_in(2) == [TO_RADIO]


def test_a_router_that_restarts_moves_nothing_when_it_is_back(world: World) -> None:
    all_dead(world)
    world.leads = {CABLE: MAC, RADIO: MAC}
    assert world.moves_in(10) == []
    assert world.paths()["enp0s10"] == "proven"
    assert world.watching.poll_timeout_ms() is None


def test_idle_and_well_there_is_nothing_to_do(world: World) -> None:
    world.begin()
    world.lives(5)
    assert world.watching.poll_timeout_ms() is None
    assert world.taps.heard == {}
    world.taps.asked.clear()
    world.lives(3600)
    assert world.taps.asked == []


def test_a_download_that_dies_is_found_though_nothing_is_sent(world: World) -> None:
    world.begin()
    world.talks(100)
    assert world.lives(0.4) == []
    world.host.packets += 100
    world.reports(ROUTER4, STALE)  # a burst was sent: the kernel is made to ask
    del world.leads[CABLE]
    world.lives(0.1)
    world.reports(ROUTER4, STALE)
    assert world.lives(0.4) == [TO_RADIO]


def test_a_dead_path_to_the_printer_alone_is_found(world: World) -> None:
    world.begin()
    del world.leads[CABLE]
    world.host.packets += 1
    world.reports(PRINTER, PROBE)
    assert world.lives(0.4) == [TO_RADIO]


def test_a_lease_that_is_lost_has_the_other_family_s_router_asked(world: World) -> None:
    world.begin()
    del world.leads[CABLE]
    world.host.found_routers = ROUTERS[1:]
    world.has_new_route()
    assert world.lives(0.8) == [TO_RADIO]
    assert world.paths()["enp0s10"] == "dead"


def test_a_lease_that_is_lost_on_a_good_path_costs_a_question(world: World) -> None:
    world.begin()
    world.host.found_routers = ROUTERS[1:]
    before = world.asked
    world.has_new_route()
    assert world.lives(5) == []
    assert world.asked - before <= 1
    world.has_new_route()  # and nothing once more, as long as that is so
    assert world.lives(5) == []
    assert world.asked - before <= 1


def test_a_printer_that_sleeps_costs_a_question(world: World) -> None:
    world.begin()
    world.reports(PRINTER, FAILED)
    assert world.lives(5) == []
    assert world.told("path-silent") == []
    assert world.taps.asked == []


def test_an_answer_of_the_kernel_s_own_probe_sends_nothing_else(world: World) -> None:
    world.begin()
    before = world.asked
    world.talks()
    world.lives(1)
    assert world.asked == before


def test_the_router_on_the_standby_is_asked_as_nobody(world: World) -> None:
    world.begin()
    del world.leads[CABLE]
    world.talks()
    world.lives(0.25)
    assert senders(world.asked_by(RADIO)) == {NOBODY4}
    assert senders(world.asked_by(CABLE)) == {OWN4}


def test_a_radio_has_half_a_second(world: World) -> None:
    world.options = world.options._replace(returns=False)
    world.begin(bond(RADIO), port(RADIO), port(CABLE))
    world.leads = {CABLE: MAC}
    world.talks()
    assert world.lives(0.48) == []
    assert world.lives(0.1) == [TO_CABLE]


def one_round_lost(world: World) -> None:
    """Let the radio lose the first question of the next inquiry, and the cable be silent."""
    world.routers = ROUTERS[:1]
    world.begin()
    world.drops = {RADIO: {len(world.asked_by(RADIO)) + 1}}
    del world.leads[CABLE]
    world.talks()


def test_a_standby_that_loses_an_answer_gives_the_active_port_more_time(world: World) -> None:
    one_round_lost(world)
    assert world.lives(0.9) == []
    assert world.lives(0.2) == [TO_RADIO]


def test_where_answers_get_lost_on_all_ports_none_is_left(world: World) -> None:
    one_round_lost(world)
    assert world.lives(0.5) == []
    world.leads[CABLE] = MAC
    assert world.lives(10) == []
    assert world.paths()["enp0s10"] == "proven"


def silent(world: World, version: int) -> None:
    """Begin where no router answers by itself, and let the active port be doubted."""
    world.routers = ROUTERS[:1] if version == 4 else ROUTERS[1:]
    world.begin(bond(CABLE), port(CABLE), port(RADIO), port(STICK))
    world.leads.clear()
    world.host.packets += 100
    world.reports(ROUTER4 if version == 4 else ROUTER6, STALE, PROBE)


def test_a_standby_that_is_answered_late_gives_the_active_port_more_time(world: World) -> None:
    silent(world, 4)
    assert world.lives(0.28) == []
    world.answers(RADIO, FROM_ROUTER4, FROM_ROUTER4)  # 180 and 80 ms after it has asked
    assert world.lives(0.1) == []
    world.answers(CABLE, FROM_ROUTER4)
    assert world.lives(10) == []


def test_answers_to_a_former_question_do_not_hasten_the_verdict(world: World) -> None:
    silent(world, 4)
    assert world.lives(0.22) == []
    world.answers(CABLE, FROM_ROUTER4)
    world.reports(ROUTER4, STALE, PROBE)
    assert world.lives(0.12) == []
    world.answers(RADIO, FROM_ROUTER4, FROM_ROUTER4)
    assert world.lives(0.3) == []
    world.answers(CABLE, FROM_ROUTER4)
    assert world.lives(10) == []


def test_an_answer_to_all_counts_once_however_many_ports_have_asked(world: World) -> None:
    silent(world, 6)
    assert world.lives(0.12) == []
    for index in (RADIO, STICK):
        world.answers(index, FROM_ROUTER6, FROM_ROUTER6)
    assert world.lives(0.3) == []
    world.answers(CABLE, FROM_ROUTER6._replace(to_all=False))
    assert world.lives(10) == []


def test_a_standby_that_leads_nowhere_delays_no_move_to_another(world: World) -> None:
    silent(world, 6)
    world.leads = {RADIO: MAC}
    assert world.lives(0.31) == [TO_RADIO]


def test_of_two_standbys_that_hear_each_other_s_answers_the_better_is_taken(world: World) -> None:
    silent(world, 6)
    world.leads = {RADIO: MAC, STICK: MAC}
    assert world.lives(0.31) == [TO_STICK]


def test_version_6_alone(world: World) -> None:
    world.families = {V6}
    world.routers = ROUTERS[1:]
    world.begin()
    assert world.paths()["enp0s10"] == "proven"
    del world.leads[CABLE]
    world.reports(ROUTER6, STALE, PROBE)
    assert world.lives(0.4) == [TO_RADIO]


def test_an_answer_to_all_nodes_proves_no_way_out(world: World) -> None:
    world.routers = ROUTERS[1:]
    world.begin()
    del world.leads[CABLE]
    world.hears = {CABLE}  # a switch lets in nothing by its port, and out what is for all
    world.host.packets += 100
    world.reports(ROUTER6, STALE, PROBE)
    assert world.lives(0.5) == [TO_RADIO]
    assert world.moves_in(30) == []


def test_version_6_that_is_deaf_moves_nothing_while_version_4_is_well(world: World) -> None:
    world.begin()
    world.families = {V4}
    for _ in range(5):
        world.reports(ROUTER6, PROBE)
        assert world.lives(1) == []
        world.reports(ROUTER6, FAILED)
        assert world.lives(2) == []


def test_each_failover_is_verified_and_the_next_port_taken_if_need_be(world: World) -> None:
    world.begin()
    world.leads = {RADIO: MAC}
    lost = [without_carrier(CABLE), bond(RADIO, primary=0, primary_reselect=2)]
    world.active = RADIO
    world.links_change(*lost)
    world.lives(1)
    assert world.paths() == {"enp0s10": "off", "wlp3s0": "proven"}


def test_a_failover_into_silence_moves_on_to_a_port_that_has_an_answer(world: World) -> None:
    world.begin(bond(CABLE), port(CABLE), port(RADIO), port(STICK))
    world.leads = {RADIO: MAC}
    world.active = STICK
    world.links_change(without_carrier(CABLE), bond(STICK, primary=0, primary_reselect=2))
    assert world.lives(0.49) == []
    assert world.lives(0.1) == [TO_RADIO]
    assert world.paths() == {"enp0s10": "off", "wlp3s0": "proven", "wlx1": "dead"}


def test_another_router_at_the_standby_is_no_proof(world: World) -> None:
    world.begin()
    world.leads = {RADIO: OTHER_MAC}
    world.talks()
    assert world.lives(5) == []
    assert world.paths()["wlp3s0"] == "foreign"
    assert world.host.prios[RADIO] == 10 - 1000
    (told,) = world.told("path-foreign")
    assert told.endswith(f"radio wlp3s0 leads elsewhere: there, 192.0.2.1 is {OTHER_MAC}")


def test_after_a_failover_into_another_network_the_clients_ask(world: World) -> None:
    world.options = world.options._replace(start=("dhclient@bond0.service",))
    world.marker.write_text("dhclient@bond0.service\n")
    world.begin()
    world.leads = {RADIO: OTHER_MAC}
    world.active = RADIO
    done = world.links_change(without_carrier(CABLE), bond(RADIO, primary_reselect=2, primary=0))
    done += world.lives(1)
    assert [what for what in done if "try-reload-or-restart" in what] != []
    assert len(world.told("path-network")) == 1
    assert world.paths()["wlp3s0"] == "proven"


def test_a_cable_behind_spanning_tree_waits_for_its_path(world: World) -> None:
    world.leads = {RADIO: MAC}
    world.begin(bond(RADIO, primary=0), without_carrier(CABLE, mii_status=2), port(RADIO))
    world.links_change(port(CABLE, mii_status=2))
    world.links_change(port(CABLE))
    assert world.lives(30) == []
    world.leads[CABLE] = MAC
    assert world.lives(1.0) == []
    assert world.lives(0.6) == [TO_CABLE]


def test_a_proof_takes_three_answers_from_carrier_on_not_from_miimon(world: World) -> None:
    world.begin(bond(RADIO, primary=0), without_carrier(CABLE, mii_status=2), port(RADIO))
    world.links_change(port(CABLE, mii_status=2))
    assert world.lives(0.3) == []
    world.links_change(port(CABLE))
    assert world.lives(0.2) == [TO_CABLE]


def test_a_path_that_flaps_is_held_back_and_left_at_once(world: World) -> None:
    world.begin()
    returns = 0
    for _ in range(20):
        world.leads = {RADIO: MAC}
        world.talks()
        world.lives(1.5)
        assert world.active == RADIO
        world.leads = {RADIO: MAC, CABLE: MAC}
        world.talks()
        returns += world.lives(3).count(TO_CABLE)
    assert 2 <= returns <= 3
    assert world.told("path-held") != []


def test_no_more_than_six_moves_a_minute(world: World) -> None:
    world.begin()
    moves = 0
    for _ in range(30):
        world.leads = {RADIO if world.active == CABLE else CABLE: MAC}
        world.talks()
        moves += len(world.lives(2.0))
    assert 6 <= moves <= 7
    assert world.told("path-limited") != []


def test_a_common_address_is_claimed_back_after_each_question(world: World) -> None:
    mac = MACS[CABLE]
    world.begin(bond(CABLE), port(CABLE), port(RADIO, address=mac))
    world.leads = {CABLE: MAC}
    world.host.sent.clear()
    world.talks()
    world.leads.clear()
    world.reports(ROUTER4, PROBE)
    world.lives(0.28)
    asked = [when for when, index, _ in world.history if index == RADIO]
    claims = [when for when, _, _ in world.host.sent]
    assert asked != []
    for when in asked:
        assert any(when <= claim <= when + 0.03 for claim in claims)
