# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the helpers leave out that run while a machine boots, or all the time."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, configured

HELPERS = REPOSITORY / "helpers"

# Each takes about as long to import as Python to start.
SLOW = {"contextlib", "enum", "json", "re", "signal", "socket", "subprocess", "typing"}
SLOW |= {"collections", "functools", "hashlib", "hmac", "ipaddress"}


def imported(*words: str) -> set[str]:
    """Return the modules that a program has imported when it ends, wrongly called."""
    command = [sys.executable, "-IS", "-X", "importtime", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "usage: " in done.stderr
    return modules(done.stderr)


def modules(importtime: str) -> set[str]:
    """Return the modules in what `-X importtime` has printed."""
    lines = [line for line in importtime.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.mark.parametrize("helper", sorted(path.name for path in HELPERS.glob("wbond-*")))
def test_a_helper_imports_nothing_slow(helper: str) -> None:
    found = imported(str(HELPERS / helper))
    assert "wbond_net" in found or "wbond_udev" in found
    assert found & SLOW == set()


def test_a_port_is_found_by_its_name_without_anything_slow(tmp_path: Path) -> None:
    root = configured(tmp_path, "[bond0]\nwired = lo en*\nwireless = wl*\n")
    event = {"DEVPATH": "/devices/virtual/net/lo", "INTERFACE": "lo"}
    words = ["-IS", "-X", "importtime", str(HELPERS / "wbond-udev"), "--root", str(root)]
    command = [sys.executable, *words, "query"]
    done = subprocess.run(command, env=event, capture_output=True, text=True, check=True)
    assert "WBOND_UNIT=bond0-wired@lo.service" in done.stdout
    assert modules(done.stderr) & (SLOW | {"pyudev", "site", "fnmatch"}) == set()


def test_the_journal_s_library_is_found_without_anything_slow() -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]; from wbond_net.watch import journal; "
        "sys.stderr.write('usage: ' if journal.sendv() else 'missing')"
    )
    folders = [str(REPOSITORY / name) for name in ("helpers", "generator")]
    assert imported("-c", code, *folders) & (SLOW | {"site", "logging"}) == set()


def test_the_address_is_set_at_a_plug_without_anything_slow() -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]; from wbond_net.ports import mac_policy; "
        "sys.stderr.write('usage: ')"
    )
    folders = [str(REPOSITORY / name) for name in ("helpers", "generator")]
    assert imported("-c", code, *folders) & SLOW == set()
