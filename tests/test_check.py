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
from hypothesis import given, settings
from hypothesis import strategies as st
from wbond import config, ini
from wbond import main as generator
from wbond_cli import arguments, terminal
from wbond_cli.check import (
    dependencies,
    diagnostics,
    networkmanager,
    ports,
    problems,
    registry,
    runner,
    verify,
)
from wbond_cli.check.context import survey
from wbond_cli.check.diagnostics import ERROR, NOTE, WARNING, Finding
from wbond_cli.check.machine import Machine
from wbond_net.deployed import unit_tree
from wbond_net.ports import ifupdown

from tests.conftest import CASES, REPOSITORY, Installed

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


def found(name: str, root: Path) -> list[Finding]:
    return runner.examine(runner.Source(str(build(name, root)), ""))


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
        site = survey(Machine(str(root)), unit_tree.render_root(str(root))[0])
        idle -= {check.__name__ for check in registry.CHECKS if list(check(site))}
    assert idle == set()


def test_a_fault_costs_no_other_its_mention(tmp_path: Path) -> None:
    root = build("option-misspelt", tmp_path)
    shutil.rmtree(root / "usr/lib/python3")
    texts = [finding.text for finding in runner.examine(runner.Source(str(root), ""))]
    assert any("unknown option" in text for text in texts)
    assert any("pyudev" in text for text in texts)


def test_an_index_of_modules_may_be_large(tmp_path: Path) -> None:
    root = build("kernel-without-bonding", tmp_path)
    index = root / "lib/modules/6.1.0-56-amd64/modules.dep"
    index.write_text("kernel/x.ko:\n" * 200_000 + "kernel/drivers/net/bonding/bonding.ko.zst:\n")
    assert runner.examine(runner.Source(str(root), "")) == []


# --- NetworkManager.conf ----------------------------------------------------------

BOND, CABLE, RADIO = "bond0", "enp0s31f6", "wlp3s0"
MAC = "02:00:00:00:00:0a"


def managed(root: Path, **files: str) -> list[str]:
    """Return what NetworkManager manages by such files, as NAMES FILE:LINE."""
    build("good-with-networkmanager", root)
    cable = root / "sys/class/net" / CABLE
    write(cable / "address", MAC)
    write(cable / "addr_assign_type", "0")
    (cable / "device/driver").symlink_to("/sys/bus/pci/drivers/e1000e")
    for name, text in files.items():
        write(root / name, text)
    site = survey(Machine(str(root)), unit_tree.render_root(str(root))[0])
    told = networkmanager.devices(site)
    return [f"{f.text.split(' as well')[0].split(' manages ')[1]} {f.file}:{f.line}" for f in told]


@pytest.mark.parametrize(
    ("devices", "names"),
    [
        ("*", [BOND, CABLE, RADIO]),
        ("", []),
        ("*,except:interface-name:bond0", [CABLE, RADIO]),
        ("except:type:wifi ; except:interface-name:=bond0", [CABLE]),
        ("except:*", []),
        ("except:bond0", [BOND, CABLE, RADIO]),
        ("EXCEPT:Type:wifi", [BOND, CABLE]),
        (f"{CABLE};wlp4s0", [CABLE]),
        ("enp*", []),
        ("interface-name:enp?s31*", [CABLE]),
        ("interface-name:~wl*,", [RADIO]),
        ("interface-name:=wl*", []),
        ("interface-name:[ew]*", []),
        ("type:ethernet, type:bond", [BOND, CABLE]),
        ("type:gsm;dhcp-plugin:internal", []),
        (f"mac:{MAC.upper()}", [CABLE]),
        (MAC.replace(":", "-"), [CABLE]),
        ("mac:", []),
        ("driver:e1000e/*", [CABLE]),
        ("driver:e1000*;driver:", []),
        (f"*,except:mac:{MAC},except:driver:iwlwifi", [BOND, RADIO]),
    ],
)
def test_whom_a_section_of_networkmanager_s_means(
    devices: str, names: list[str], tmp_path: Path
) -> None:
    text = f"[device-x]\nmanaged=1\nmatch-device={devices}\n"
    told = managed(tmp_path, **{"etc/NetworkManager/conf.d/x.conf": text})
    where = " /etc/NetworkManager/conf.d/x.conf:2"
    assert told == ([", ".join(names) + where] if names else [])


