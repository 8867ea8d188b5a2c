# SPDX-License-Identifier: LGPL-2.1-or-later
"""The networks of a wpa_supplicant.conf(5) that another program has wpa_supplicant read."""

from wbond.message import ERROR

from wbond_cli.check import supplicant
from wbond_cli.imports import files
from wbond_cli.imports.record import Found, Given, Left, Network
from wbond_cli.wifi import network_file


def networks(found: Found, path: str, program: str) -> list[Network]:
    """Return the networks of a file, as they are written; notes what does not come over."""
    name = files.shown(path)
    text = files.text(found, path, program) if path.startswith("/") else ""
    if not text:
        if not any(left.file == name for left in found.left):
            found.left.append(Left(name, 0, "", "there is no such file"))
        return []
    for wrong in supplicant.diagnostics(name, text):
        if wrong.severity == ERROR:
            found.left.append(
                Left(name, wrong.line, "", f"the file does not come over: {wrong.text}")
            )
            return []
    if country := network_file.setting(text, "country"):
        found.country = found.country or Given("country", country, name, 0)
    return list(_blocks(found, name, text))


def _blocks(found: Found, name: str, text: str) -> list[Network]:
    networks = []
    for block in network_file.blocks(text):
        ssid = block.ssid
        if ssid is None:
            found.left.append(Left(name, block.first + 1, "network", "it has no ssid"))
            continue
        fields = {key: value for key, value in block.fields.items() if key != "ssid"}
        networks.append(Network(ssid, fields, name, block.first + 1))
    return networks
