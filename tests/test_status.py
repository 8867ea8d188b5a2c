# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond status: what it makes of a laptop's states, and how it tells them."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import bonding_file
import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from wbond_cli import formatting
from wbond_cli.journal import reader
from wbond_cli.process import Answer
from wbond_cli.status import collect, document, model, monitor, table
from wbond_cli.status.model import Association, Facts, Unit
from wbond_net.clients import leases
from wbond_net.kernel import rtnetlink, sysfs
from wbond_net.kernel.bond_state import State
from wbond_net.kernel.cache import Cache
from wbond_net.ports import mac_policy

from tests import stories
from tests.conftest import REPOSITORY, configured
from tests.namespaces import in_a_network_of_its_own
from tests.stories import CARD, MACS, NOW, RADIO, STORIES
from tests.terminal import Terminal

SCRIPT = REPOSITORY / "helpers/wbond"
SCHEMA = json.loads((REPOSITORY / "helpers/wbond_cli/status/status.schema.json").read_text())
WIDTHS = (40, 60, 80, 120)
each_story = pytest.mark.parametrize("story", STORIES.values(), ids=list(STORIES))


def rendered(facts: Facts, width: int = 80, encoding: str = "utf-8", **options: Any) -> str:
    """Return what is printed of a state, to a stream of that encoding which takes nothing else."""
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace")
    screen = Console(file=file, width=width, markup=False, highlight=False, emoji=False, **options)
    screen.print(table.whole(model.paint(facts), table.style(screen)))
    file.seek(0)
    return file.read()


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def bond_of(facts: Facts) -> Any:
    """Return the one bond as programs see it, by way of JSON."""
    return json.loads(json.dumps(document.whole(model.paint(facts))))["bonds"][0]


# --- for people ---------------------------------------------------------------


def test_the_cable_carries() -> None:
    assert lines(rendered(stories.cable_carries())) == [
        "bond0  cable enp0s10 is active since 12:03:00 (2 h 3 min)",
        "  IPv4   192.0.2.100/24  lease of 192.0.2.1 until 19:18:31 (5 h 12 min left)",
        "  IPv6   2001:db8::1000/128  lease by dhcp6c, which sets no end",
        "  IPv6   2001:db8::5054:ff:fe12:3456/64  router advertisement until 31 Jul 14:06",
        "         (1 d left)",
        "  IPv6   fe80::5054:ff:fe12:3456/64  link-local",
        "  MAC    02:00:00:00:00:02  mac = active",
        "  units  active: wbond@bond0 wbond-watch@bond0 dhclient@bond0 dhcp6c@bond0",
        "         bond0-wired@enp0s10 bond0-supplicant@wlp3s0",
        "",
        "   port     kind   rank  state      since     failures  link",
        "*  enp0s10  cable     1  active     12:03:00         0  1 Gb/s",
        '   wlp3s0   radio     2  stands by  12:02:05         3  "Home net"',
        "                                                        -52 dBm, 866.7 Mb/s",
    ]


def test_the_radio_carries_on_a_narrow_terminal() -> None:
    assert lines(rendered(stories.wifi_carries(addresses=()), 40)) == [
        "bond0  radio wlp3s0 is active since",
        "14:05:20 (1 min)",
        "  MAC    02:00:00:00:00:03  mac = active",
        "  units  active: wbond@bond0",
        "         wbond-watch@bond0",
        "         dhclient@bond0 dhcp6c@bond0",
        "         bond0-wired@enp0s10",
        "         bond0-supplicant@wlp3s0",
        "",
        "  enp0s10",
        "    cable, rank 1, link failures 1",
        "    no carrier since 14:05:20 (1 min)",
        "* wlp3s0",
        "    radio, rank 2, link failures 0",
        "    active since 14:05:20 (1 min)",
        '    "Home net"',
        "    -52 dBm, 866.7 Mb/s",
        "",
        "  ! it has no address that reaches",
        "    beyond the link",
        "    journalctl -b -u",
        "    dhclient@bond0.service",
    ]


