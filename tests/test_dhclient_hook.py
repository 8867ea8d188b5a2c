# SPDX-License-Identifier: LGPL-2.1-or-later
"""dhclient's hook, read by a shell as dhclient-script reads it: the metric of its routes."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

HOOK = REPOSITORY / "helpers/hooks/dhclient-enter-hook"
PLAIN = "-4 route add 0.0.0.0/0 via 192.0.2.1 dev bond0"


def shown(folder: Path, metric: str, words: str, interface: str = "bond0") -> str:
    """Return what ip is called with when a hook behind wbond's calls it."""
    programs, helpers = folder / "bin", folder / "lib/helpers"
    programs.mkdir()
    helpers.mkdir(parents=True)
    (folder / "run/bond0").mkdir(parents=True)
    for program, text in ((programs / "ip", 'echo "$@"\n'), (helpers / "wbond-dns", ":\n")):
        program.write_text(f"#!/bin/sh\n{text}")
        program.chmod(0o755)
    hook = HOOK.read_text().replace("/usr/lib/wbond/", f"{folder}/lib/")
    (folder / "hook").write_text(hook.replace("/run/wbond/", f"{folder}/run/"))
    environ = {"PATH": f"{programs}:{os.environ['PATH']}", "interface": interface}
    environ |= {"reason": "BOUND", "IF_METRIC": metric}
    script = f". {folder}/hook; ip {words}"
    done = subprocess.run(["sh", "-ec", script], env=environ, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("metric", "words", "called"),
    [
        ("2000", PLAIN, f"{PLAIN} metric 2000"),
        ("2000", f"{PLAIN} metric 2001", f"{PLAIN} metric 2001"),
        ("2000", "-4 addr add 192.0.2.5/24 dev bond0", "-4 addr add 192.0.2.5/24 dev bond0"),
        ("", PLAIN, PLAIN),
    ],
)
def test_a_route_that_a_hook_sets_has_the_metric(
    tmp_path: Path, metric: str, words: str, called: str
) -> None:
    assert shown(tmp_path, metric, words) == called


def test_the_routes_of_other_interfaces_are_left_alone(tmp_path: Path) -> None:
    assert shown(tmp_path, "2000", PLAIN, interface="eth0") == PLAIN
