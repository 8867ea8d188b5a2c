# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests of the kernel's own doing, in a network namespace."""

import subprocess

import pytest


def available() -> bool:
    """Tell whether an interface can be made in a network of its own."""
    command = ["unshare", "--net", "ip", "link", "add", "d0", "type", "veth", "peer", "name", "d1"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


in_a_network_of_its_own = pytest.mark.skipif(
    not available(), reason="needs root, and veth in the kernel"
)