@each_story
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_off(story: Callable[[], Facts], width: int) -> None:
    facts = story()
    text = rendered(facts, width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert "…" not in text
    (bond,) = model.paint(facts).bonds
    expected = [f"{address.text}/{address.prefixlen}" for address in bond.addresses]
    expected += [unit.name.removesuffix(".service") for unit in bond.units]
    expected += [part for advice in model.advice(bond) for part in advice]
    if story is not stories.hostile or width == 40:  # elsewhere other cells come in between
        expected += [style.shown(port.name) for port in bond.ports]
    for part in expected:
        assert squeezed(part) in squeezed(text), part


style = table.Style(80)


@each_story
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_locale_without_utf8(story: Callable[[], Facts], encoding: str, width: int) -> None:
    text = rendered(story(), width, encoding)
    assert text == text.encode(encoding).decode(encoding)
    if width >= table.NARROW:
        assert max(map(cell_len, text.splitlines())) <= width


@each_story
@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_hostile_is_shown_and_not_done(story: Callable[[], Facts], width: int) -> None:
    text = rendered(story(), width)
    assert all(character.isprintable() or character == "\n" for character in text)


def test_markup_in_names_is_text() -> None:
    text = squeezed(rendered(stories.hostile(), 40))
    assert r"wl\udcff[red]\x1b]0;" in text
    assert r"\x1b[2J[bold]\u202e日本語32octets" in text


def test_colour_on_a_terminal_plain_in_a_pipe() -> None:
    coloured = rendered(stories.cable_carries(), force_terminal=True, color_system="standard")
    assert "\x1b[1;32m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == rendered(stories.cable_carries())
    assert "\x1b" not in rendered(stories.cable_carries())


@each_story
def test_the_active_port_is_marked_without_colour(story: Callable[[], Facts]) -> None:
    facts = story()
    active = model.paint(facts).bonds[0].active
    for width in (40, 120):
        marked = [line for line in lines(rendered(facts, width)) if line.startswith("*")]
        assert len(marked) == (1 if active else 0)
        assert all(active in line for line in marked)


def test_without_durations_nothing_ages() -> None:
    later = stories.cable_carries(time=NOW + 60)._replace(addresses=())
    screen = Console(file=io.StringIO(), width=80)
    for facts in (stories.cable_carries(addresses=()), later):
        found = model.paint(facts)
        screen.print(table.whole(found, table.Style(80, durations=False)))
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert text[: len(text) // 2] == text[len(text) // 2 :]


@pytest.mark.parametrize(
    ("flags", "said"),
    [(0x20, ", for nothing new"), (0x40, ", not yet proven"), (0x48, ", another host has it")],
)
def test_an_address_that_is_not_for_all_says_so(flags: int, said: str) -> None:
    address = stories.address("2001:db8::7", 64, 3600, flags=flags, protocol=2)
    facts = stories.cable_carries(addresses=(address,))
    (line,) = (line for line in lines(rendered(facts, 120)) if "2001:db8::7/64" in line)
    assert line.endswith(said)
    (told,) = bond_of(facts)["addresses"]
    states = {0x20: "deprecated", 0x40: "tentative", 0x48: "duplicate"}
    assert told[states[flags]] is True
    assert told["deprecated"] is (flags == 0x20)


# --- the picture in README ----------------------------------------------------

PICTURE = REPOSITORY / "docs/status.svg"  # of `make picture`, in the lab
SIGN = 12.2  # the width of a sign in it, in its own units


def drawn() -> list[str]:
    """Return the lines of the picture, as a terminal had them."""
    rows: dict[float, str] = {}
    for text in ElementTree.parse(PICTURE).iter("{http://www.w3.org/2000/svg}text"):
        if "clip-path" in text.attrib:  # the title above has none
            y, column = float(text.attrib["y"]), round(float(text.attrib["x"]) / SIGN)
            rows[y] = rows.get(y, "").ljust(column) + (text.text or "").replace("\xa0", " ")
    return [rows[y].rstrip() for y in sorted(rows)]


def frame(shown: list[str]) -> list[str]:
    """Return what is the same wherever and whenever a bond with two ports is shown.

    The headline without its names and times, the labels of the facts, and the headings,
    which stand above the ports.
    """
    (bond,) = [n for n, line in enumerate(shown) if line.startswith("bond0 ")]
    (first, *_) = [n for n, line in enumerate(shown) if re.match(r"[* ]  enp0s10 ", line)]
    headline = re.sub(r"\(.*\)", "(…)", re.sub(r"\d+:\d+:\d+", "…", shown[bond]))
    labels = [line.split()[0] for line in shown[bond + 1 : first - 1] if re.match("  [^ ]", line)]
    return [headline, *dict.fromkeys(labels), *shown[first - 1].split()]


def test_the_picture_in_readme_has_the_present_look() -> None:
    """Else: make picture."""
    shown = drawn()
    (second,) = [number for number, line in enumerate(shown) if line.startswith("# ")]
    for part, story in ((shown[:second], "cable_carries"), (shown[second:], "wifi_carries")):
        assert frame(part) == frame(lines(rendered(getattr(stories, story)())))


def test_what_the_picture_in_readme_says_is_still_said() -> None:
    shown = drawn()
    values = [line[8:] for line in shown if re.match(r"  IPv[46] ", line)]
    ports = [line for line in shown if re.match(r"[* ]  (enp0s10|wlp3s0) ", line)]
    assert (len(values), len(ports)) == (8, 4)
    for line in values:
        assert line.partition("  ")[2].startswith(tuple(table.SOURCES.values()))
    for line in ports:
        kinds, states = "|".join(table.KINDS.values()), [text for text, _ in table.STATES.values()]
        assert re.search(rf" ({kinds}) +\d  ({'|'.join(states)}) ", line)


# --- for programs -------------------------------------------------------------


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def strict(part: Any) -> Any:
    """Return the schema with no room for fields that it does not name."""
    if isinstance(part, list):
        return [strict(one) for one in part]
    if not isinstance(part, dict):
        return part
    closed = {"additionalProperties": False} if "required" in part else {}
    return {name: strict(one) for name, one in part.items()} | closed


def errors(instance: object, schema: Any = None) -> list[str]:
    validator = jsonschema.Draft202012Validator(schema or strict(SCHEMA))
    return [error.message for error in validator.iter_errors(json.loads(json.dumps(instance)))]


@each_story
def test_the_object_is_what_the_schema_says(story: Callable[[], Facts]) -> None:
    faulty = stories.wishes("[bond0]\nwired = enp0s10\nmimon = 5\n")
    for changes in ({}, {"config": faulty}, {"faults": (model.Advice("dark", ""),)}):
        assert errors(document.whole(model.paint(story()._replace(**changes)))) == []


def with_more(part: Any) -> Any:
    """Return what a later version may print: a field more in each object."""
    if isinstance(part, list):
        return [with_more(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {name: with_more(one) for name, one in part.items()} | {"more": 1}


def test_a_reader_with_an_older_schema_takes_what_is_added() -> None:
    later = with_more(json.loads(json.dumps(document.whole(model.paint(stories.refused())))))
    assert errors(later, SCHEMA) == []
    assert len(errors(later)) > 5


def test_the_schema_knows_every_key() -> None:
    found = json.loads(json.dumps(document.whole(model.paint(stories.cable_carries()))))
    for place in (found, found["bonds"][0], found["bonds"][0]["ports"][0]):
        place["surprise"] = 1
        assert len(errors(found)) == 1
        del place["surprise"]


@each_story
def test_every_word_of_the_object_is_unicode(story: Callable[[], Facts]) -> None:
    json.dumps(document.whole(model.paint(story())), ensure_ascii=False).encode()


def test_the_object() -> None:
    bond = bond_of(stories.cable_carries())
    assert (bond["online"], bond["active"], bond["lasted"]) == (True, "enp0s10", 7400.0)
    cable, radio = bond["ports"]
    assert (cable["state"], cable["speed"], cable["rank"]) == ("active", 1000, 1)
    assert (radio["state"], radio["link_failures"], radio["rank"]) == ("standby", 3, 2)
    assert radio["radio"] == {"ssid": "Home net", "signal": -52, "frequency": 5180.0, "rate": 866.7}
    leased = bond["addresses"][0]
    assert (leased["source"], leased["left"], leased["server"]) == ("dhcp4", 18_731, "192.0.2.1")
    began = time.strptime(bond["since"][:19], "%Y-%m-%dT%H:%M:%S")
    assert time.mktime(began) == NOW - 7400


# --- beside /proc/net/bonding -------------------------------------------------

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
        (stories.cable_carries(), CARRIES, []),
        (stories.nothing_carries(), NOTHING, []),
        (stories.cable_carries(), {**CARRIES, "failures": "4"}, ["wlp3s0 failures"]),
        (stories.cable_carries(), {**CARRIES, "radio": "going back"}, ["wlp3s0 mii_status"]),
        (
            stories.cable_carries(),
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


# --- what follows from a state ------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        (stories.cable_carries(), 0),
        (stories.wifi_carries(), 0),
        (stories.refused(), 0),
        (stories.nothing_carries(), 1),
        (stories.bond_missing(), 1),
        (stories.cable_carries(addresses=(stories.address("fe80::1", 64),)), 1),
        (stories.cable_carries(addresses=(stories.address("2001:db8::1", 64, flags=0x40),)), 1),
        (stories.facts(stories.bond(CARD, flags=0), stories.port(CARD)), 1),
        (stories.cable_carries(config=stories.wishes("")), 2),
        (stories.cable_carries(config=stories.wishes(stories.TWO + "[bond1]\n")), 1),
    ],
)
def test_exit_status(facts: Facts, status: int) -> None:
    assert model.exit_status(model.paint(facts)) == status


def unit(name: str, **changes: Any) -> dict[str, Unit]:
    """Return all units, one of them changed."""
    found = stories.units()
    return {**found, name: found[name]._replace(**changes)}


WATCHED = unit("wbond-watch@bond0.service", environment={"DHCP6": "none"})
RADIO_UNIT = "bond0-supplicant@wlp3s0.service"
OUT: dict[str, Any] = {"master": 0, "slave": None}


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (stories.cable_carries(), []),
        (stories.cable_carries(units=WATCHED), []),
        (
            stories.nothing_carries(),
            [("no port carries", f"plug a cable in; of the radio: journalctl -b -u {RADIO_UNIT}")],
        ),
        (
            stories.bond_missing(),
            [
                (
                    "bond0 is configured and not there",
                    "systemctl status wbond@bond0.service, and wbond check",
                )
            ],
        ),
        (
            stories.bond_missing(units=unit("wbond@bond0.service", active="inactive")),
            [
                (
                    "bond0 is configured and not there",
                    "sudo wbond up bond0",
                )
            ],
        ),
        (
            stories.refused(),
            [
                (
                    "wlp3s0 has 02:00:00:00:00:03, not the common address 02:00:00:00:00:02",
                    "it works with its own; its driver may have refused: "
                    f"journalctl -b -u {RADIO_UNIT}",
                )
            ],
        ),
        (
            stories.cable_carries(units=unit("dhcp6c@bond0.service", active="failed")),
            [("dhcp6c@bond0.service has failed", "systemctl status dhcp6c@bond0.service")],
        ),
        (
            stories.cable_carries(units=unit(RADIO_UNIT, active="activating", sub="auto-restart")),
            [(f"{RADIO_UNIT} ends and is started anew", f"journalctl -b -u {RADIO_UNIT}")],
        ),
        (
            stories.cable_carries(units=unit("dhclient@bond0.service", reload_due=True)),
            [
                (
                    "the configuration was edited since it was read",
                    "sudo wbond apply, or, if that finds nothing to do, systemctl daemon-reload",
                )
            ],
        ),
        (
            stories.facts(stories.bond(CARD), stories.port(CARD), stories.port(RADIO, **OUT)),
            [("wlp3s0 is there and has not joined", f"systemctl status {RADIO_UNIT}")],
        ),
        (
            stories.facts(
                *(stories.bond(CARD), stories.port(CARD), stories.port(RADIO, **OUT)),
                units=unit(RADIO_UNIT, active="inactive"),
            ),
            [
                (
                    "wlp3s0 is there and has not joined: its unit is stopped",
                    f"systemctl start {RADIO_UNIT}",
                )
            ],
        ),
        (
            stories.facts(
                *(stories.bond(CARD), stories.port(CARD), stories.port(RADIO, **OUT)),
                blocked=frozenset({"wlp3s0"}),
            ),
            [("wlp3s0 is blocked by rfkill", "rfkill unblock wifi, or its switch")],
        ),
        (
            stories.facts(
                *(stories.bond(CARD), stories.port(CARD)),
                *(stories.port(RADIO, slave=None, master=8),),
                stories.bond(name="br0", ifindex=8, bond=None, kind="bridge"),
            ),
            [("wlp3s0 is a port of br0; it is left alone", "take it out there")],
        ),
        (
            stories.cable_carries(config=stories.wishes("")),
            [
                (
                    "bond0 is in no configuration any more",
                    "systemctl stop wbond@bond0.service removes it",
                )
            ],
        ),
        (
            stories.facts(stories.bond(bond=None, kind="dummy")),
            [
                (
                    "bond0 is there and is no bond; it is left alone",
                    "give the bond another name, or delete bond0 and "
                    "systemctl start wbond@bond0.service",
                )
            ],
        ),
        (
            stories.facts(
                *(stories.bond(RADIO), stories.port(CARD, carries=False)),
                stories.port(RADIO, operstate=stories.DORMANT, state=0),
            ),
            [
                (
                    "wlp3s0 is associated and not authorised; the password may be wrong",
                    f"journalctl -b -u {RADIO_UNIT}",
                )
            ],
        ),
        (
            stories.cable_carries(
                addresses=(stories.LEASED, stories.address("2001:db8::9", 64, flags=0x88))
            ),
            [
                (
                    "2001:db8::9 is in use by another host",
                    "find that host, or restart the client that asked for it",
                )
            ],
        ),
        (
            stories.facts(stories.bond(CARD, flags=0), stories.port(CARD)),
            [("bond0 is down", "systemctl restart wbond@bond0.service")],
        ),
        (
            stories.cable_carries(addresses=()),
            [
                (
                    "it has no address that reaches beyond the link",
                    "journalctl -b -u dhclient@bond0.service",
                )
            ],
        ),
    ],
)
def test_what_is_wrong_and_what_to_do(facts: Facts, said: list[tuple[str, str]]) -> None:
    (bond,) = model.paint(facts).bonds
    assert [tuple(advice) for advice in model.advice(bond)] == said


def test_a_unit_with_a_backslash_is_quoted_for_the_shell() -> None:
    found = model.paint(stories.facts(config=stories.wishes("[a\\]\nwired = eth0\n"), made=()))
    said = model.advice(found.bonds[0])[0].remedy
    assert said.startswith(r"systemctl status 'wbond@a\x5c.service'")


def states(facts: Facts) -> dict[str, str]:
    return {port.name: port.state for port in model.paint(facts).bonds[0].ports}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (stories.wifi_carries(), {"enp0s10": "no-carrier", "wlp3s0": "active"}),
        (stories.facts(stories.bond()), {"enp0s10": "absent", "wlp3s0": "absent"}),
        (
            stories.facts(
                *(stories.bond(CARD), stories.port(CARD)),
                stories.port(RADIO, operstate=stories.DORMANT),
            ),
            {"enp0s10": "active", "wlp3s0": "waiting"},
        ),
        (
            stories.facts(
                stories.bond(), stories.port(CARD, flags=0), stories.port(RADIO, carries=False)
            ),
            {"enp0s10": "down", "wlp3s0": "no-carrier"},
        ),
    ],
)
def test_states_of_ports(facts: Facts, expected: dict[str, str]) -> None:
    assert states(facts) == expected


