# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the generator may not do or import: its start-up is boot time, and it runs as root."""

import ast
import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import REPOSITORY
from tests.test_cases import tree
from tests.test_main import (
    FAULTY,
    FOLDER,
    GENERATOR,
    GOOD,
    PYTHON,
    SILENT,
    WARNINGS,
    configure,
    run,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "etc").mkdir(parents=True)
    return folder


OWN = {"wbond", *(f"wbond.{path.stem}" for path in (FOLDER / "wbond").glob("[a-z]*.py"))}
OWN -= {
    "wbond.log",
    "wbond.address_messages",
    "wbond.message",
    "wbond.messages",
    "wbond.other_tools",
    "wbond.secrets",
}  # loaded only where there is something to say
OWN -= {"wbond.addresses"}  # only for static addresses; wbond.metrics only for several bonds
OWN -= {"wbond.cable_authentication"}  # only for sections of cables
OWN -= {"wbond.version"}  # for setup.cfg and the command
# What `import os` comes to where site does not, and the switch of the garbage collector.
STANDARD = {"os", "posixpath", "genericpath", "stat", "_stat", "_collections_abc", "abc", "_abc"}
STANDARD |= {"gc", "errno"}


def imported(*words: str) -> set[str]:
    """Name all modules that the interpreter imports for these words."""
    command = [*PYTHON, "-X", "importtime", *words]
    done = subprocess.run(command, env={}, capture_output=True, text=True, check=True)
    lines = done.stderr.splitlines()
    return {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}


def test_a_good_configuration_costs_these_modules_and_no_other(root: Path, output: Path) -> None:
    configure(root, GOOD)
    bare = imported("-c", "pass")
    found = imported(str(GENERATOR), "--root", str(root), str(output))
    assert {name for name in found if name.startswith("wbond")} == OWN
    assert found - bare - OWN <= STANDARD
    assert tree(output)
    dear = {"re", "typing", "collections", "configparser", "subprocess", "socket", "json", "site"}
    assert not found & dear


# Prints what the interpreter tells of, but for the coming and going of code.
WATCHED = """
import os, sys
script, *sys.argv[1:] = sys.argv[1:]
with open(script) as file:
    code = compile(file.read(), script, "exec")
def watch(event, arguments):
    if event.partition(".")[0] not in ("import", "compile", "exec", "marshal", "object", "sys"):
        os.write(1, f"{(event, *map(str, arguments), '', '')!r}\\n".encode())
sys.addaudithook(watch)
exec(code, {"__file__": script, "__name__": "__main__"})
"""


class Event(NamedTuple):
    """Something that the interpreter told of; `flags` are those of an open()."""

    name: str
    path: str
    flags: int

    @property
    def writes(self) -> bool:
        return bool(self.flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND))


def watched(root: Path, output: Path, **environ: str) -> tuple[list[Event], list[str]]:
    """Return what the generator does, and what it says."""
    command = [*PYTHON, "-c", WATCHED, str(GENERATOR), "--root", str(root), str(output)]
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, cwd=root, check=True
    )
    events = []
    for name, path, _, flags, *_ in map(ast.literal_eval, done.stdout.splitlines()):
        events.append(Event(name, path, int(flags) if name == "open" else 0))
    return events, done.stderr.splitlines()


@pytest.mark.parametrize(("text", "faults"), [(GOOD, 0), (FAULTY, len(WARNINGS))])
def test_nothing_is_done_but_reading_and_writing_to_its_directory(
    root: Path, output: Path, tmp_path: Path, text: str, faults: int
) -> None:
    configure(root, text)
    before = tree(root)
    events, lines = watched(root, output)
    assert len(lines) == faults
    # No process, no socket, nothing removed or renamed.
    assert {event.name for event in events} == {"open", "os.listdir", "os.mkdir", "os.symlink"}
    written = [event for event in events if event.writes]
    # Relative to the output directory, by a descriptor that events do not show.
    files = [name for name, found in tree(output).items() if not found.startswith("->")]
    assert sorted(event.path for event in written) == files
    assert all(event.flags & os.O_EXCL and event.flags & os.O_NOFOLLOW for event in written)
    assert tree(root) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["generator", "root"]


def test_no_file_of_users_or_services_is_read(root: Path, output: Path) -> None:
    configure(root, GOOD)
    events, _ = watched(root, output)
    paths = [event.path for event in events if event.name == "open" and event.path[0] == "/"]
    assert str(root / "etc/wbond.conf") in paths
    places = (f"{root}/", str(output), f"{REPOSITORY}/")
    assert [path for path in paths if not path.startswith(places)] == []


@pytest.mark.parametrize(("text", "opened"), [(GOOD, []), (FAULTY, ["/dev/kmsg"])])
def test_at_boot_the_kernel_s_log_is_opened_where_there_is_something_to_say(
    root: Path, output: Path, text: str, opened: list[str]
) -> None:
    configure(root, text)
    events, lines = watched(root, output, SYSTEMD_SCOPE="system")
    absolute = [event.path for event in events if event.writes and event.path[0] == "/"]
    assert absolute == opened
    assert lines == []


def test_nothing_is_left_beside_the_program(root: Path, output: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for name in ("generator", "units"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / name, copy / name, ignore=ignored)
    before = tree(copy)
    configure(root, GOOD)
    assert run("--root", root, output, program=copy / "generator/wbond-generator") == SILENT
    assert tree(copy) == before
