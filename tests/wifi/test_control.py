# SPDX-License-Identifier: LGPL-2.1-or-later
"""wpa_supplicant's control socket: who answers, who does not, and who must not."""

import socket
from pathlib import Path

import pytest
from wbond_cli.wifi import control, station
from wbond_cli.wifi.control import Control, ControlError, NotRunning

from tests.wifi.command import SECRET, SOCKET
from tests.wifi.supplicant import Supplicant


def test_a_stranger_cannot_answer_in_its_place(root: Path, radio: Supplicant) -> None:
    with Control(str(root / SOCKET)) as connection:
        address = connection._socket.getsockname()
        stranger = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with stranger, pytest.raises(PermissionError):
            stranger.sendto(b"OK\n", address)
        assert connection.request("PING") == b"PONG\n"


def test_who_does_not_answer_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "TIMEOUT", 0.05)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as deaf:
        deaf.bind(str(tmp_path / "deaf"))
        connection = Control(str(tmp_path / "deaf"))
        with connection, pytest.raises(ControlError, match="does not answer PING"):
            connection.request("PING")


def test_a_socket_that_was_left_behind_is_nobody_s(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as gone:
        gone.bind(str(tmp_path / "left"))
    with pytest.raises(NotRunning):
        Control(str(tmp_path / "left"))


def test_an_error_names_no_value(root: Path, radio: Supplicant) -> None:
    radio.refused = "SET_NETWORK"
    with Control(str(root / SOCKET)) as connection, pytest.raises(ControlError) as raised:
        station.add(connection, {"ssid": '"x"', "psk": f'"{SECRET}"'})
    assert SECRET not in str(raised.value)
    assert list(radio.networks) == [0]


def test_a_scan_that_never_ends_is_told(root: Path, radio: Supplicant) -> None:
    radio.silent = True
    with control.attached(str(root / SOCKET)) as events:
        assert not station.wait_scan(events, 0.05)
