# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long a boot takes to an address, and what memory it takes, beside others; `make bench`.

The same guest boots with wbond, NetworkManager and systemd-networkd in turn, so that whatever
else the machine does slows all three. Each has a bond of the same cable and radio, and DHCP.
Exits with 1 where wbond is slower than NetworkManager, or takes more than 0.8 of its memory.
"""

import json
import re
import statistics
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import image
from laptop import BOND, CARD, FILES, RADIO, SUPPLICANT, Laptop, installed_disk, resumed
from stock import booted

RELEASE = image.RELEASES[-1]
BOOTS = 5
MEMORY_LIMIT = 0.8  # of NetworkManager's
RECORD = "/run/lab-record"
# From before any of the three starts.
RECORDER = f"""[Unit]
DefaultDependencies=no
[Service]
ExecStart=sh -c 'exec ip -tshort -oneline monitor link address > {RECORD}'
[Install]
WantedBy=sysinit.target
"""
LINE = re.compile(r"^\[(\S+)\] (.*)$", re.MULTILINE)


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


class Boot(NamedTuple):
    """Seconds from the kernel's start to the radio in the bond and to the bond's IPv4 address,
    and the proportional set size of the processes that stay, in kB.
    """

    radio: float
    address: float
    memory: float


def main() -> int:
    """Measure and print; returns 1 where a limit is not kept."""
    with tempfile.TemporaryDirectory(prefix="wbond-bench-") as folder:
        disks = {name: prepared(name, Path(folder) / name) for name in MANAGERS}
        taken: dict[str, list[Boot]] = {name: [] for name in MANAGERS}
        for turn in range(BOOTS):
            for name, disk in disks.items():
                taken[name].append(boot(name, disk, Path(folder) / f"{name}-{turn}"))
                print(f"{RELEASE}: {name}: {taken[name][-1]}", file=sys.stderr, flush=True)
    return report(taken)


def prepared(name: str, folder: Path) -> Path:
    """Return the disk of a guest in which one of the three is configured; it is off."""
    manager = MANAGERS[name]
    if name == "wbond":
        laptop = Laptop(image.image(RELEASE), folder, installed_disk(RELEASE, folder / "installed"))
        laptop.boot()
    else:
        laptop = resumed(RELEASE, folder, booted(RELEASE))
    with laptop:
        for path, text in manager.files.items():
            laptop.write(path, text, 0o644 if path.startswith(NETWORKD) else 0o600)
        laptop.write("/etc/systemd/system/lab-record.service", RECORDER)
        laptop.run("systemctl", "enable", "lab-record.service", *manager.units)
        laptop.poweroff()
    return laptop.disk


def boot(name: str, disk: Path, folder: Path) -> Boot:
    """Boot once; returns what it took."""
    with Laptop(image.image(RELEASE), folder, disk) as laptop:
        laptop.boot()
        laptop.wait_for("an IPv4 address", laptop.address, 180)
        laptop.wait_for("the radio to associate", laptop.authorised, 180)
        laptop.booted()
        start = kernel_start(laptop)
        seen = [
            (datetime.fromisoformat(when).timestamp() - start, text)
            for when, text in LINE.findall(laptop.read(RECORD))
        ]
        radio = next(at for at, text in seen if f"{RADIO}: " in text and f"master {BOND}" in text)
        address = next(at for at, text in seen if f" {BOND} " in text and " inet 192.0.2." in text)
        return Boot(radio, address, memory(laptop, MANAGERS[name].processes))


def kernel_start(laptop: Laptop) -> float:
    """Return the moment at which the kernel started, in seconds since 1970."""
    now, uptime = laptop.shell("date +%s.%N; cat /proc/uptime").split()[:2]
    return float(now) - float(uptime)


def memory(laptop: Laptop, processes: tuple[str, ...]) -> float:
    """Return the proportional set size of all processes of these names, in kB."""
    pattern = "|".join(processes)
    shown = laptop.shell(
        f"for id in $(pgrep -x '{pattern}'); do grep ^Pss: /proc/$id/smaps_rollup; done"
    )
    return float(sum(int(line.split()[1]) for line in shown.splitlines()))


def report(taken: dict[str, list[Boot]]) -> int:
    """Print the medians and wbond's ratios to the others; returns 1 where a limit is not kept."""
    medians = {
        name: Boot(*(statistics.median(values) for values in zip(*boots, strict=True)))
        for name, boots in taken.items()
    }
    print(json.dumps(medians))
    failed = []
    for what, unit, limit in (("radio", "s", 1.0), ("address", "s", 1.0), ("memory", "kB", 0.8)):
        ours = getattr(medians["wbond"], what)
        parts = [f"wbond {ours:.1f} {unit}"]
        for name in ("NetworkManager", "systemd-networkd"):
            theirs = getattr(medians[name], what)
            parts.append(f"{name} {theirs:.1f} ({ours / theirs:.2f})")
        failed.append(ours > limit * getattr(medians["NetworkManager"], what))
        verdict = "TOO MUCH" if failed[-1] else "ok"
        print(f"{RELEASE}: {what:<8} {', '.join(parts)}; {limit} of NetworkManager's   {verdict}")
    return int(any(failed))


if __name__ == "__main__":
    sys.exit(main())
