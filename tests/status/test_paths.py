# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `wbond status` says of the paths behind the ports."""

from pathlib import Path

import pytest
from wbond_cli.status.collect import Collector
from wbond_cli.status.model import Facts
from wbond_net.watch.path import record

from tests import stories
from tests.status.views import bond_of, rendered, squeezed


def test_where_each_port_leads() -> None:
    found = bond_of(stories.path_dead())
    assert found["routers"] == [
        {"address": "192.0.2.1", "mac": "02:aa:00:00:00:01"},
        {"address": "fe80::1", "mac": None},
    ]
    ports = {port["name"]: port for port in found["ports"]}
    assert ports["enp0s10"]["path"]["state"] == "dead"
    assert ports["wlp3s0"]["path"]["lasted"] == 60
    assert [item["text"] for item in found["advice"]] == [
        "enp0s10 has a link and leads nowhere: the router does not answer there"
    ]


def test_where_each_port_leads_is_said_on_any_screen() -> None:
    for width in (40, 80, 120):
        text = squeezed(rendered(stories.path_dead(), width))
        assert "leadstotherouter" in text
        assert "leadsnowheresince" in text
        assert "fe80::1hasnotanswered" in text


def authenticated(state: str, active: int = stories.RADIO, cable_prio: int = 20) -> Facts:
    """A cable with 802.1X whose path is in a state."""
    paths = record.Record(
        (("192.0.2.1", "02:aa:00:00:00:01"),),
        (record.Path(stories.CARD, state, stories.NOW - 60),),
    )
    bond = stories.bond(active, primary=0)
    cable = stories.port(stories.CARD, prio=cable_prio, state=0)
    return stories.facts(
        *(bond, cable, stories.port(stories.RADIO)),
        paths={"bond0": paths},
        authenticated=frozenset(["enp0s10"]),
    )


@pytest.mark.parametrize("state", ["unknown", "dead"])
def test_a_cable_that_the_switch_may_not_have_authorised(state: str) -> None:
    [advice] = bond_of(authenticated(state))["advice"]
    assert "the switch may not have authorised it" in advice["text"]
    assert advice["remedy"].endswith("journalctl -b -u bond0-supplicant@enp0s10.service")


@pytest.mark.parametrize(
    "facts",
    [
        authenticated("proven"),
        authenticated("unknown", active=stories.CARD),
        authenticated("unknown", cable_prio=1),  # ranks below the radio: nobody asks by it
        authenticated("unknown")._replace(authenticated=frozenset()),
    ],
    ids=["proven", "active", "not asked", "plain"],
)
def test_of_a_cable_of_which_no_more_is_to_be_known_nothing_is_said(facts: Facts) -> None:
    assert bond_of(facts)["advice"] == []


def test_a_watch_that_does_not_look_into_paths_says_nothing_of_them() -> None:
    found = bond_of(stories.cable_active())
    assert (found["routers"], [port["path"] for port in found["ports"]]) == ([], [None, None])


def test_without_a_router_there_is_nothing_to_judge() -> None:
    known = stories.path_dead().paths["bond0"]
    facts = stories.path_dead(paths={"bond0": known._replace(routers=())})
    assert {port["path"]["state"] for port in bond_of(facts)["ports"]} == {"unjudged"}


@pytest.mark.parametrize("state", ["off", "waiting"])
def test_a_port_that_lets_nothing_through_has_no_path(state: str) -> None:
    known = stories.path_dead().paths["bond0"]
    paths = tuple(path._replace(state=state) for path in known.paths)
    facts = stories.path_dead(paths={"bond0": known._replace(paths=paths)})
    assert [port["path"] for port in bond_of(facts)["ports"]] == [None, None]


def test_a_record_is_read_as_it_was_written() -> None:
    written = stories.path_dead().paths["bond0"]
    assert record.read(record.text(written)) == written


def test_lines_that_are_none_are_left_out() -> None:
    long = "1" * 5000
    text = f"port {long} dead 1\nport 1 dead {long}\nport 1 dead 178542032000\n"
    text += "router\nport 1 proven nan\nport x dead 1\nport 1 fine 1\nport 2 dead 1.5\n\n"
    assert record.read(text) == record.Record((), (record.Path(2, "dead", 1.5),))


def test_the_record_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "run/wbond/bond0"
    folder.mkdir(parents=True)
    written = stories.path_dead().paths["bond0"]
    (folder / "path").write_text(record.text(written))
    collector = Collector(lambda *_: "", str(tmp_path))
    facts = stories.cable_active()
    found = collector.collect(facts.links, (), (), stories.NOW)
    assert found.paths == {"bond0": written}
