# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond status --prometheus: metrics, read by the rules of the text format."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from wbond import escape
from wbond_cli.command import CommandError
from wbond_cli.journal import reader
from wbond_cli.journal.reader import Entry, Reading
from wbond_cli.status import metrics
from wbond_cli.status.build import build_status
from wbond_cli.status.model import Facts
from wbond_cli.verbs import status as verb

from tests import stories
from tests.conftest import REPOSITORY, configured
from tests.status.test_command import wbond
from tests.status.views import each_story
from tests.test_docs import marked
from tests.test_units import verify

# https://prometheus.io/docs/instrumenting/exposition_formats/, of the text-based format.
NAME, LABEL = r"[a-zA-Z_:][a-zA-Z0-9_:]*", r"[a-zA-Z_][a-zA-Z0-9_]*"
PAIR = rf'{LABEL}="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({PAIR}(?:,{PAIR})*)\}})? (-?[0-9]+(?:\.[0-9]+)?)")
HEAD = re.compile(rf"# HELP ({NAME}) .+\n# TYPE \1 (gauge|counter)")

Labels = frozenset[tuple[str, str]]
Found = dict[str, dict[Labels, float]]


def read(text: str) -> Found:
    """Read metrics as Prometheus does, and take nothing that it might not."""
    assert text.endswith("\n")
    found: Found = {}
    current = ""
    rest = text
    while rest:
        if head := HEAD.match(rest):
            current, kind = head[1], head[2]
            assert current not in found, "a metric's samples are together"
            assert (kind == "counter") is current.endswith("_total")
            found[current] = {}
            rest = rest[head.end() + 1 :]
            continue
        line, _, rest = rest.partition("\n")
        sample = SAMPLE.fullmatch(line)
        assert sample, line
        assert sample[1] == current, line
        labels = frozenset(
            (pair.partition("=")[0], unescaped(pair.partition("=")[2][1:-1]))
            for pair in re.findall(PAIR, sample[2] or "")
        )
        assert labels not in found[current], line
        found[current][labels] = float(sample[3])
    assert all(found.values()), "a metric without a sample"
    return found


def unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda sign: {"n": "\n"}.get(sign[1], sign[1]), value)


def of(facts: Facts, failovers: Mapping[str, int] | None = None) -> Found:
    return read(metrics.text(build_status(facts), failovers))


def value(found: Found, metric: str, **labels: str) -> float | None:
    return found.get(metric, {}).get(frozenset(labels.items()))


@each_story
def test_every_state_can_be_told(story: Callable[[], Facts]) -> None:
    facts = story()
    found = of(facts, {})
    for bond in build_status(facts).bonds:
        assert value(found, "wbond_bond_online", bond=bond.name) == bond.online
        assert value(found, "wbond_bond_failovers_total", bond=bond.name) == 0
        for port in bond.ports:
            names = {"bond": bond.name, "port": escape.printable(port.name)}
            states = [
                state
                for state in metrics.PORT_STATES
                if value(found, "wbond_port_state", **names, state=state)
            ]
            assert states == [port.state]
            assert value(found, "wbond_port_active", **names) == port.active
            known = [
                state
                for state in metrics.PATH_STATES
                if value(found, "wbond_port_path_state", **names, state=state)
            ]
            assert known == ([port.path.state] if port.path else [])


def test_a_laptop_on_its_cable() -> None:
    found = of(stories.cable_active(), {"bond0": 7})
    bond = {"bond": "bond0"}
    assert value(found, "wbond_bond_failovers_total", **bond) == 7
    assert value(found, "wbond_bond_online", **bond) == 1
    assert value(found, "wbond_port_active", **bond, port="enp0s10") == 1
    assert value(found, "wbond_port_active", **bond, port="wlp3s0") == 0
    assert value(found, "wbond_port_info", **bond, port="wlp3s0", kind="wireless") == 1
    (shown,) = build_status(stories.cable_active()).bonds
    radio = next(port for port in shown.ports if port.name == "wlp3s0")
    assert radio.association
    signal = value(found, "wbond_port_signal_dbm", **bond, port="wlp3s0")
    assert signal == radio.association.signal
    assert value(found, "wbond_port_signal_dbm", **bond, port="enp0s10") is None
    for family, sign in (("ipv4", "."), ("ipv6", ":")):
        routable = [one for one in shown.addresses if one.routable and sign in one.text]
        counted = value(found, "wbond_bond_routable_addresses", **bond, family=family)
        assert counted == len(routable)
    ends = {one.text: one.until for one in shown.addresses if one.until is not None}
    assert ends
    told = {
        dict(labels)["address"].partition("/")[0]: moment
        for labels, moment in found["wbond_bond_address_expiry_timestamp_seconds"].items()
    }
    assert told == pytest.approx(ends)


