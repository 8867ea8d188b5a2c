# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-port supplicant: what is done before wpa_supplicant starts, and its command line."""

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from wbond_net import notify
from wbond_net.kernel import links, rfkill
from wbond_net.kernel.netlink import KernelError
from wbond_net.ports import port

from tests.fake import Machine
from tests.hostile import hostile
from tests.ports import ENVIRON, RADIO


class Executed(Exception):
    """Stands for a process that has become another program."""


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    words: list[str] = []

    def execute(program: str, arguments: list[str]) -> None:
        words.extend(arguments)
        raise Executed(program)

    monkeypatch.setattr(os, "execvp", execute)
    return words


def test_the_unit_becomes_wpa_supplicant(machine: Machine, executed: list[str]) -> None:
    machine.add_bond()
    machine.add(RADIO, master="bond0", up=True)
    with pytest.raises(Executed, match="wpa_supplicant"):
        port.main(["supplicant", "bond0", RADIO], ENVIRON)
    assert machine.programs == [f"iw dev {RADIO} set bitrates legacy-2.4 6 9 12 18 24 36 48 54"]
    assert executed[:7] == [
        *("wpa_supplicant", "-i", RADIO, "-D", "nl80211", "-c"),
        "/etc/wpa_supplicant/wpa_supplicant.conf",
    ]
    overrides = Path(executed[executed.index("-I") + 1]).read_text()
    for line in ("mac_addr=0", "preassoc_mac_addr=0", "p2p_disabled=1"):
        assert f"\n{line}\n" in overrides


def test_legacy_rates_lift_the_restriction(machine: Machine, executed: list[str]) -> None:
    machine.add_bond()
    machine.add(RADIO, master="bond0", up=True)
    with pytest.raises(Executed):
        port.main(["supplicant", "bond0", RADIO], ENVIRON | {"LEGACY_RATES": "yes"})
    assert machine.programs == [f"iw dev {RADIO} set bitrates"]


def test_a_driver_that_knows_no_rates_is_no_failure(machine: Machine, executed: list[str]) -> None:
    machine.add_bond()
    machine.add(RADIO, master="bond0", up=True)
    machine.refused["iw"] = "command failed: Operation not supported (-95)"
    with pytest.raises(Executed):
        port.main(["supplicant", "bond0", RADIO], ENVIRON)


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Stand for the service manager, which the unit tells that it has started."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield listening


def told(manager: socket.socket) -> bytes:
    """Return what the service manager has been told; nothing where that is nothing."""
    try:
        return manager.recv(100)
    except BlockingIOError:
        return b""


def test_the_unit_has_started_when_the_radio_is_in_the_bond(
    machine: Machine, manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def execute(program: str, arguments: list[str]) -> None:
        assert "NOTIFY_SOCKET" not in os.environ
        raise Executed(program)

    monkeypatch.setattr(os, "execvp", execute)
    joined = []
    monkeypatch.setattr(port, "join", lambda *_: joined.append(told(manager)))
    machine.add_bond()
    machine.add(RADIO, master="bond0")
    with pytest.raises(Executed):
        port.main(["supplicant", "bond0", RADIO], ENVIRON)
    assert (joined, told(manager)) == ([b""], b"READY=1")


def test_a_blocked_radio_joins_when_it_is_unblocked_and_its_unit_has_started_before(
    bonded: Machine,
    executed: list[str],
    manager: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bonded.rfkill(RADIO, soft=1)
    enslaved = f"ip link set dev {RADIO} master bond0"

    def wait(name: str) -> None:
        assert told(manager) == b"READY=1"
        assert enslaved not in bonded.ran
        bonded.rfkill(name, soft=0)

    monkeypatch.setattr(rfkill, "wait_unblocked", wait)
    with pytest.raises(Executed):
        port.main(["supplicant", "bond0", RADIO], ENVIRON)
    assert enslaved in bonded.ran
    assert executed


def test_a_radio_that_is_unblocked_for_a_moment_waits_on(
    bonded: Machine, executed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocked again before it is looked at, then while the kernel opens it, then no more."""
    enslaved = f"ip link set dev {RADIO} master bond0"
    bonded.rfkill(RADIO, soft=1)
    waits: list[int] = []

    def wait(name: str) -> None:
        waits.append(len(waits))
        bonded.blocks = enslaved if waits == [0, 1] else ""
        bonded.rfkill(name, soft=1 if waits == [0] else 0)

    monkeypatch.setattr(rfkill, "wait_unblocked", wait)
    with pytest.raises(Executed):
        port.main(["supplicant", "bond0", RADIO], ENVIRON)
    assert waits == [0, 1, 2]
    assert bonded.ran.count(enslaved) == 2
    assert executed[0] == "wpa_supplicant"


def test_a_driver_that_says_blocked_where_no_switch_is_fails_the_unit(
    bonded: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bonded.rfkill(RADIO)
    monkeypatch.setattr(links, "enslave", refuse)
    assert port.main(["supplicant", "bond0", RADIO], ENVIRON) == 1


def refuse(*_: str) -> None:
    raise KernelError(errno.ERFKILL, os.strerror(errno.ERFKILL))


def test_a_radio_that_is_pulled_while_it_joins_fails_no_start(
    bonded: Machine, manager: socket.socket
) -> None:
    bonded.pulled = f"ip link set dev {RADIO} master bond0"
    assert port.main(["supplicant", "bond0", RADIO], ENVIRON) == 0
    assert told(manager) == b"READY=1"


def test_a_radio_that_cannot_join_fails_its_start(bonded: Machine, manager: socket.socket) -> None:
    bonded.refused[f"ip link set dev {RADIO} master"] = "RTNETLINK answers: Device or resource busy"
    assert port.main(["supplicant", "bond0", RADIO], ENVIRON) == 1
    assert told(manager) == b""


def test_the_service_manager_may_listen_at_an_abstract_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0wbond-test-{os.getpid()}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@wbond-test-{os.getpid()}")
        notify.ready()
        assert listening.recv(100) == b"READY=1"


def test_an_interface_s_own_configuration_wins(tmp_path: Path) -> None:
    common, own = tmp_path / "wpa_supplicant.conf", tmp_path / f"wpa_supplicant-{RADIO}.conf"
    environ = ENVIRON | {"SUPPLICANT_CONF": str(common)}
    common.write_text("")
    assert str(common) in port.supplicant_command("bond0", RADIO, environ)
    own.write_text("")
    assert str(own) in port.supplicant_command("bond0", RADIO, environ)
    assert str(common) not in port.supplicant_command("bond0", RADIO, environ)


@pytest.mark.parametrize("kind", ["fifo", "endless", "folder"])
def test_a_configuration_that_never_ends_fails_the_unit_and_says_so(
    machine: Machine,
    executed: list[str],
    tmp_path: Path,
    kind: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    machine.add_bond()
    machine.add(RADIO, master="bond0")
    own = hostile(tmp_path / "networks.conf", kind)
    code = port.main(["supplicant", "bond0", RADIO], ENVIRON | {"SUPPLICANT_CONF": str(own)})
    assert (code, executed) == (1, [])
    assert f"{own}: no regular file" in capsys.readouterr().out


def test_the_bridge_is_named_on_demand() -> None:
    assert "-b" not in port.supplicant_command("bond0", RADIO, ENVIRON)
    words = port.supplicant_command("bond0", RADIO, ENVIRON | {"SUPPLICANT_BRIDGE": "yes"})
    assert words[-2:] == ["-b", "bond0"]
