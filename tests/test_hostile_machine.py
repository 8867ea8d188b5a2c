# SPDX-License-Identifier: LGPL-2.1-or-later
"""Device strings and names made to break out: none does, of udev's helper, check, init or log."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from wbond import config, ini
from wbond_cli.journal import history, reader, timeline

from tests.conftest import REPOSITORY, configured
from tests.test_check import build, write

# The kernel takes every byte in a name but blanks, "/", ":" and the null byte (dev_valid_name()).
NAMES = ['a"b', "a'b", "$(id)", "${BOND}", "%n%i", "a\\x2db", "wl\udcff\udcfe", "e\x1b[31m", "-i"]
STRINGS = ['"', "'", "$(reboot)", "%n", "a\nWBOND_BOND=evil", "é" * 2048, "\x1b]0;x\x07"]


def run(program: str, *words: str, **environ: str) -> tuple[int, bytes, bytes]:
    """Run a program of wbond's, as udev and people do."""
    clean = {"PATH": "/usr/sbin:/usr/bin", "LC_ALL": "C.UTF-8", **environ}
    command = [str(REPOSITORY / "helpers" / program), *words]
    done = subprocess.run(command, env=clean, capture_output=True, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


KEYS = [b"WBOND_BOND", b"WBOND_ROLE", b"NM_UNMANAGED", b"ID_NET_MANAGED_BY", b"WBOND_UNIT"]


@pytest.mark.parametrize("name", NAMES)
def test_udev_s_helper_finds_a_port_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    root = configured(tmp_path, "")
    text = f"[bond0]\nwired = {name}\nwireless =\n"
    (root / "etc/wbond.conf").write_bytes(os.fsencode(text))
    event = {"DEVPATH": "/devices/virtual/net/lo", "INTERFACE": name}
    code, out, err = run("wbond-udev", "--root", str(root), "query", **event)
    assert (code, err) == (0, b"")
    # Nothing where the configuration refuses the name.
    assert [line.partition(b"=")[0] for line in out.splitlines()] in ([], KEYS)
    assert out.isascii()


@pytest.mark.parametrize("text", STRINGS)
def test_udev_s_helper_takes_no_string_of_a_device_s_for_its_own(tmp_path: Path, text: str) -> None:
    root = configured(tmp_path, "[bond0]\nwired = lo\nwireless =\n")
    event = {"DEVPATH": "/devices/virtual/net/lo", "INTERFACE": "lo", "ID_MODEL": text}
    code, out, err = run("wbond-udev", "--root", str(root), "query", ID_PATH=text, **event)
    assert (code, err) == (0, b"")
    assert [line.partition(b"=")[0] for line in out.splitlines()] == KEYS
    assert b"evil" not in out


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine full of such hardware."""
    root = build("good", tmp_path_factory.mktemp("machine"))
    strings = "\n".join(STRINGS)
    for number, name in enumerate([*NAMES, "en\nx", "en[bold]"], 10):
        folder = root / "sys/class/net" / name
        device = root / f"sys/devices/usb{number}"
        for attribute in ("idVendor", "idProduct", "manufacturer", "product", "removable"):
            write(device / attribute, strings)
        for attribute, value in {"type": "1", "ifindex": str(number), "uevent": strings}.items():
            write(folder / attribute, value + "\n")
        write(folder / "address", strings)
        (folder / "device").symlink_to(f"../../../devices/usb{number}")
        write(
            root / f"run/udev/data/n{number}", f"E:ID_PATH={strings}\nE:ID_NET_DRIVER={strings}\n"
        )
    return root


@pytest.mark.parametrize("verb", [["check"], ["check", "--json"], ["plan"]])
def test_what_people_see_is_printable(machine: Path, verb: list[str]) -> None:
    assert_printable(*run("wbond", *verb, "--root", str(machine)))


def test_init_writes_a_configuration_that_can_be_read(machine: Path) -> None:
    (machine / "etc/wbond.conf").unlink()
    assert_printable(*run("wbond", "init", "--root", str(machine)))
    document = ini.Document()
    ini.parse((machine / "etc/wbond.conf").read_bytes(), "/etc/wbond.conf", document)
    found = config.interpret(document, "")
    assert found.problems == []
    assert [bond.name for bond in found.bonds] == ["bond0"]


def assert_printable(code: int, out: bytes, err: bytes) -> None:
    text = (out + err).decode()  # which is UTF-8
    assert code in (0, 1, 2)
    assert "Traceback" not in text
    assert all(line.isprintable() for line in text.split("\n"))


def entry(**fields: object) -> str:
    own = {"__REALTIME_TIMESTAMP": "1785326400000000", "_BOOT_ID": "b", "WBOND_BOND": "bond0"}
    return json.dumps({**own, "WBOND_EVENT": "failover", **fields})


@pytest.mark.parametrize("name", [*NAMES, *STRINGS])
def test_the_log_shows_no_string_as_it_is(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    octets = list(os.fsencode(name))
    told = [entry(MESSAGE=name, WBOND_PORT=name), entry(MESSAGE=octets, WBOND_FORMER=octets)]
    events = list(map(history.History().event, reader.parse("\n".join(told))))
    assert len(events) == 2
    history.print_json(events)
    timeline.render(events, 80)
    shown = capsys.readouterr().out
    assert all(line.isprintable() for line in shown.split("\n"))
