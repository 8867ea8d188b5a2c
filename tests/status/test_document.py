# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond status --json, as programs see it, and beside what the kernel says."""

import json
import time
from collections.abc import Callable
from typing import Any

import bonding_file
import jsonschema
import pytest
from wbond_cli.status import document
from wbond_cli.status.build import build_status
from wbond_cli.status.model import Advice, Facts

from tests import stories
from tests.status.views import SCHEMA, bond_of, each_story, errors, rendered
from tests.stories import NOW

WHY = "it is an iPhone or iPad and only looks like a cable"
LEFT_OUT: dict[str, Any] = {"left_out": {"enx1\udcff": WHY}}


def test_what_is_left_out_is_said_with_its_reason() -> None:
    facts = stories.cable_active()._replace(**LEFT_OUT)
    found = document.status_to_dict(build_status(facts))["left_out"]
    assert found == [{"name": "enx1\\udcff", "reason": WHY}]
    assert "left out  enx1\\udcff: it is an iPhone or iPad and only looks" in rendered(facts)
    assert "left out" not in rendered(stories.cable_active())


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@each_story
def test_the_object_is_what_the_schema_says(story: Callable[[], Facts]) -> None:
    faulty = stories.configured("[bond0]\nwired = enp0s10\nmimon = 5\n")
    for changes in ({}, {"config": faulty}, {"faults": (Advice("dark", ""),)}, LEFT_OUT):
        assert errors(document.status_to_dict(build_status(story()._replace(**changes)))) == []


def with_more(part: Any) -> Any:
    """Return what a later version may print: a field more in each object."""
    if isinstance(part, list):
        return [with_more(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {name: with_more(one) for name, one in part.items()} | {"more": 1}


def test_a_reader_with_an_older_schema_takes_what_is_added() -> None:
    later = with_more(
        json.loads(json.dumps(document.status_to_dict(build_status(stories.refused()))))
    )
    assert errors(later, SCHEMA) == []
    assert len(errors(later)) > 5


def test_the_schema_knows_every_key() -> None:
    found = json.loads(json.dumps(document.status_to_dict(build_status(stories.cable_active()))))
    for place in (found, found["bonds"][0], found["bonds"][0]["ports"][0]):
        place["surprise"] = 1
        assert len(errors(found)) == 1
        del place["surprise"]


@each_story
def test_every_word_of_the_object_is_unicode(story: Callable[[], Facts]) -> None:
    json.dumps(document.status_to_dict(build_status(story())), ensure_ascii=False).encode()


def test_the_object() -> None:
    bond = bond_of(stories.cable_active())
    assert (bond["online"], bond["active"], bond["lasted"]) == (True, "enp0s10", 7400.0)
    cable, radio = bond["ports"]
    assert (cable["state"], cable["speed"], cable["position"]) == ("active", 1000, 1)
    assert (radio["state"], radio["link_failures"], radio["position"]) == ("standby", 3, 2)
    assert radio["radio"] == {
        "ssid": "Home net",
        "signal": -52,
        "frequency": 5180.0,
        "rate": 866.7,
        "legacy_rates": False,
    }
    leased = bond["addresses"][0]
    assert (leased["source"], leased["left"], leased["server"]) == ("dhcp4", 18_731, "192.0.2.1")
    began = time.strptime(bond["since"][:19], "%Y-%m-%dT%H:%M:%S")
    assert time.mktime(began) == NOW - 7400


def test_the_names_of_0_1_mean_what_they_meant() -> None:
    """`priority` is there the kernel's, not the option of that name."""
    for port in bond_of(stories.cable_active())["ports"]:
        assert (port["rank"], port["priority"]) == (port["position"], port["prio"])
    assert [port["prio"] for port in bond_of(stories.cable_active())["ports"]] == [20, 10]


BONDING = """\
Ethernet Channel Bonding Driver: v6.1.0-56-amd64

Bonding Mode: fault-tolerance (active-backup) (fail_over_mac active)
Primary Slave: enp0s10 (primary_reselect always)
Currently Active Slave: {active}
MII Status: {bond}
MII Polling Interval (ms): 100
Up Delay (ms): 0
Down Delay (ms): 0
Peer Notification Delay (ms): 300

Slave Interface: wlp3s0
MII Status: {radio}
Speed: Unknown
Duplex: Unknown
Link Failure Count: {failures}
Permanent HW addr: 02:00:00:00:00:03
Slave queue ID: 0

Slave Interface: enp0s10
MII Status: {cable}
Speed: 1000 Mbps
Duplex: full
Link Failure Count: 0
Permanent HW addr: 02:00:00:00:00:02
Slave queue ID: 0
"""
CARRIES = {"active": "enp0s10", "bond": "up", "cable": "up", "radio": "up", "failures": "3"}
NOTHING = {"active": "None", "bond": "down", "cable": "down", "radio": "down", "failures": "0"}


@pytest.mark.parametrize(
    ("facts", "file", "differs"),
    [
        (stories.cable_active(), CARRIES, []),
        (stories.no_link(), NOTHING, []),
        (stories.cable_active(), {**CARRIES, "failures": "4"}, ["wlp3s0 failures"]),
        (stories.cable_active(), {**CARRIES, "radio": "going back"}, ["wlp3s0 mii_status"]),
        (
            stories.cable_active(),
            {**CARRIES, "active": "wlp3s0"},
            ["active", "wlp3s0 active", "enp0s10 active"],
        ),
    ],
)
def test_it_agrees_with_the_kernel_s_file(
    facts: Facts, file: dict[str, str], differs: list[str]
) -> None:
    found = bonding_file.differences(bond_of(facts), BONDING.format(**file))
    assert [line.partition(":")[0] for line in found] == differs