def test_a_port_found_by_a_glob_is_one_before_it_has_joined() -> None:
    wishes = stories.wishes("[bond0]\n")
    links = stories.bond(), stories.port(CARD, **OUT)
    assert states(stories.facts(*links, config=wishes)) == {}
    noted = {"enp0s10": "bond0"}
    assert states(stories.facts(*links, config=wishes, noted=noted)) == {"enp0s10": "outside"}


def test_ranks_are_the_kernel_s() -> None:
    links = [
        stories.bond(CARD),
        stories.port(RADIO, prio=10),
        stories.port(RADIO, prio=30, ifindex=4, name="wlx1"),
        stories.port(CARD, prio=20),
    ]
    ports = model.paint(stories.facts(*links)).bonds[0].ports
    # The primary before a higher priority.
    assert [(port.name, port.rank) for port in ports] == [
        ("enp0s10", 1),
        ("wlx1", 2),
        ("wlp3s0", 3),
    ]


# --- since when ---------------------------------------------------------------

LIVED = (
    stories.entry(100, "watching"),
    stories.entry(90, "carrier-gained", "enp0s10"),
    stories.entry(90, "active", "enp0s10"),
    stories.entry(50, "carrier-lost", "enp0s10"),
    stories.entry(50, "failover", "wlp3s0", "enp0s10"),
)


