# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures of the scenarios: which release each runs on, the guests, and a second try.

`-k trixie` picks a release of those that `releases.txt` names, `--all-releases` adds the others,
and `--release forky` runs them on Debian testing alone.
"""

import itertools
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import image
import pytest
import releases
import second_try
from guests import Boot, Guests, Resume, made_once
from laptop import Laptop, configure, install_wbond, resumed
from machine import Snapshot
from timing import timing

LOGS = Path(__file__).resolve().parent / "logs"
HERE = Path(__file__).resolve().parent
# Fixtures by which the scenarios of a module share a guest, or what one was.
_SHARED = {"laptop", "stock", "on_nothing"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each scenario every release; those that share a laptop stay together on one worker."""
    if "release" not in metafunc.fixturenames:
        return
    module, shares = metafunc.module.__name__, _SHARED.intersection(metafunc.fixturenames)
    if metafunc.definition.get_closest_marker("apart"):
        shares = set()
    cases = [
        pytest.param(name, marks=[pytest.mark.xdist_group(f"{module}-{name}")] if shares else [])
        for name in _releases(metafunc.config)
    ]
    metafunc.parametrize("release", cases, scope="session")


def _releases(config: pytest.Config) -> Sequence[str]:
    """Return the releases on which scenarios may run."""
    one = config.getoption("release")
    return (one,) if one else image.RELEASES


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the releases that the table does not name; keep the order of the story.

    pytest's own grouping by parameters takes that apart.
    """
    if not config.getoption("all_releases") and not config.getoption("release"):
        left_out = {item for item in items if not _has_its_release(item)}
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]

    def place(item: pytest.Item) -> tuple[bool, str, str, int]:
        if HERE not in item.path.parents or not isinstance(item, pytest.Function):
            return (True, "", "", 0)
        line = item.function.__code__.co_firstlineno
        return (False, item.path.name, str(item.callspec.params["release"]), line)

    items.sort(key=place)


def _has_its_release(item: pytest.Item) -> bool:
    """Tell whether the table names the release of this item; it does of what has none."""
    if HERE not in item.path.parents or not isinstance(item, pytest.Function):
        return True
    names = releases.of(item.module.__name__, item.originalname)
    return item.callspec.params["release"] in names


# --- guests ---------------------------------------------------------------------


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share."""
    common = tmp_path_factory.getbasetemp()
    return common.parent if "PYTEST_XDIST_WORKER" in os.environ else common


@pytest.fixture(scope="session")
def installed(release: str, shared: Path) -> Snapshot:
    """A running laptop with wbond installed, and without a configuration."""

    def make(folder: Path) -> Snapshot:
        return install_wbond(release, folder)

    return made_once(shared / f"installed-{release}.json", make)


@pytest.fixture(scope="session")
def configured(release: str, shared: Path, installed: Snapshot) -> Snapshot:
    """A running laptop with the smallest configuration in force since its last boot."""

    def make(folder: Path) -> Snapshot:
        return configure(release, folder, installed)

    return made_once(shared / f"configured-{release}.json", make)


@pytest.fixture(scope="module")
def guests(release: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guests]:
    """The laptops of a module."""
    numbers = itertools.count()
    made = Guests(release, lambda: tmp_path_factory.mktemp(f"{release}-{next(numbers)}"))
    yield made
    made.end()


@pytest.fixture(scope="session")
def disk(release: str, shared: Path, installed: Snapshot) -> Path:
    """The disk of a laptop with wbond installed that was shut down properly."""

    def make(folder: Path) -> Snapshot:
        with resumed(release, folder, installed) as laptop:
            laptop.poweroff()
            return installed._replace(disk=str(laptop.disk))

    return Path(made_once(shared / f"off-{release}.json", make).disk)


@pytest.fixture(scope="module")
def boot(guests: Guests, disk: Path) -> Boot:
    """Boot a laptop with wbond installed; the module's former laptop is switched off."""
    return lambda **how: guests.boot(disk, **how)


@pytest.fixture(scope="module")
def resume(guests: Guests, configured: Snapshot) -> Resume:
    """Continue with a laptop that is online; the module's former laptop is switched off.

    `files` are written first, and a wbond.conf among them is put into force by `wbond apply`.
    """

    def start(files: dict[str, str] | None = None) -> Laptop:
        laptop = guests.resume(configured)
        laptop.take_up(files or {})
        return laptop

    return start


@pytest.fixture
def own_laptop(release: str, configured: Snapshot, tmp_path: Path) -> Iterator[Laptop]:
    """A laptop of the scenario's own, which is online."""
    Laptop.current = laptop = resumed(release, tmp_path, configured)
    with laptop:
        yield laptop


# --- outcomes -------------------------------------------------------------------


@pytest.fixture(autouse=True)
def agreement(request: pytest.FixtureRequest) -> Iterator[None]:
    """Wherever a scenario ends, `wbond status` agrees with what the kernel says itself."""
    yield
    laptop = Laptop.current
    if laptop and laptop.runs and not request.node.stash[second_try.FAILED]:
        laptop.wait_agreement()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Save the logs of the guest in which a scenario failed, and say where they are."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if HERE not in item.path.parents:
        return
    spent = {activity: list(seconds) for activity, seconds in timing.take().items()}
    report.user_properties.append(("spent", spent))
    if not report.failed:
        return
    item.stash[second_try.FAILED] = True
    if not Laptop.current:
        return
    name = f"{item.name}-again" if item.stash[second_try.AGAIN] else item.name
    folder = LOGS / re.sub(r"[^\w.-]+", "-", name)
    try:
        Laptop.current.keep_logs(folder)
        report.sections.append(("guest", f"journal, state and serial log are in {folder}"))
    except (OSError, subprocess.SubprocessError) as error:
        report.sections.append(("guest", f"no logs: {error}"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Give a scenario of the lab a second try."""
    return second_try.protocol(item, nextitem) if HERE in item.path.parents else None