ONE = f"match-device={CABLE}\nmanaged="


@pytest.mark.parametrize(
    ("main", "later", "line"),
    [
        (f"[device]\n{ONE}1\n", "", "NetworkManager.conf:3"),
        (f"[device]\n{ONE}1\nmanaged=off\n", "", ""),
        (f"[device-a]\n{ONE}True\n[device-b]\n{ONE}0\n", "", "NetworkManager.conf:3"),
        (f"[device]\n{ONE}1\n[device-b]\n{ONE}0\n", "", ""),
        (f"[device]\n{ONE}0\n[device-b]\n{ONE}yes\n", "", "NetworkManager.conf:6"),
        (f"[device-a]\n{ONE}1\n", f"[device-b]\n{ONE}0\n", ""),
        (f"[device-a]\n{ONE}0\n", f"[device-b]\n{ONE}on\n", "conf.d/x.conf:3"),
        (f"[device-a]\n{ONE}0\n", "[device-a]\nmanaged=1\n", "conf.d/x.conf:2"),
        (f"[device-a]\n{ONE}1\n", "[device-a]\nmatch-device=eth9\n", ""),
        (
            "[device-a]\nmatch-device=x\nmanaged=1\n",
            f"[device-a]\nmatch-device+={CABLE}\n",
            "NetworkManager.conf:3",
        ),
        (f"[device]\n{ONE}1\n", "[device-b]\nstop-match=1\n", ""),
        (
            f"[device]\n{ONE}1\n",
            "[device-b]\nmatch-device=x\nstop-match=1\n",
            "NetworkManager.conf:3",
        ),
        (f"[device]\n{ONE}1\n", "[keyfile]\nunmanaged-devices=*,except:type:wifi\n", ""),
        (
            f"[device]\n{ONE}1\n",
            "[.config]\nenable=0\n[device-b]\nmanaged=0\n",
            "NetworkManager.conf:3",
        ),
        (f"[device]\n{ONE}maybe\n", "", ""),
        (f"[connection]\n{ONE}1\n", "", ""),
    ],
)
def test_which_line_of_networkmanager_s_decides(
    main: str, later: str, line: str, tmp_path: Path
) -> None:
    folder = "etc/NetworkManager"
    files = {f"{folder}/NetworkManager.conf": main, f"{folder}/conf.d/x.conf": later}
    told = managed(tmp_path, **files)
    assert told == ([f"{CABLE} /{folder}/{line}"] if line else [])


# --- places of problems ---------------------------------------------------------


def problems_of(case: Path) -> list[Finding]:
    wishes = unit_tree.render_root(str(case))[0]
    lines = {
        f"/{path.relative_to(case)}": problems.split(path.read_bytes())
        for path in case.rglob("*.conf")
        if path.is_file()
    }
    return list(problems.findings(wishes.problems, lambda name: lines.get(name, [])))


def test_every_problem_has_a_remedy_and_a_place_in_its_line(case: Path) -> None:
    for finding in problems_of(case):
        assert finding.remedy != "See wbond.conf(5).", finding.text
        whole = "more faults" in finding.text or not finding.line
        assert bool(finding.column) == (not whole) or "more faults" in finding.text
        assert finding.column + finding.width - 1 <= len(finding.source)