@pytest.mark.parametrize(
    ("entries", "port", "condition", "ago"),
    [
        (LIVED[:3], "enp0s10", "active", 90),
        (LIVED[:3], "enp0s10", "no-carrier", None),
        (LIVED[:3], "wlp3s0", "standby", 100),
        (LIVED, "enp0s10", "no-carrier", 50),
        (LIVED, "enp0s10", "active", None),
        (LIVED, "wlp3s0", "active", 50),
        ((*LIVED, stories.entry(20, "carrier-gained", "enp0s10")), "enp0s10", "standby", 20),
        ((*LIVED, stories.entry(9, "failover", "enp0s10", "wlp3s0")), "wlp3s0", "standby", 9),
        ((*LIVED, stories.entry(9, "port-renamed", "eth7", "wlp3s0")), "eth7", "active", 50),
        ((*LIVED, stories.entry(9, "port-left", "wlp3s0")), "wlp3s0", "standby", None),
        ((*LIVED, stories.entry(9, "port-joined", "wlx1")), "wlx1", "no-carrier", 9),
        ((), "enp0s10", "active", None),
    ],
)
def test_since_when(
    entries: tuple[reader.Entry, ...], port: str, condition: str, ago: float | None
) -> None:
    found = reader.since(entries, port, condition)
    assert found == (None if ago is None else NOW - ago)


