# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verb `import`: what it makes of other programs' files, a folder of tests/imports each.

A folder has the files below `root`; `said` is what the command says, and `expected` what it
writes. Passwords there have a word in them by which a test finds them where they must not be.
"""

import os
import random
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from wbond.message import NOTE
from wbond_cli import exit_status
from wbond_cli.check import runner
from wbond_cli.check.machine import Machine
from wbond_cli.imports import (
    choose,
    configuration,
    files,
    netctl,
    netplan,
    networks,
    rivals,
    screen,
    sources,
    targets,
)
from wbond_cli.imports.record import Found, Given, Left
from wbond_cli.output import Output

from tests.conftest import REPOSITORY
from tests.test_check import build, write

STORIES = REPOSITORY / "tests" / "imports"
NAMES = sorted(path.name for path in STORIES.iterdir() if path.is_dir())
COMMAND = str(REPOSITORY / "helpers" / "wbond")
WRITTEN = ("etc/wbond.conf", "etc/wpa_supplicant")
SECRETS = ("s3cre", "5ec7e7ab", "73336372")  # the last is the first in hexadecimal
PROFILES = "etc/NetworkManager/system-connections"
# Each letter stands for nine of the one before.
ALIASES = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in pairwise("abcdefgh")
)
PROFILE = "[connection]\ntype=wifi\n[wifi]\nssid=Home\n[wifi-security]\nkey-mgmt=wpa-psk\npsk={}\n"


def machine(root: Path, name: str = "") -> Path:
    """Make a machine that wbond is installed on and that nobody has configured for it."""
    build("good", root)
    (root / "etc/wbond.conf").unlink()
    shutil.rmtree(root / "etc/wpa_supplicant")
    if name:
        shutil.copytree(STORIES / name / "root", root, symlinks=True, dirs_exist_ok=True)
    return root


def run(root: Path, *words: str) -> tuple[int, str, str]:
    command = [COMMAND, "import", "--root", str(root), *words]
    environ = {"PATH": "/usr/sbin:/usr/bin", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def content(root: Path) -> dict[str, str]:
    """Return the files that wbond and wpa_supplicant read."""
    paths = [path for name in WRITTEN for path in [root / name, *(root / name).rglob("*")]]
    return {
        str(path.relative_to(root)): path.read_text("utf-8", "surrogateescape")
        for path in paths
        if path.is_file()
    }


def text(root: Path, path: str = "etc/wbond.conf") -> str:
    return (root / path).read_text()


# --- stories ----------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_story_comes_over(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    root, story = machine(tmp_path / "root", name), STORIES / name
    before = content(root)
    code, dry, err = run(root, "--dry-run")
    assert (code, err) == (0, "")
    assert content(root) == before
    code, out, err = run(root)
    new = {path: text for path, text in content(root).items() if before.get(path) != text}
    if request.config.getoption("--update-cases"):
        shutil.rmtree(story / "expected", ignore_errors=True)
        for path, written in new.items():
            write(story / "expected" / path, written)
        (story / "said").write_text(out)
    assert (code, err) == (0, "")
    assert out == (story / "said").read_text()
    assert new == content(story / "expected")
    assert not any(secret in out + dry for secret in SECRETS)
    for line in (root / "etc/wbond.conf").read_text().splitlines():
        assert line in dry
    for path in new:
        if path != "etc/wbond.conf" and path not in before:
            assert (root / path).stat().st_mode & 0o777 == 0o600
    assert wrong(root) == []


def wrong(root: Path) -> list[object]:
    """Return what `wbond check` finds, but for what the import says is to be switched off."""
    for path in root.glob("etc/wpa_supplicant/*"):
        path.chmod(0o600)
    read, _ = runner.configuration(runner.Source(str(root), ""))
    told = list(rivals.found(Machine(str(root)), read))
    found = runner.run(runner.Source(str(root), ""))
    # What is not plugged in, or knows no network, is no fault of what was written.
    absent = {"absent-port", "no-port-present", "missing-supplicant-file"}
    return [
        one for one in found if one.severity != NOTE and one not in told and one.code not in absent
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_story_says_what_it_shows(name: str) -> None:
    assert (STORIES / name / "README").read_text().splitlines()[0].endswith(".")


def test_there_are_five_stories_of_each_program() -> None:
    for program in ("networkmanager", "netplan", "ifupdown", "netctl", "networkd", "by-hand"):
        assert len([name for name in NAMES if name.startswith(program)]) >= 5


# --- what is never done -------------------------------------------------------------


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    root = build("good", tmp_path)
    write(root / PROFILES / "a.nmconnection", PROFILE.format("s3cret horse"))
    supplicant = root / "etc/wpa_supplicant/wpa_supplicant.conf"
    supplicant.write_text('ctrl_interface=/run/x\nnetwork={\n\tssid="Home"\n\tpsk="mine mine"\n}\n')
    before = content(root)
    code, out, err = run(root)
    assert (code, err) == (exit_status.FAILURE, "")
    assert out.count("stays as it is") == 2
    assert content(root) == before
    code, out, _ = run(root, "--dry-run")
    assert code == exit_status.FAILURE
    assert "/etc/wbond.conf would be, if there were none:" in out


def test_a_network_is_added_to_those_that_are_there(tmp_path: Path) -> None:
    root = build("good", tmp_path)
    write(root / PROFILES / "a.nmconnection", PROFILE.format("s3cret horse"))
    supplicant = root / "etc/wpa_supplicant/wpa_supplicant.conf"
    supplicant.write_text('# Mine.\nctrl_interface=/run/x\nnetwork={\n\tssid="Other"\n}\n')
    supplicant.chmod(0o644)
    before = content(root)
    code, out, err = run(root)
    assert (code, err) == (exit_status.SUCCESS, "")
    assert "systemctl reload" in out
    after = content(root)
    assert after["etc/wbond.conf"] == before["etc/wbond.conf"]
    path = "etc/wpa_supplicant/wpa_supplicant.conf"
    assert after[path].startswith(before[path])
    assert 'ssid="Home"' in after[path]
    assert supplicant.stat().st_mode & 0o777 == 0o640


def test_where_nothing_is_configured_nothing_is_written(tmp_path: Path) -> None:
    root = machine(tmp_path)
    code, out, err = run(root)
    assert (code, out) == (exit_status.FAILURE, "")
    assert "wbond init" in err
    assert content(root) == {}


def test_a_file_that_wpa_supplicant_refuses_is_left_alone(tmp_path: Path) -> None:
    root = machine(tmp_path)
    write(root / PROFILES / "a.nmconnection", PROFILE.format("s3cret horse"))
    write(root / "etc/wpa_supplicant/wpa_supplicant.conf", "network={\n")
    before = content(root)
    code, _, err = run(root)
    assert code == exit_status.REFUSED
    assert "nothing is written" in err
    assert content(root) == before


def test_one_program_alone_is_asked(tmp_path: Path) -> None:
    root = machine(tmp_path, "by-hand-beside-networkmanager")
    code, out, _ = run(root, "--from", "networkmanager", "--dry-run")
    assert code == exit_status.SUCCESS
    assert "bond0-supplicant@.service: bond" not in out
    assert "network Office" in out


def test_a_secret_that_cannot_be_is_not_repeated(tmp_path: Path) -> None:
    root = machine(tmp_path)
    write(root / PROFILES / "a.nmconnection", PROFILE.format("s3cret" * 40))
    _, out, err = run(root)
    assert "63 characters" in out + err
    assert "s3cret" not in out + err


def test_without_an_address_that_can_be_it_asks_by_dhcp(tmp_path: Path) -> None:
    root = machine(tmp_path)
    text = "[connection]\ntype=ethernet\ninterface-name=eth0; rm\n[ipv4]\nmethod=manual\n"
    write(root / PROFILES / "a", f"{text}address1=999.1.1.1/24\ndns=192.0.2.53;evil%n;\n")
    code, out, err = run(root)
    assert (code, err) == (exit_status.SUCCESS, "")
    written = (root / "etc/wbond.conf").read_text()
    assert "dhcp4" not in written
    assert "rm" not in written.split()
    assert "nameservers = 192.0.2.53\n" in written
    assert out.count("does not take this value") == 2
    assert "cannot have the name of its interface" in out


# --- files that are hostile -----------------------------------------------------------


def read(root: Path, *programs: str) -> Found:
    return sources.read(Machine(str(root)), programs)


def why(found: Found) -> list[str]:
    return [left.why for left in found.left]


@pytest.mark.parametrize("path", [f"{PROFILES}/a", "etc/netplan/a.yaml", "etc/netctl/a"])
def test_a_fifo_a_device_and_a_large_file_are_told_of(tmp_path: Path, path: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    os.mkfifo(tmp_path / path)
    assert "regular file" in why(read(tmp_path))[0]
    (tmp_path / path).unlink()
    (tmp_path / path).symlink_to("/dev/zero")
    read(tmp_path)  # below the root there is none
    (tmp_path / path).unlink()
    (tmp_path / path).write_bytes(b"a" * (files.LONGEST + 1))
    assert "larger than" in why(read(tmp_path))[0]


@pytest.mark.parametrize(
    "text",
    [
        ALIASES,
        "[" * 2000,
        "network: {ethernets: {a: " + "{a: " * 40 + "}" * 42,
        'network: {wifis: {a: {access-points: {"\\ud800": {password: x}}}}}',
    ],
    ids=["aliases", "deep-lists", "deep-maps", "half-a-pair"],
)
def test_yaml_that_is_meant_to_do_harm_is_refused(tmp_path: Path, text: str) -> None:
    write(tmp_path / "etc/netplan/a.yaml", text)
    found = read(tmp_path)
    assert found.connections == []
    assert why(found) == ["it is no YAML that netplan would take"]


def test_where_yaml_is_missing_it_says_so_and_takes_what_netplan_has_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(STORIES / "netplan-ubuntu-desktop/root", tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(netplan, "module", lambda: None)
    found = read(tmp_path)
    assert found.notes == [netplan.WITHOUT_YAML]
    assert [one.file for one in found.connections] == [
        "/run/NetworkManager/system-connections/netplan-NM-1b8c6d4a.nmconnection"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Key='a b'", ["a b"]),
        ('Key="a\\"b"', ['a"b']),
        ("Key=a\\ b # said", ["a b"]),
        ("Key=(a 'b c'\n d)", ["a", "b c", "d"]),
        ("Key='a$b'", ["a$b"]),
        ('Key="a(b)&c"', ["a(b)&c"]),
        ("Key=$(rm -rf /)", []),
        ("Key=`rm`", []),
        ('Key="$HOME"', []),
        ("Key=(a", ["a"]),
        ("Key='a", []),
    ],
)
def test_bash_is_read_and_not_evaluated(tmp_path: Path, text: str, expected: list[str]) -> None:
    found = Found(Machine(str(tmp_path)))
    assert [given.value for given in netctl.entries(found, text, "a")] == expected
    assert bool(found.left) == (not expected)


def test_what_may_be_a_secret_is_masked() -> None:
    block = 'network={\n    ssid="a"\n    psk="s3cret"\n    wep_key0=s3cret\n    new=s3cret\n}\n'
    masked = networks.masked(block)
    assert 'ssid="a"' in masked
    assert masked.count("=***") == 3
    assert "s3cret" not in masked


def test_a_key_that_may_be_a_secret_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    screen.left(
        Output(), [Left("/etc/x", 3, "my s3cret: horse!", "why"), Left("/y", 0, "b.c", "z")]
    )
    assert capsys.readouterr().out == "Does not come over:\n  /etc/x:3: why\n  /y: b.c: z\n\n"


def test_an_option_that_does_not_fit_the_others_is_left_out() -> None:
    found = Found(Machine("/nonexistent"))
    address = Given("a", "192.0.2.7/24", "/f", 1)
    gateway = Given("g", "198.51.100.1", "/f", 2)
    options = [
        choose.Option("address", [address.value], [address]),
        choose.Option("gateway", [gateway.value], [gateway]),
    ]
    text = configuration.text(found, choose.Draft("bond0", options, [], [], []))
    assert "address = 192.0.2.7/24" in text
    assert "gateway" not in text
    assert [left.key for left in found.left] == ["g"]


def test_mutants_come_over_without_an_exception(tmp_path: Path) -> None:
    from tests.fuzz_import import Imports

    reader = Imports(tmp_path, random.Random("import"))
    for _ in range(40):
        reader(reader.mutant())
    assert targets.files(Machine(str(tmp_path)), configuration.read("[bond0]\n")[1])