def test_what_is_quoted_is_what_is_marked() -> None:
    marked = [
        finding.source[finding.column - 1 :][: finding.width]
        for finding in problems_of(CASES / "bad-values")
    ]
    assert marked[:8] == [
        *("this-name-is-too-long", "en/p", ":x", "en%p", "-", "..", "-x"),
        "wl[/]",
    ]
    assert marked[8] == "802.3ad"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[bond0]\nmiimon = 10x\n", (2, "10x")),
        ("[bond0]\nmiimon = 1\n  2\n", (2, "miimon")),
        ("[bond0]\nwired = eth0\n# why\n    eth/1 # odd\n", (4, "eth/1")),
        ("[bond0]\n\tduid=it's 'not' hex\n", (2, "it's 'not' hex")),
        ("[bond0]\nMODE : 802.3ad\n", (2, "802.3ad")),
        ("[bond0]\nmode =\n", (2, "mode")),
        ("[bond0 : fleet]\n", (1, "fleet")),
        ("[bond0:bond]\n", (1, "bond")),
        ("[bond0]\nwired[ a = eth0\n", (2, "wired[ a")),
        ("[bond0]\nmac = bond0\n", (2, "bond0")),
        ("[bond0]\n\ufeffwired = eth0\n", (2, "\ufeffwired")),
        ("[bond0]\nwired = et\x07h0\n", (2, "\x07")),
    ],
)
def test_the_words_that_are_meant(text: str, expected: tuple[int, str]) -> None:
    document = ini.Document()
    ini.parse(text.encode(), "file", document)
    wishes = config.interpret(document, "")
    lines = problems.split(text.encode())
    first = next(problems.findings(wishes.problems, lambda _: lines))
    assert (first.line, first.source[first.column - 1 :][: first.width]) == expected


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"[bond0]\n", b"[bond0]\nwired = "]))
def test_no_file_is_too_odd(content: bytes, start: bytes) -> None:
    document = ini.Document()
    ini.parse(start + content, "file", document)
    wishes = config.interpret(document, "")
    lines = problems.split(start + content)
    told = list(problems.findings(wishes.problems, lambda _: lines))
    told += problems.comments(document, lambda _: lines)
    for finding in told:
        assert finding.column + finding.width - 1 <= max(len(finding.source), 1)
    stream = io.StringIO()
    diagnostics.show(terminal.console(stream), told)
    assert "\x1b" not in stream.getvalue()


def test_what_is_only_rounded_or_given_twice_is_a_warning() -> None:
    text = b"[bond0]\nmiimon = 70\nupdelay = 100\nmiimon = 70\nmac = follow\n"
    document = ini.Document()
    ini.parse(text, "file", document)
    wishes = config.interpret(document, "")
    told = problems.findings(wishes.problems, lambda _: problems.split(text))
    assert [finding.severity for finding in told] == [WARNING, WARNING, ERROR]


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
    diagnostics.show(terminal.console(stream), [Finding(NOTE, "kábel", "")])
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
    assert done.returncode == 2
    told, remedy = done.stderr.splitlines()[-2:]
    assert told.startswith(f"wbond: the Python module {module} is not installed: ")
    assert f"python3-{module}" in remedy or f"python-{module}" in remedy
    assert "Traceback" not in done.stderr


def test_json_has_the_fields_that_are_documented(tmp_path: Path) -> None:
    code, out, _ = run("check", "--json", "--root", str(build("option-misspelt", tmp_path)))
    data = json.loads(out)
    assert data["exit"] == code == 2
    (finding,) = data["findings"]
    assert list(finding) == [
        *("severity", "file", "line", "column", "section", "option", "text", "remedy")
    ]
    assert (finding["file"], finding["line"], finding["column"]) == ("/etc/wbond.conf", 3, 1)


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
    assert (code, out) == (2, "")
    assert "no such file" in err


def test_the_description_says_what_the_codes_are() -> None:
    parser = arguments.parser()
    assert "check" in parser.format_help()


# --- what systemd says ----------------------------------------------------------