def test_a_bond_s_life_begins_when_it_is_made() -> None:
    earlier = (stories.entry(500, "watching"), stories.entry(400, "bond-removed"))
    other = stories.entry(95, "watching", bond="bond1")
    assert reader.life((*earlier, LIVED[0], other, *LIVED[1:]), "bond0") == list(LIVED)
    before_boot = LIVED[0]._replace(boot="before")
    assert reader.life((before_boot, *LIVED[1:]), "bond0") == list(LIVED[1:])


# --- texts of other programs --------------------------------------------------

IW_5_19 = """\
Connected to 02:00:00:00:01:00 (on wlp3s0)
\tSSID: Caf\\xc3\\xa9 \\x5c \\x1b[2J\\xff
\tfreq: 5180
\tRX: 1234567 bytes (12345 packets)
\tTX: 123456 bytes (1234 packets)
\tsignal: -52 dBm
\trx bitrate: 780.0 MBit/s VHT-MCS 8 80MHz short GI VHT-NSS 2
\ttx bitrate: 866.7 MBit/s VHT-MCS 9 80MHz short GI VHT-NSS 2

\tbss flags:\tshort-slot-time
\tdtim period:\t2
\tbeacon int:\t100
"""


def test_an_association_by_iw() -> None:
    found = collect.parse_association(IW_5_19)
    assert found == Association("Café \\ \\x1b[2J\\udcff", -52, 5180.0, 866.7)
    newer = IW_5_19.replace("freq: 5180", "freq: 5180.0").replace("\ttx bitrate: 866", "\tx: 866")
    assert collect.parse_association(newer) == found._replace(rate=None)


@pytest.mark.parametrize("text", ["Not connected.\n", "", "command failed: No such device (-19)\n"])
def test_no_association_by_iw(text: str) -> None:
    assert collect.parse_association(text) is None


SHOWN = """\
Id=wbond@bond0.service
LoadState=loaded
ActiveState=active
SubState=exited
Result=success
StatusText=
NeedDaemonReload=yes
Environment=MIIMON=100 PEER_NOTIF=5 MAC=enp0s10

Environment=DHCP4=dhclient DHCP6=none MAC=enp0s10
Id=wbond-watch@bond0.service
LoadState=loaded
ActiveState=active
SubState=running
Result=success
StatusText=cable enp0s10 carries; radio wlp3s0 stands by
NeedDaemonReload=no

Id=dhcp6c@bond0.service
LoadState=not-found
ActiveState=inactive
SubState=dead
"""


