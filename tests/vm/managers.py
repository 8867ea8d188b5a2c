# SPDX-License-Identifier: LGPL-2.1-or-later
"""Three that make a bond of the same cable and radio, with DHCP: wbond and those it is beside."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import image
from laptop import BOND, CARD, FILES, RADIO, SUPPLICANT, Laptop, installed_disk, resumed
from stock import booted

RELEASE = image.RELEASES[-1]


class Manager(NamedTuple):
    """Who makes the bond: files (mode 0600), units to enable, and the processes that stay."""

    files: Mapping[str, str]
    units: tuple[str, ...]
    processes: tuple[str, ...]


def profile(kind: str, interface: str, *sections: str) -> str:
    """Return a profile of NetworkManager's for a port, or for the bond."""
    port = "" if interface == BOND else f"controller={BOND}\nport-type=bond\n"
    head = f"[connection]\nid={interface}\ntype={kind}\ninterface-name={interface}\n{port}"
    return "\n".join((head, *sections))


NETWORK_MANAGER = "/etc/NetworkManager/system-connections"
NETWORKD = "/etc/systemd/network"
OPTIONS = "mode=active-backup,miimon=100,fail_over_mac=active"
MANAGERS = {
    "wbond": Manager(FILES, (), ("wbond-watch", "wpa_supplicant", "dhclient", "dhcp6c")),
    "NetworkManager": Manager(
        {
            f"{NETWORK_MANAGER}/{BOND}.nmconnection": profile(
                "bond",
                BOND,
                f"[bond]\n{OPTIONS.replace(',', chr(10))}\nprimary={CARD}\n",
                "[ipv4]\nmethod=auto\n[ipv6]\nmethod=auto\n",
            ),
            f"{NETWORK_MANAGER}/{CARD}.nmconnection": profile("ethernet", CARD),
            f"{NETWORK_MANAGER}/{RADIO}.nmconnection": profile(
                "wifi",
                RADIO,
                "[wifi]\nssid=lab\nmode=infrastructure\n",
                "[wifi-security]\nkey-mgmt=wpa-psk\npsk=correct horse\n",
            ),
        },
        ("NetworkManager.service", "NetworkManager-wait-online.service"),
        ("NetworkManager", "wpa_supplicant"),
    ),
    "systemd-networkd": Manager(
        {
            f"{NETWORKD}/{BOND}.netdev": f"[NetDev]\nName={BOND}\nKind=bond\n"
            "[Bond]\nMode=active-backup\nMIIMonitorSec=100ms\nFailOverMACPolicy=active\n",
            f"{NETWORKD}/{CARD}.network": f"[Match]\nName={CARD}\n"
            f"[Network]\nBond={BOND}\nPrimarySlave=yes\n",
            f"{NETWORKD}/{RADIO}.network": f"[Match]\nName={RADIO}\n[Network]\nBond={BOND}\n",
            f"{NETWORKD}/{BOND}.network": f"[Match]\nName={BOND}\n[Network]\nDHCP=yes\n",
            f"/etc/wpa_supplicant/wpa_supplicant-{RADIO}.conf": SUPPLICANT,
        },
        ("systemd-networkd.service", f"wpa_supplicant@{RADIO}.service"),
        ("systemd-network", "wpa_supplicant"),
    ),
}


def prepared(name: str, folder: Path, more: Mapping[str, str]) -> Path:
    """Return the disk of a guest in which one of the three is configured; it is off.

    `more` has units to enable besides, by their names.
    """
    manager = MANAGERS[name]
    if name == "wbond":
        laptop = Laptop(image.image(RELEASE), folder, installed_disk(RELEASE, folder / "installed"))
        laptop.boot()
    else:
        laptop = resumed(RELEASE, folder, booted(RELEASE))
    with laptop:
        for path, text in manager.files.items():
            laptop.write(path, text, 0o644 if path.startswith(NETWORKD) else 0o600)
        for unit, text in more.items():
            laptop.write(f"/etc/systemd/system/{unit}", text)
        for unit in (*more, *manager.units):
            laptop.run("systemctl", "enable", unit)
        laptop.poweroff()
    return laptop.disk


def online(laptop: Laptop) -> None:
    """Wait until a guest that boots has an address, and its radio a network."""
    laptop.wait_for("an IPv4 address", laptop.address, 180)
    laptop.wait_for("the radio to associate", laptop.authorised, 180)
    laptop.booted()
