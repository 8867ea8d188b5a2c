# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures of the scenarios: every scenario runs on every release; `-k trixie` picks one."""

import fcntl
import itertools
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import image
import pytest
from laptop import Laptop, installed_disk

LOGS = Path(__file__).resolve().parent / "logs"
HERE = Path(__file__).resolve().parent
_SHARED = {"laptop", "stock"}  # fixtures by which the scenarios of a module share a boot


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each scenario on each release; those that share a laptop stay together on one worker."""
    if "release" not in metafunc.fixturenames:
        return
    module, shares = metafunc.module.__name__, _SHARED.intersection(metafunc.fixturenames)
    cases = [
        pytest.param(name, marks=[pytest.mark.xdist_group(f"{module}-{name}")] if shares else [])
        for name in image.RELEASES
    ]
    metafunc.parametrize("release", cases, scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the order of the story, which pytest's own grouping by parameters takes apart."""

    def place(item: pytest.Item) -> tuple[bool, str, str, int]:
        if HERE not in item.path.parents or not isinstance(item, pytest.Function):
            return (True, "", "", 0)
        line = item.function.__code__.co_firstlineno
        return (False, item.path.name, str(item.callspec.params["release"]), line)

    items.sort(key=place)


@pytest.fixture(scope="session")
def installed(release: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disk on which `make install` has been run in the guest; the guest itself is off."""
    common = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = common.parent
    disk = common / f"{release}.qcow2"
    # Another worker may be at it, or have done it.
    with (common / f"{release}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not disk.exists():
            made = installed_disk(release, tmp_path_factory.mktemp(f"installed-{release}"))
            os.rename(made, disk)
    return disk


@pytest.fixture(scope="module")
def boot(
    release: str, installed: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Laptop]]:
    """Boot a laptop with wbond installed; the former one of this module goes off."""
    running: list[Laptop] = []
    numbers = itertools.count()

    def start(**how: object) -> Laptop:
        while running:
            running.pop().kill()
        folder = tmp_path_factory.mktemp(f"{release}-{next(numbers)}")
        laptop = Laptop(image.image(release), folder, installed)
        running.append(laptop)
        Laptop.current = laptop
        laptop.boot(**how)  # type: ignore[arg-type]
        return laptop

    yield start
    for laptop in running:
        laptop.kill()


@pytest.fixture(autouse=True)
def agreement(request: pytest.FixtureRequest) -> Iterator[None]:
    """Wherever a scenario ends, `wbond status` agrees with what the kernel says itself."""
    failures = request.session.testsfailed
    yield
    laptop = Laptop.current
    if laptop and laptop.runs and request.session.testsfailed == failures:
        laptop.wait_agreement()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Save the logs of the guest in which a scenario failed, and say where they are."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if not report.failed or HERE not in item.path.parents or not Laptop.current:
        return
    folder = LOGS / re.sub(r"[^\w.-]+", "-", item.name)
    try:
        Laptop.current.keep_logs(folder)
        report.sections.append(("guest", f"journal, state and serial log are in {folder}"))
    except (OSError, subprocess.SubprocessError) as fault:
        report.sections.append(("guest", f"no logs: {fault}"))
