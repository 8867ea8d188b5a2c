# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verb `check`: what it says of faulty files and machines, a folder of tests/faulty each."""

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from wbond.message import NOTE
from wbond_cli import arguments, exit_status, terminal
from wbond_cli.check import (
    dependencies,
    diagnostics,
    ports,
    registry,
    runner,
)
from wbond_cli.check.context import gather
from wbond_cli.check.diagnostics import Diagnostic
from wbond_cli.check.machine import Machine
from wbond_net.deployed import unit_tree
from wbond_net.ports import ifupdown

from tests.conftest import REPOSITORY

STORIES = REPOSITORY / "tests" / "faulty"
NAMES = sorted(path.name for path in STORIES.iterdir() if path.is_dir())
COMMAND = REPOSITORY / "helpers" / "wbond"
PROGRAMS = ("ip", "iw", "udevadm", "modprobe", "wpa_supplicant", "dhclient", "dhcp6c")
FILES = {
    "usr/lib/systemd/system-generators/wbond-generator": "#!/usr/bin/python3\n",
    "usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so": "\x7fELF",
    "usr/lib/python3/dist-packages/systemd/__init__.py": "",
    "usr/lib/python3/dist-packages/pyudev/__init__.py": "",
    "usr/lib/python3/dist-packages/rich/__init__.py": "",
    "lib/modules/6.1.0-56-amd64/modules.dep": "kernel/drivers/net/bonding/bonding.ko.xz: \n",
    "etc/os-release": "ID=debian\n",
    "etc/machine-id": "00112233445566778899aabbccddeeff\n",
    "sys/class/net/lo/type": "772\n",
}


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def add_adapter(root: Path, name: str, index: int, device: str, radio: bool = False) -> None:
    """Add hardware to a machine's sysfs."""
    folder = root / "sys/class/net" / name
    for attribute, text in {"type": "1", "ifindex": str(index), "uevent": ""}.items():
        write(folder / attribute, text + "\n")
    if radio:
        write(folder / "phy80211/index", "0\n")
    (root / "sys/devices" / device).mkdir(parents=True)
    (folder / "device").symlink_to(f"../../../devices/{device}")


def build(name: str, root: Path) -> Path:
    """Make the machine of a story below an empty folder."""
    for path, text in FILES.items():
        write(root / path, text)
    for program in PROGRAMS:
        write(root / "usr/sbin" / program, "#!/bin/sh\n")
        (root / "usr/sbin" / program).chmod(0o755)
    shutil.copytree(REPOSITORY / "units", root / "usr/lib/systemd/system")
    shutil.copytree(REPOSITORY / "udev", root / "usr/lib/udev/rules.d")
    add_adapter(root, "enp0s31f6", 2, "pci0000:00/0000:00:1f.6")
    add_adapter(root, "wlp3s0", 3, "pci0000:00/0000:03:00.0", radio=True)
    overlay("good", root)
    for path in words(name, "absent"):
        shutil.rmtree(root / path) if (root / path).is_dir() else (root / path).unlink()
    overlay(name, root)
    for secret in root.glob("etc/wpa_supplicant/*.conf"):
        secret.chmod(0o600)
    for line in words(name, "modes"):
        mode, _, path = line.partition(" ")
        (root / path).chmod(int(mode, 8))
    return root


def overlay(name: str, root: Path) -> None:
    source = STORIES / name / "root"
    if source.exists():
        shutil.copytree(source, root, symlinks=True, dirs_exist_ok=True)


def words(name: str, file: str) -> list[str]:
    path = STORIES / name / file
    return path.read_text().splitlines() if path.exists() else []