def test_units_by_systemctl() -> None:
    bond, watch, client = collect.parse_units(SHOWN)
    assert (bond.name, bond.sub, bond.reload_due) == ("wbond@bond0.service", "exited", True)
    assert bond.environment["MAC"] == "enp0s10"
    assert watch.status == "cable enp0s10 carries; radio wlp3s0 stands by"
    assert watch.environment["DHCP6"] == "none"
    assert (client.load, client.active, client.environment) == ("not-found", "inactive", {})


@given(st.text(alphabet=st.characters(codec="utf-8")), st.integers())
@settings(deadline=None)
def test_texts_that_are_broken_break_nothing(text: str, number: int) -> None:
    lease = f"lease {{\n  fixed-address 192.0.2.100;\n  renew epoch {number};\n{text}\n}}\n"
    found = tuple(leases.parse(lease))
    tuple(collect.parse_units(text))
    assert collect.ssid(text).isprintable()
    association = collect.parse_association(f"Connected to x\n\tSSID: {text}\n\tsignal: {text}")
    assert association is not None
    own = {"leases": {"bond0": found}, "associations": {"wlp3s0": association}}
    facts = stories.cable_carries(**own)
    assert errors(document.whole(model.paint(facts))) == []
    assert all(character.isprintable() or character == "\n" for character in rendered(facts))


# --- looking ------------------------------------------------------------------


class Programs:
    """Answers by the program's name, and remembers what was asked."""

    def __init__(self, **answers: Answer) -> None:
        self.answers = answers
        self.asked: list[tuple[str, ...]] = []

    def __call__(self, *words: str) -> Answer:
        self.asked.append(words)
        return self.answers.get(words[0], Answer(127, err=f"{words[0]} is not installed"))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine's folders: a configuration, a bond that wbond has made, a cable and a radio."""
    for folder in ("etc", "run/wbond/bond0", "var/lib/dhcp", "sys/enp0s10", "sys/wlp3s0/phy80211"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "etc/wbond.conf").write_text(stories.TWO)
    (tmp_path / "sys/enp0s10/speed").write_text("2500\n")
    (tmp_path / "sys/wlp3s0/speed").write_text("-1\n")
    (tmp_path / "var/lib/dhcp/dhclient.bond0.leases").write_text(stories.LEASE_FILE)
    monkeypatch.setattr(sysfs, "SYSFS", str(tmp_path / "sys"))
    monkeypatch.setattr(mac_policy, "STATE", str(tmp_path / "state"))
    return tmp_path


def looked(root: Path, programs: Programs, links: Facts) -> Facts:
    return collect.Host(programs, str(root)).look(links.links, links.addresses, (), NOW)


def test_looking(root: Path) -> None:
    programs = Programs(systemctl=Answer(0, SHOWN), iw=Answer(0, IW_5_19))
    facts = looked(root, programs, stories.cable_carries())
    assert facts.made == ("bond0",)
    assert facts.radios == {"wlp3s0"}
    assert facts.speeds == {"enp0s10": 2500}
    assert facts.associations["wlp3s0"].signal == -52
    assert facts.units["wbond-watch@bond0.service"].active == "active"
    assert [lease.server for lease in facts.leases["bond0"]] == ["192.0.2.9", "192.0.2.1", ""]
    assert facts.faults == ()
    asked = [words for words in programs.asked if words[0] == "systemctl"]
    assert len(asked) == 1
    assert asked[0][-2:] == ("bond0-wired@enp0s10.service", RADIO_UNIT)


def test_without_programs_what_is_lacking_is_said(root: Path) -> None:
    facts = looked(root, Programs(), stories.cable_carries())
    assert [fault.text for fault in facts.faults] == [
        "the units could not be asked for: systemctl is not installed"
    ]
    assert model.paint(facts).bonds[0].active == "enp0s10"
    assert errors(document.whole(model.paint(facts))) == []
    assert "is not installed" in squeezed_but_blanks(rendered(facts))


def squeezed_but_blanks(text: str) -> str:
    return " ".join(text.split())


def test_leases_that_cannot_be_read(root: Path) -> None:
    path = root / "var/lib/dhcp/dhclient.bond0.leases"
    path.unlink()
    path.mkdir()
    facts = looked(root, Programs(systemctl=Answer(0, SHOWN)), stories.cable_carries())
    (fault,) = facts.faults
    assert fault.text.startswith("/var/lib/dhcp/dhclient.bond0.leases: Is a directory")
    # The kernel knows how long the address is valid all the same.
    assert model.paint(facts).bonds[0].addresses[0].until == NOW + 18_731


def test_a_radio_without_carrier_and_a_cable_without_speed(root: Path) -> None:
    (root / "sys/enp0s10/speed").write_text("-1\n")
    programs = Programs(systemctl=Answer(0, SHOWN), iw=Answer(0, "Not connected.\n"))
    facts = looked(root, programs, stories.nothing_carries())
    assert (facts.speeds, facts.associations) == ({}, {})
    assert "iw" not in [words[0] for words in programs.asked]


