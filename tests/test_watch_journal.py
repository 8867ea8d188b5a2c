# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-watch's journal: a journald that does not read, or no library, costs messages alone."""

import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from wbond_net import notify
from wbond_net.watch import journal, main
from wbond_net.watch.host import Host
from wbond_net.watch.journal import Journal

pytestmark = pytest.mark.usefixtures("in_time")


@pytest.fixture
def journald(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Listen where journald would, and read nothing by itself."""
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        monkeypatch.setattr(journal, "SOCKET", str(path))
        yield listening


class Library:
    """sd_journal_sendv(3): a socket of its own, made at the first call, that blocks."""

    def __init__(self) -> None:
        self.socket: socket.socket | None = None

    def sendv(self, *fields: str) -> None:
        if self.socket is None:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with suppress(FileNotFoundError):  # "Fail silently if the journal is not available"
            self.socket.sendto("\n".join(fields).encode(), journal.SOCKET)


def fill(send: Callable[[], object]) -> int:
    """Send until there is no room; returns how often there was."""
    for sent in range(10_000):
        try:
            send()
        except BlockingIOError:
            return sent
    raise AssertionError("there is always room")


def test_what_a_full_journal_has_no_room_for_is_lost_and_nothing_waits(
    journald: socket.socket,
) -> None:
    written = Journal(Library().sendv)
    assert fill(lambda: written.send("MESSAGE=a", "PRIORITY=5")) > 0
    assert journald.recv(100) == b"MESSAGE=a\nPRIORITY=5"
    written.send("MESSAGE=b")


def test_the_first_message_to_a_journal_that_others_have_filled(journald: socket.socket) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as flood:
        flood.setblocking(False)
        fill(lambda: flood.sendto(b"x", journal.SOCKET))
    library = Library()
    written = Journal(library.sendv)
    with pytest.raises(BlockingIOError):
        written.send("MESSAGE=a")
    assert library.socket is None
    journald.recv(100)
    written.send("MESSAGE=b")
    with pytest.raises(BlockingIOError):
        written.send("MESSAGE=c")


def test_it_leaks_no_descriptor(journald: socket.socket) -> None:
    written = Journal(Library().sendv)
    before = len(os.listdir("/proc/self/fd"))
    fill(lambda: written.send("MESSAGE=a"))
    assert len(os.listdir("/proc/self/fd")) == before + 1


def test_without_a_journal_messages_go_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "SOCKET", str(tmp_path / "none"))
    Journal(Library().sendv).send("MESSAGE=a")


@pytest.fixture
def _no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("systemd", "systemd._journal", "systemd.journal"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.usefixtures("_no_library")
def test_without_systemd_s_library_the_watch_works_and_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Host().journal("a", {"PRIORITY": 5})
    assert main.main(["wbond-none"]) == 1
    assert capsys.readouterr().err == f"{main.NO_JOURNAL}\nwbond-none does not exist\n"


@pytest.mark.parametrize("module", ["_journal", "journal"])
def test_the_library_s_private_module_comes_first_and_the_public_one_does_as_well(
    monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    lines: list[str] = []
    library = SimpleNamespace(sendv=lambda *entry: lines.extend(entry))
    monkeypatch.setitem(sys.modules, "systemd", ModuleType("systemd"))
    for name in ("_journal", "journal"):
        found = library if name == module else None
        monkeypatch.setitem(sys.modules, f"systemd.{name}", found)
    host = Host()
    assert host.has_journal
    host.journal("a=b", {"PRIORITY": 5, "WBOND_BOND": "bond0"})
    assert lines[0] == "MESSAGE=a=b"
    assert lines[2:] == ["SYSLOG_IDENTIFIER=wbond-watch", "PRIORITY=5", "WBOND_BOND=bond0"]


# --- the service manager ----------------------------------------------------------


@pytest.mark.parametrize("abstract", [False, True])
def test_the_manager_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool
) -> None:
    address = f"@wbond-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address.replace("@", "\0") if abstract else address)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        host = Host()
        host.notify("STATUS=a")
        host.notify("READY=1")
        assert [manager.recv(100) for _ in range(2)] == [b"STATUS=a", b"READY=1"]


def test_a_manager_that_does_not_read_holds_nothing_up_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "WAIT", 0.05)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        host = Host()
        with pytest.raises(TimeoutError):
            fill(lambda: host.notify("STATUS=a"))


def test_without_a_manager_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    before = len(os.listdir("/proc/self/fd"))
    Host().notify("STATUS=a")
    assert len(os.listdir("/proc/self/fd")) == before