def test_failovers_that_are_not_known_are_not_zero() -> None:
    assert "wbond_bond_failovers_total" not in of(stories.cable_active())


NAMES = ['a"b', "a\\", "a\\n", "{}=,", 'x="1"} 5', "ünï", "\udcff\x1b[2J\n"]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_breaks_the_format(name: str) -> None:
    (bond,) = build_status(stories.cable_active()).bonds
    hostile = bond._replace(name=name, ports=(bond.ports[0]._replace(name=name),))
    shown = build_status(stories.cable_active())._replace(bonds=(hostile,))
    found = read(metrics.text(shown, {}))
    printable = escape.printable(name)
    assert value(found, "wbond_port_active", bond=printable, port=printable) is not None
    metrics.text(shown, {}).encode()


def test_an_address_that_is_there_twice_is_told_once() -> None:
    """Prometheus would refuse all of the file."""
    (bond,) = build_status(stories.cable_active()).bonds
    twice = bond._replace(addresses=bond.addresses * 2)
    shown = build_status(stories.cable_active())._replace(bonds=(twice,))
    assert read(metrics.text(shown, {}))


def test_the_page_has_each_metric_and_no_other() -> None:
    found: set[str] = set()
    for story in stories.STORIES.values():
        found |= set(of(story(), {}))
    page = (REPOSITORY / "docs/monitoring.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `wbond_")]
    first = [line.split("|")[1] for line in rows if "==" not in line and "time()" not in line]
    assert set(re.findall(r"`(wbond_[a-z_]+)`", " ".join(first))) == found
    for state in (*metrics.PORT_STATES, *metrics.PATH_STATES):
        assert f"`{state}`" in page


def test_systemd_reads_the_units_that_are_to_be_written(tmp_path: Path) -> None:
    names = []
    for kind in ("service", "timer"):
        (block,) = marked(f"ini {kind}")
        names.append(f"wbond-metrics.{kind}")
        (tmp_path / names[-1]).write_text(block.text, encoding="utf-8")
    assert verify(names, tmp_path) == (0, "")


# --- failovers --------------------------------------------------------------------


def test_all_failovers_of_this_boot_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []
    entries = (Entry(1.0, "b", "bond0", "failover"),) * 3 + (Entry(1.0, "b", "b1", "failover"),)

    def run(_: object, *selection: str) -> Reading:
        asked.append(selection)
        return Reading(entries)

    monkeypatch.setattr(reader, "read", run)
    assert verb._failovers() == {"bond0": 3, "b1": 1}
    assert asked == [("--boot", "WBOND_EVENT=failover")]


def test_a_journal_that_cannot_be_read_has_no_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: str) -> str:
        raise CommandError("no", 1, "", "Failed to open the journal")

    monkeypatch.setattr("wbond_cli.command.run", run)
    assert verb._failovers() is None


# --- the call ---------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_the_call(tmp_path: Path, locale: str) -> None:
    """Metrics are UTF-8 in every locale, and a bond that is not there is no failure."""
    root = configured(tmp_path, "[bünd]\nwired = nowhere0\nwireless =\n")
    done = wbond("status", "--prometheus", "--root", str(root), LC_ALL=locale, PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (0, "")
    found = read(done.stdout)
    assert value(found, "wbond_bond_online", bond="bünd") == 0
    assert value(found, "wbond_port_state", bond="bünd", port="nowhere0", state="absent") == 1


def test_without_a_configuration_there_is_the_version(tmp_path: Path) -> None:
    done = wbond("status", "--prometheus", "--root", str(tmp_path))
    assert done.returncode == 0
    assert set(read(done.stdout)) == {"wbond_info", "wbond_configuration_problems"}


def test_metrics_are_of_a_moment(tmp_path: Path) -> None:
    done = wbond("status", "--prometheus", "--watch")
    assert (done.returncode, done.stdout) == (64, "")
    assert json.dumps("leave out --watch")[1:-1] in done.stderr
