# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine with a radio, and its wpa_supplicant."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_check import build
from tests.wifi.command import BY_HAND, SECRET, SOCKET, file
from tests.wifi.supplicant import BOTH, Point, Supplicant


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A good machine whose file of networks was written by hand."""
    build("good", tmp_path)
    file(tmp_path).write_text(BY_HAND)
    file(tmp_path).chmod(0o600)
    return tmp_path


@pytest.fixture
def radio(root: Path) -> Iterator[Supplicant]:
    """The radio's wpa_supplicant, which is connected to the office."""
    office = {"ssid": '"office"', "psk": '"battery staple"', "priority": "5"}
    running = Supplicant(root / SOCKET, networks={0: office}, enabled={0}, current=0)
    running.points = [Point(b"office"), Point(b"home", BOTH, -71, 5180, "02:00:00:00:00:02")]
    running.passwords = {b"office": '"battery staple"', b"home": f'"{SECRET}"'}
    with running:
        yield running