def run(*arguments: str, **environ: str) -> tuple[int, str, str]:
    """Run the command as a person does, at 80 columns and without colour."""
    clean = {"PATH": "/usr/sbin:/usr/bin", "LC_ALL": "C.UTF-8", "COLUMNS": "80", **environ}
    done = subprocess.run([COMMAND, *arguments], env=clean, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def found(name: str, root: Path) -> list[Diagnostic]:
    return runner.run(runner.Source(str(build(name, root)), ""))


# --- stories --------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_story_is_told(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    code, out, err = run("check", "--root", str(build(name, tmp_path)))
    told = f"{out}{code}\n"
    if request.config.getoption("--update-cases"):
        (STORIES / name / "expected").write_text(told)
    assert err == ""
    assert told == (STORIES / name / "expected").read_text()
    assert all(line == line.rstrip() for line in told.splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_every_story_says_what_is_wrong(name: str) -> None:
    assert words(name, "README")[0].endswith(".")


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("good")])
def test_nothing_is_found_on_a_good_machine(name: str, tmp_path: Path) -> None:
    assert found(name, tmp_path) == []


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("good")])
def test_something_is_found_on_a_faulty_one(name: str, tmp_path: Path) -> None:
    assert found(name, tmp_path) != []


def test_every_check_finds_something_in_a_story(tmp_path: Path) -> None:
    idle = {check.__name__ for check in registry.CHECKS}
    for name in NAMES:
        root = build(name, tmp_path / name)
        context = gather(Machine(str(root)), unit_tree.render_root(str(root))[0])
        idle -= {check.__name__ for check in registry.CHECKS if list(check(context))}
    assert idle == set()


def test_a_fault_costs_no_other_its_mention(tmp_path: Path) -> None:
    root = build("option-misspelt", tmp_path)
    shutil.rmtree(root / "usr/lib/python3")
    codes = {diagnostic.code for diagnostic in runner.run(runner.Source(str(root), ""))}
    assert {"unknown-option", "missing-module"} <= codes


def test_an_index_of_modules_may_be_large(tmp_path: Path) -> None:
    root = build("kernel-without-bonding", tmp_path)
    index = root / "lib/modules/6.1.0-56-amd64/modules.dep"
    index.write_text("kernel/x.ko:\n" * 200_000 + "kernel/drivers/net/bonding/bonding.ko.zst:\n")
    assert runner.run(runner.Source(str(root), "")) == []


# --- how it looks ---------------------------------------------------------------


def test_a_terminal_has_colour_a_pipe_and_no_color_have_none(tmp_path: Path) -> None:
    root = str(build("option-misspelt", tmp_path))
    inner = f"{COMMAND} check --root {root}"
    for variables, colour in ({}, True), ({"NO_COLOR": "1"}, False):
        environ = {"PATH": "/usr/bin", "TERM": "xterm", **variables}
        words = ["script", "-qec", inner, "/dev/null"]
        done = subprocess.run(words, env=environ, capture_output=True, stdin=subprocess.DEVNULL)
        assert (b"\x1b[1;31m" in done.stdout) == colour


def test_in_a_pipe_each_finding_is_one_line(tmp_path: Path) -> None:
    root = str(build("option-misspelt", tmp_path))
    environ = {"PATH": "/usr/bin", "LC_ALL": "C.UTF-8"}
    words = [str(COMMAND), "check", "--root", str(root)]
    done = subprocess.run(words, env=environ, capture_output=True, text=True)
    heading = done.stdout.splitlines()[0]
    assert heading.startswith("/etc/wbond.conf:3:1: error: [bond0] wireles: unknown option")
    assert heading.endswith("ignored")


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_nothing_is_wider_than_the_terminal(columns: int, tmp_path: Path) -> None:
    root = str(build("value-in-a-long-line", tmp_path))
    _, out, _ = run("check", "--root", root, COLUMNS=str(columns))
    # What has no blank to be broken at stays whole.
    long = [line for line in out.splitlines() if len(line) > columns and " " in line.strip()]
    assert long == []
    assert "^" in out