def test_a_switch_blocks_the_radio(root: Path) -> None:
    (root / "sys/wlp3s0/phy80211/rfkill0").mkdir()
    (root / "sys/wlp3s0/phy80211/rfkill0/soft").write_text("1\n")
    links = stories.facts(stories.bond(CARD), stories.port(CARD), stories.port(RADIO, **OUT))
    assert states(looked(root, Programs(), links)) == {"enp0s10": "active", "wlp3s0": "blocked"}


def test_the_common_address_is_the_one_that_ports_are_given(root: Path) -> None:
    shown = SHOWN.replace("MAC=enp0s10", f"MAC={MACS[CARD]}")
    facts = looked(root, Programs(systemctl=Answer(0, shown)), stories.cable_carries())
    (bond,) = model.paint(facts).bonds
    assert (bond.policy, bond.common) == (MACS[CARD], MACS[CARD])
    assert [port.name for port in bond.ports if port.refused] == ["wlp3s0"]


# --- watching -----------------------------------------------------------------


class FakeView(Cache):
    """Shows the links that the test puts in."""

    def __init__(self, facts: Facts) -> None:
        self.links = dict(facts.links)
        self.addresses = dict(enumerate(facts.addresses))  # type: ignore[arg-type]

    def update(self) -> None:
        pass


def test_a_watcher_remembers_what_it_has_seen(root: Path) -> None:
    view = FakeView(stories.cable_carries())
    programs = Programs(systemctl=Answer(0, SHOWN), journalctl=Answer(0, ""))
    observer = monitor.Observer(collect.Host(programs, str(root)), view)
    assert observer.picture(NOW).bonds[0].since is None
    view.links = dict(stories.wifi_carries().links)
    observer.follow(NOW + 5)
    bond = observer.picture(NOW + 9).bonds[0]
    assert (bond.active, bond.since) == ("wlp3s0", NOW + 5)
    assert [port.since for port in bond.ports] == [NOW + 5, NOW + 5]
    view.links = {}
    observer.follow(NOW + 20)
    assert observer.picture(NOW + 20).bonds[0].kind == "none"
    view.links = dict(stories.cable_carries().links)
    observer.follow(NOW + 30)
    assert observer.picture(NOW + 31).bonds[0].since == NOW + 30
    assert [words[0] for words in programs.asked].count("journalctl") == 1


def test_what_changes_all_the_time_is_no_change() -> None:
    before = model.paint(stories.wifi_carries())
    weaker = {"wlp3s0": Association("Home net", -60, 5180.0, 300.0)}
    later = model.paint(stories.wifi_carries(time=NOW + 7, associations=weaker))
    assert monitor.essence(before) == monitor.essence(later)
    roamed = {"wlp3s0": Association("Home net", -60, 2412.0, 300.0)}
    elsewhere = model.paint(stories.wifi_carries(associations=roamed))
    assert monitor.essence(before) != monitor.essence(elsewhere)


def test_nothing_is_seen_of_a_bond_that_stays_away() -> None:
    nothing = State(None, {}, None)
    assert monitor.seen(nothing, nothing, "bond0", "", NOW) == []


# --- the command --------------------------------------------------------------


def wbond(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(SCRIPT), *words]
    environ = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **environ}
    return subprocess.run(command, capture_output=True, text=True, env=environ, check=False)


