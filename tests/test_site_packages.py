# SPDX-License-Identifier: LGPL-2.1-or-later
"""The distribution's packages are found without the module site, and by it where need be."""

import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY

LOAD = """
import sys
sys.path[:0] = sys.argv[1:3]
from wbond_net import site_packages
site_packages._FOLDERS = eval(sys.argv[4], vars(site_packages))
try:
    found = site_packages.load(sys.argv[3]).__name__
except ImportError as error:
    found = f"missing: {error.name}"
print(found, "site" in sys.modules)
"""


def load(name: str, folders: str = "_FOLDERS") -> str:
    """Load a module in a Python without site; returns what comes of it, and whether site came."""
    paths = [str(REPOSITORY / room) for room in ("helpers", "generator")]
    command = [sys.executable, "-IS", "-c", LOAD, *paths, name, folders]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("name", ["pyudev", "systemd._journal"])
def test_a_package_is_found_without_site(name: str) -> None:
    assert load(name) == f"{name} False"


def test_site_finds_what_is_in_none_of_the_folders() -> None:
    assert load("pyudev", folders="('/nonexistent',)") == "pyudev True"


def test_what_is_not_installed_is_said() -> None:
    assert load("wbond_none") == "missing: wbond_none True"
