# SPDX-License-Identifier: LGPL-2.1-or-later
"""`wbond wifi`, called as a script does, on a machine whose file was written by hand."""

import json
import subprocess
from pathlib import Path
from typing import Any

import jsonschema

from tests.conftest import REPOSITORY

COMMAND = str(REPOSITORY / "helpers" / "wbond")
FILE = "etc/wpa_supplicant/wpa_supplicant.conf"
SOCKET = "run/wpa_supplicant/wlp3s0"
SECRET = "correct horse"
BY_HAND = """\
# Mine.
ctrl_interface=DIR=/run/wpa_supplicant GROUP=netdev

network={
    ssid="office"
    psk="battery staple"
    priority=5
}
"""
SCHEMA = json.loads((REPOSITORY / "helpers/wbond_cli/wifi/wifi.schema.json").read_text())


def run(root: Path, *words: str, text: str = "") -> tuple[int, str, str]:
    """Run the command as a script does, without a terminal."""
    command = [COMMAND, "wifi", words[0], "--root", str(root), *words[1:]]
    environ = {"PATH": "/usr/sbin:/usr/bin", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, input=text)
    return done.returncode, done.stdout, done.stderr


def file(root: Path) -> Path:
    return root / FILE


def shown(root: Path, *words: str) -> dict[str, Any]:
    """Return what --json prints, which is what the schema says."""
    code, out, err = run(root, *words, "--json")
    assert (code, err) == (0, "")
    document: dict[str, Any] = json.loads(out)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return document