def test_every_case_verifies(case: Path, installed: Installed) -> None:
    wishes, tree = unit_tree.render_root(str(case))
    units = verify.without_clients(verify.instances(tree), wishes)
    wanted = generator.items(wishes, str(case))
    if any(isinstance(item.text, str) for item in wanted if hasattr(item, "text")):
        # Copies of templates name the programs of an installation.
        for item in wanted:
            if hasattr(item, "text"):
                item.text = item.text.replace(
                    "/usr/lib/wbond/", f"{installed.units.parent}/lib/wbond/"
                )
    assert list(verify.findings(wanted, units, search=[str(installed.units)])) == []


def test_the_machine_that_runs_is_verified(
    tmp_path: Path, installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = tmp_path / "units", installed.units
    relative = tuple(str(place).lstrip("/") for place in places)
    monkeypatch.setattr(generator, "UNIT_PATH", (*relative, *generator.UNIT_PATH))
    file = tmp_path / "wbond.conf"
    file.write_text("[bond0]\nwired = eth0\n[uplink]\nwired = eth1\nmiimon = 50\n")
    source = runner.Source("/", str(file))
    wishes = config.interpret(runner._read(source), "")
    site = survey(Machine(), wishes)
    assert runner._verified(site, source) == []
    write(tmp_path / "units/wbond@uplink.service.d/own.conf", "[Service]\nRestat=no\n")
    (told,) = runner._verified(site, source)
    assert "Restat" in told.text


def test_what_systemd_finds_is_a_finding(tmp_path: Path, installed: Installed) -> None:
    shutil.copytree(installed.units, tmp_path / "units")
    template = tmp_path / "units/wbond@.service"
    template.write_text(template.read_text() + "Restrat=always\n")
    units = ["wbond@bond0.service"]
    (told,) = verify.findings((), units, search=[str(tmp_path / "units")])
    assert told.severity == ERROR
    assert "Restrat" in told.text


def test_a_program_that_is_known_to_be_missing_is_told_once(
    tmp_path: Path, installed: Installed
) -> None:
    shutil.copytree(installed.units, tmp_path / "units")
    template = tmp_path / "units/dhclient@.service"
    template.write_text(template.read_text().replace("ExecStart=dhclient", "ExecStart=dhcl"))
    units = ["dhclient@bond0.service"]
    search = [str(tmp_path / "units")]
    assert len(list(verify.findings((), units, search=search))) == 1
    assert list(verify.findings((), units, missing=["dhcl"], search=search)) == []


def test_units_are_named_by_what_is_generated() -> None:
    tree = {"multi-user.target.wants/wbond@b.service": "", "b-wired@.service": ""}
    wishes = config.Config([])
    bond = config.Bond("b", ini.Place("", 0))
    bond.settings["dhcp6"] = "none"
    wishes.bonds = [bond]
    names = verify.without_clients(verify.instances(tree), wishes)
    own = [f"{unit}b.service" for unit in ("wbond-ports@", "wbond-watch@", "wbond@")]
    assert names == ["dhclient@b.service", *own]


# --- agreement with the rest of wbond ---------------------------------------------


def test_defaults_are_the_units() -> None:
    text = (REPOSITORY / "units/bond0-supplicant@.service").read_text()
    assert f"Environment=SUPPLICANT_CONF={ports.SUPPLICANT_CONF}\n" in text
    text = (REPOSITORY / "units/dhcp6c@.service").read_text()
    assert f"Environment=DHCP6C_CONF={ports.DHCP6C_CONF}\n" in text


def test_every_template_is_looked_for() -> None:
    shipped = {path.name.removesuffix(".service") for path in (REPOSITORY / "units").iterdir()}
    assert set(dependencies.TEMPLATES) == shipped


def test_ifupdown_s_files_are_the_port_s(tmp_path: Path) -> None:
    root = build("ifupdown-has-the-port", tmp_path)
    assert len(ifupdown.stanzas("enp0s31f6", str(root))) == 2
    assert os.path.exists(root / ifupdown.FILE)