def test_nothing_configured(tmp_path: Path) -> None:
    done = wbond("status", "--root", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("wbond: no bond is configured\n       `sudo wbond init` writes")
    done = wbond("status", "--json", "--root", str(tmp_path))
    assert done.returncode == 2
    assert errors(json.loads(done.stdout)) == []


def test_a_bond_that_is_not_there(tmp_path: Path) -> None:
    root = configured(tmp_path, "[wbond-none]\nwired = nowhere0\nwireless =\n")
    done = wbond("status", "--root", str(root))
    assert (done.returncode, done.stderr) == (1, "")
    assert "! wbond-none is configured and not there" in done.stdout
    assert "nowhere0" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(("locale", "shown"), [("C.UTF-8", "bünd"), ("C", "b\\xfcnd")])
def test_it_keeps_to_the_signs_of_the_locale(tmp_path: Path, locale: str, shown: str) -> None:
    root = configured(tmp_path, "[bünd]\n")
    done = wbond("status", "--root", str(root), LC_ALL=locale)
    assert done.stdout.startswith(f"{shown}  is not there\n")


def test_a_wrong_call() -> None:
    assert wbond("status", "bond0").returncode == 2


def test_the_verbs_start_light() -> None:
    script = (
        "import sys; sys.path[:0] = sys.argv[1:]; from wbond_cli.verbs import log, status;"
        "print(*sorted({'rich', 'json', 'subprocess', 'socket'} & set(sys.modules)))"
    )
    folders = [str(REPOSITORY / "helpers"), str(REPOSITORY / "generator")]
    command = [sys.executable, "-I", "-c", script, *folders]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "\n"


@pytest.mark.parametrize(("words", "draws"), [(["--json"], False), ([], True)])
def test_programs_that_ask_need_not_wait_for_what_draws(
    tmp_path: Path, words: list[str], draws: bool
) -> None:
    root = configured(tmp_path, "[wbond-none]\nwired = nowhere0\nwireless =\n")
    command = [sys.executable, "-I", "-X", "importtime", str(SCRIPT), "status", "--root", str(root)]
    done = subprocess.run([*command, *words], capture_output=True, text=True)
    assert done.returncode == 1
    assert ("rich.console" in done.stderr) is draws


WATCH = ("unshare", "--net", sys.executable, "-I", str(SCRIPT), "status", "--watch")
ENVIRON = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
ABSENT, OUTSIDE = (table.STATES[state][0] for state in ("absent", "outside"))


def watch(root: Path, *words: str) -> "subprocess.Popen[str]":
    """Start the watch of a bond with the port eth0, its output in a pipe."""
    configured(root, "[bond0]\nwired = eth0\nwireless =\n")
    command = [*WATCH, *words, "--root", str(root)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRON)


def plug(process: int) -> None:
    """Add eth0 to the network that a process is in."""
    enter = ["nsenter", "--net", f"--target={process}"]
    add = ["ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1"]
    subprocess.run([*enter, *add], check=True)


@in_a_network_of_its_own
def test_watching_sleeps_until_the_kernel_reports(tmp_path: Path) -> None:
    with watch(tmp_path, "--json") as process:
        assert process.stdout
        first = json.loads(process.stdout.readline())
        assert first["bonds"][0]["ports"][0]["state"] == "absent"
        assert any(sleeps(process.pid) for _ in range(3))
        plug(process.pid)
        second = json.loads(process.stdout.readline())
        assert second["bonds"][0]["ports"][0]["state"] == "outside"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert errors(second) == []


# Seconds. Who looks at the machine again and again, so that a person sees a change, does so at
# least every five. A busy machine only makes a poll come later, by far less than the rest.
QUIET = 7


def sleeps(process: int) -> bool:
    """Tell whether a process does not wake once: going to sleep anew is counted (proc(5)).

    Being kept waiting for a processor is counted elsewhere; the first time, it may still
    be on its way to sleep.
    """
    before = went_to_sleep(process)
    time.sleep(QUIET)
    return went_to_sleep(process) == before


def went_to_sleep(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])


@in_a_network_of_its_own
def test_in_a_pipe_pictures_stand_one_below_the_other(tmp_path: Path) -> None:
    with watch(tmp_path) as process:
        assert process.stdout
        shown = read_until(process, ABSENT)
        plug(process.pid)
        shown += read_until(process, OUTSIDE)
        process.send_signal(signal.SIGINT)
        shown += process.stdout.read()
        assert process.wait(20) == 0
    assert "\x1b" not in shown
    first, *others = re.split(r"^(?=bond0  )", shown, flags=re.MULTILINE)[1:]
    (second,) = others
    assert shown == first + second
    assert first.endswith("\n\n")
    assert not first.endswith("\n\n\n")
    assert not second.endswith("\n\n")
    assert (ABSENT in first, OUTSIDE in first) == (True, False)
    assert OUTSIDE in second


def read_until(process: "subprocess.Popen[str]", text: str) -> str:
    """Return the lines up to the first with a text."""
    assert process.stdout
    shown = ""
    for line in process.stdout:
        shown += line
        if text in line:
            return shown
    raise AssertionError(f"ended without {text!r}: {shown!r}")


ALTERNATE, MAIN = "\x1b[?1049h", "\x1b[?1049l"  # xterm's screens


@in_a_network_of_its_own
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_on_a_terminal_the_last_picture_is_left(tmp_path: Path, number: int, status: int) -> None:
    configured(tmp_path, "[bond0]\nwired = eth0\nwireless =\n")
    with Terminal([*WATCH, "--root", str(tmp_path)], ENVIRON) as terminal:
        terminal.wait_for(ABSENT)
        plug(terminal.process.pid)
        terminal.wait_for(OUTSIDE)
        terminal.process.send_signal(number)
        assert terminal.end() == status
    before, _, rest = terminal.shown.partition(ALTERNATE)
    pictures, _, left = rest.partition(MAIN)
    assert before == ""
    assert ABSENT in pictures
    assert OUTSIDE in pictures
    assert {ALTERNATE, MAIN}.isdisjoint(left)
    assert "bond0" in left
    assert OUTSIDE in left
    assert terminal.shown.rfind("\x1b[?25h") > terminal.shown.rfind("\x1b[?25l")  # the cursor


# --- words --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0041, "4 ms"),
        (1, "1.0 s"),
        (42.4, "42 s"),
        (59.7, "1 min"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (3605, "1 h"),
        (7384, "2 h 3 min"),
        (86_400 * 12 + 3600 * 5, "12 d 5 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert formatting.duration(seconds) == text


def test_times_of_day_with_the_date_where_it_is_not_today() -> None:
    assert formatting.clock(NOW - 60, NOW) == "14:05:20"
    assert formatting.clock(NOW - 86_400, NOW) == "29 Jul 14:06"
    assert formatting.clock(NOW - 86_400 * 365, NOW) == "2025-07-30"


def test_the_kernel_s_constants_are_known() -> None:
    assert model.MII[rtnetlink.MII_UP] == "up"
    assert model.MII[rtnetlink.MII_DOWN] == "down"
