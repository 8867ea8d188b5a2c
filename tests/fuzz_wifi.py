# SPDX-License-Identifier: LGPL-2.1-or-later
"""What strangers' access points have wpa_supplicant say, and the file of networks, mutated."""

import json
import random
from pathlib import Path

from wbond_cli.wifi import document, names, network_file, networks, station

from tests.mutants import TOKENS, Finding, mutated

BSS = (
    b"id=0\nbssid=02:00:00:00:00:01\nfreq=2412\nlevel=-50\nflags=[WPA2-PSK+SAE-CCMP][ESS]\n"
    rb"ssid=lab\x1b\e\"" + b"\n====\n"
)
NETWORKS = b"network id / ssid / bssid / flags\n0\tlab\tany\t[CURRENT]\n1\t\\xff\tany\t[DISABLED]\n"
FILE = b'ctrl_interface=/run/x\ncountry=DE\nnetwork={\n\tssid="lab" # x\n\tpsk="a # b cdefg"\n}\n'


class Wifi:
    """Replies of wpa_supplicant, and its file."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.chance, self.seeds = chance, [BSS, NETWORKS, FILE]

    def mutant(self) -> bytes:
        return mutated(self.chance.choice(self.seeds), [*self.seeds, *TOKENS], self.chance)

    def __call__(self, octets: bytes) -> None:
        seen = [("wlp3s0", point) for _, point in station.parse_access_points(octets)]
        found = networks.merge(seen, {one.ssid for one in station.parse_networks(octets)}, {})
        json.dumps(document.scan(found, ()))
        for one in found:
            if not names.shown(one.ssid).isprintable():
                raise Finding(f"not printable: {one.ssid!r}")
        text = octets.decode("utf-8", "surrogateescape")
        for block in network_file.blocks(text):
            if block.ssid is not None:
                network_file.without_network(text, block.ssid)
        network_file.setting(network_file.with_country(text, "DE"), "country")