def test_a_locale_without_the_signs_shows_escapes(tmp_path: Path) -> None:
    root = build("option-misspelt", tmp_path)
    (root / "etc/wbond.conf").write_text("[bond0]\nwired = kábel/0\n")
    environ = {"PYTHONIOENCODING": "", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
    code, _, err = run("check", "--root", str(root), **environ)
    assert (code, err) == (2, "")
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    diagnostics.show(terminal.console(stream), [Diagnostic("absent-port", NOTE, "kábel", "")])
    stream.seek(0)
    assert stream.read() == "note: k\\xe1bel\n\n"


def test_marks_stand_below_what_is_wide() -> None:
    line, mark = diagnostics.excerpt("wired = 網路/ x", 9, 3, 80)
    assert (line, mark) == ("wired = 網路/ x", "        ^^^^^")


# --- the command ----------------------------------------------------------------


WITHOUT = """\
import os, runpy, sys
sys.path[:0] = sys.argv[1:3]
from wbond_net.deployed import snapshot
os.geteuid = lambda: 0
module, snapshot.ROOT, *sys.argv = sys.argv[3:]
sys.modules[module] = None
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize(
    ("module", "call"),
    [
        *(("rich", verb) for verb in ("check", "plan", "status --root {}", "log")),
        ("rich", "status --watch --root {}"),
        ("pyudev", "apply --dry-run"),
    ],
)
def test_without_a_python_module_the_package_is_told(
    module: str, call: str, tmp_path: Path
) -> None:
    root = build("good", tmp_path)
    folders = [str(REPOSITORY / "helpers"), str(REPOSITORY / "generator")]
    words = [*folders, module, str(root), str(COMMAND), *call.format(root).split()]
    done = subprocess.run(
        [sys.executable, "-I", "-c", WITHOUT, *words], capture_output=True, text=True
    )
    assert done.returncode == exit_status.UNAVAILABLE
    told, remedy = done.stderr.splitlines()[-2:]
    assert told.startswith(f"wbond: the Python module {module} is not installed: ")
    assert f"python3-{module}" in remedy or f"python-{module}" in remedy
    assert "Traceback" not in done.stderr


def test_json_has_the_fields_that_are_documented(tmp_path: Path) -> None:
    code, out, _ = run("check", "--json", "--root", str(build("option-misspelt", tmp_path)))
    data = json.loads(out)
    assert data["exit"] == code == 2
    (finding,) = data["findings"]
    page = (REPOSITORY / "man/wbond.8.scd").read_text(encoding="utf-8")
    for field in finding:
        assert f"_{field}_" in page
    assert tuple(finding) == diagnostics.FIELDS
    assert (finding["code"], finding["severity"]) == ("unknown-option", "error")
    assert (finding["file"], finding["line"]) == ("/etc/wbond.conf", 3)
    assert (finding["column"], finding["end_column"]) == (1, 8)


def test_a_file_given_is_checked_alone(tmp_path: Path) -> None:
    root = build("drop-in-at-fault", tmp_path / "root")
    file = tmp_path / "new.conf"
    file.write_text("[bond0]\nwired = enp0s31f6\nwireless = wlp3s0\n")
    code, out, _ = run("check", str(file), "--root", str(root))
    assert code == 0
    assert "Drop-ins were not read" in out
    file.write_text("[bond0]\nmiimon = soon\n")
    code, out, _ = run("check", str(file), "--root", str(root))
    assert code == 2
    assert f"{file}:2:10: error: [bond0] miimon: 'soon'" in out.replace("\n    ", " ")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    code, out, err = run("check", str(tmp_path / "none"))
    assert (code, out) == (exit_status.USAGE, "")
    assert "no such file" in err


def test_the_description_says_what_the_codes_are() -> None:
    parser = arguments.parser()
    assert "check" in parser.format_help()


# --- agreement with the rest of wbond ---------------------------------------------


def test_defaults_are_the_units() -> None:
    text = (REPOSITORY / "units/bond0-supplicant@.service").read_text()
    assert f"Environment=SUPPLICANT_CONF={ports.SUPPLICANT_CONF}\n" in text


def test_every_template_is_looked_for() -> None:
    shipped = {path.name for path in (REPOSITORY / "units").glob("*.service")}
    assert set(dependencies.TEMPLATES) == shipped


def test_ifupdown_s_files_are_the_port_s(tmp_path: Path) -> None:
    root = build("ifupdown-has-the-port", tmp_path)
    assert len(ifupdown.stanzas("enp0s31f6", str(root))) == 2
    assert os.path.exists(root / ifupdown.FILE)
