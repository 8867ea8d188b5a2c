# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests share: the golden cases, and an installed tree."""

import hashlib
import itertools
import shutil
import signal
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import second_try
from wbond_net import runtime, wait_online
from wbond_net.clients import identity
from wbond_net.deployed import named_ports, snapshot
from wbond_net.kernel import command, request, sysctl, sysfs, udev_database
from wbond_net.ports import bond, mac_policy

from tests.fake import Machine
from tests.path_story import World
from tests.watch_story import Story

REPOSITORY = Path(__file__).resolve().parents[1]
CASES = Path(__file__).resolve().parent / "cases"
LAB = Path(__file__).resolve().parent / "vm"
DEAREST = 40  # scenarios, of which the summary tells how long each took

# A shell has its background jobs ignore Ctrl-C, and all that they start, the programs that
# are tested here included.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --update-cases."""
    parser.addoption(
        "--update-cases",
        action="store_true",
        help="write what the generator makes of each golden case as what is expected of it",
    )
    parser.addoption(
        "--all-releases",
        action="store_true",
        help="run each of the lab's scenarios on every release, not only on those of its row in "
        "tests/vm/releases.txt",
    )
    parser.addoption(
        "--release",
        choices=("bookworm", "trixie", "forky"),
        help="run each of the lab's scenarios on this release alone; forky is Debian testing",
    )
    parser.addoption(
        "--fresh",
        action="store_true",
        help="start each of the lab's scenarios in a fresh guest, as a second try of it does",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marks known."""
    config.addinivalue_line(
        "markers", "in_order: each scenario of this module goes on where the one before has ended"
    )
    config.addinivalue_line("markers", "apart: each scenario of this module has its own guest")


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Count a scenario that has passed at its second try as one."""
    return second_try.teststatus(report)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let a run fail that has seen too many of these."""
    second_try.finish(session)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what the lab's scenarios have measured, where their time went, and which are flaky.

    Here, because with several workers only this folder's own file is read in the main process.
    """
    reports = [
        report
        for report in itertools.chain.from_iterable(terminalreporter.stats.values())
        if isinstance(report, pytest.TestReport) and LAB.name in Path(report.fspath).parts
    ]
    modules: defaultdict[str, float] = defaultdict(float)
    scenarios: defaultdict[str, float] = defaultdict(float)
    activities: defaultdict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
    for report in reports:
        modules[Path(report.fspath).stem] += report.duration
        scenarios[report.location[2]] += report.duration
        for activity, seconds in dict(report.user_properties).get("spent", {}).items():  # type: ignore[attr-defined]
            activities[activity] = [
                a + b for a, b in zip(activities[activity], seconds, strict=True)
            ]
        if report.when == "call" and report.passed and report.capstdout:
            terminalreporter.write_line(f"{report.location[2]}: {report.capstdout.strip()}")
    for scenario in sorted(scenarios, key=scenarios.__getitem__, reverse=True)[:DEAREST]:
        terminalreporter.write_line(f"{scenarios[scenario]:4.0f} s {scenario}")
    for module, seconds in sorted(modules.items()):
        terminalreporter.write_line(f"{module}: {seconds / 60:.1f} minutes, all releases")
    for activity, (times, clock, processor) in sorted(activities.items()):
        terminalreporter.write_line(
            f"{activity}: {times:.0f} times, {clock / 60:.1f} minutes, of which guests had the "
            f"processor for {processor / 60:.1f}"
        )
    for report in filter(second_try.first_failure, reports):
        terminalreporter.section(f"{report.location[2]} failed at first")
        terminalreporter.write_line(second_try.first_failure(report))


class Installed(NamedTuple):
    """A tree made by `make install` under a folder of its own."""

    units: Path
    generator: Path


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install for real: unit files then name programs that are there."""
    prefix = tmp_path_factory.mktemp("installed")
    units, generators = prefix / "units", prefix / "generators"
    words = [
        f"PREFIX={prefix}",
        f"LIBDIR={prefix}/lib/wbond",
        f"STATEDIR={prefix}/state",
        f"UNITDIR={units}",
        f"GENERATORDIR={generators}",
        f"UDEVDIR={prefix}/udev",
        f"DHCLIENT_HOOKS={prefix}/hooks",
    ]
    subprocess.run(["make", "-s", "-C", str(REPOSITORY), "install", *words], check=True)
    return Installed(units, generators / "wbond-generator")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A laptop whose ports lead to a router, or to none."""
    return World(tmp_path)


@pytest.fixture(params=sorted(path.name for path in CASES.iterdir()))
def case(request: pytest.FixtureRequest) -> Path:
    """Each golden case: the folder is the root that the generator reads below."""
    return CASES / str(request.param)


@pytest.fixture
def output(tmp_path: Path) -> Iterator[Path]:
    """An empty folder for what the generator writes."""
    folder = tmp_path / "generator"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine whose sysfs is a folder and whose acts are recorded; it has a machine id."""
    made = Machine(tmp_path)
    monkeypatch.setattr(sysfs, "SYSFS", str(made.sysfs))
    monkeypatch.setattr(sysctl, "CONF", f"{made.sysctl}/{{family}}")
    monkeypatch.setattr(udev_database, "DATA", str(made.udev))
    monkeypatch.setattr(runtime, "FOLDER", str(made.runtime))
    monkeypatch.setattr(command, "execute", made.execute)
    monkeypatch.setattr(subprocess, "run", made.run)
    monkeypatch.setattr(request, "Act", made.act)
    for name in ("send", "index", "name", "link", "dump"):
        monkeypatch.setattr(request, name, getattr(made, name))
    monkeypatch.setattr(wait_online, "wait", lambda *_: "")  # the bond has a port
    monkeypatch.setattr(identity, "derive", lambda purpose, root="/": derived(purpose))
    monkeypatch.setattr(mac_policy, "STATE", str(tmp_path / "state"))
    monkeypatch.setattr(bond, "UDEV", str(made.udev))
    monkeypatch.setattr(snapshot, "ROOT", str(tmp_path / "root"))
    monkeypatch.setattr(named_ports, "GENERATED", str(made.generated))
    return made


@pytest.fixture
def bonded(machine: Machine) -> Machine:
    """A machine with a bond, and a card and a radio that are not in it."""
    machine.add_bond()
    machine.add("enp0s10")
    machine.add("wlp3s0")
    return machine


def derived(purpose: str) -> bytes:
    """Return what stands for bytes derived from the machine id."""
    return hashlib.sha256(purpose.encode()).digest()


def configured(root: Path, text: str) -> Path:
    """Make an empty folder a root directory with a configuration."""
    (root / "etc").mkdir()
    (root / "etc/wbond.conf").write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """A bond's life, for the tests of wbond-watch."""
    return Story(tmp_path)


@pytest.fixture
def in_time() -> Iterator[None]:
    """Fail what waits for ever."""

    def fail(*_: object) -> None:
        raise AssertionError("it waits")

    former = signal.signal(signal.SIGALRM, fail)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, former)
