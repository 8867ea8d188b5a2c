# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lab's guest where QEMU does not do its part."""

import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import channels
import pytest
from channels import GuestLost
from machine import Machine


def guest(statuses: list[str], folder: Path) -> Machine:
    """Return a guest whose monitor answers with these statuses, the last one for ever."""

    def monitor(command: str) -> dict[str, Any]:
        assert command == "query-migrate"
        return {"status": statuses.pop(0) if len(statuses) > 1 else statuses[0]}

    made = Machine.__new__(Machine)  # without a disk
    made.folder = folder
    made.monitor = monitor  # type: ignore[assignment]
    return made


def test_memory_that_has_arrived_ends_the_wait(tmp_path: Path) -> None:
    guest(["setup", "active", "completed"], tmp_path)._wait_migrated()


@pytest.mark.parametrize(
    ("status", "told"),
    [("failed", "memory: failed"), ("active", r"without an end \(status: active\)")],
)
def test_memory_that_does_not_arrive_is_an_error(status: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(GuestLost, match=rf"{told}.*; see {tmp_path}/qemu.log"):
        guest(["setup", status], tmp_path)._wait_migrated(timeout=0.1)


def test_a_process_that_does_not_end_is_an_error(tmp_path: Path) -> None:
    made = guest(["completed"], tmp_path)
    with subprocess.Popen(["sleep", "60"]) as made.qemu:
        try:
            with pytest.raises(GuestLost, match=rf"not ended .*; see {tmp_path}/qemu.log"):
                made._wait_ended(timeout=0.1)
        finally:
            made.qemu.kill()


def test_a_monitor_that_says_nothing_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "MONITOR_TIMEOUT", 0.1)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "qmp.sock"))
        server.listen()
        with pytest.raises(GuestLost, match="silent"):
            channels.Monitor(tmp_path / "qmp.sock")


def test_a_monitor_answers_behind_what_it_reports_by_itself(tmp_path: Path) -> None:
    def answer() -> None:
        connection, _ = server.accept()
        with connection, connection.makefile("rwb", buffering=0) as lines:
            lines.write(b'{"QMP": {}}\n')
            for said in (b'{"return": {}}\n', b'{"event": "STOP"}\n{"return": {"status": "x"}}\n'):
                lines.readline()
                lines.write(said)

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "qmp.sock"))
        server.listen()
        threading.Thread(target=answer, daemon=True).start()
        assert channels.Monitor(tmp_path / "qmp.sock")("query-migrate") == {"status": "x"}
