# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long a stick takes to join, beside NetworkManager in the same guest; `make bench`.

Two sticks are plugged in turn, one wbond's and one of a bond of NetworkManager's,
so that whatever else the machine does slows both. From the kernel's first word of
the stick to "enslaved" and to "associated", and how many processes and threads were
started meanwhile; exits with 1 where wbond is not faster.
"""

import re
import statistics
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import image
from laptop import BOND, CARD, FILES, RADIO, Laptop, installed_disk

THEIRS = "nm0"
MACS = {BOND: "02:00:00:00:05:01", THEIRS: "02:00:00:00:05:02"}
CONFIGURATION = f"""[{BOND}]
wired = {CARD}
wireless = {RADIO}
[{BOND}/stick]
kind = wireless
match_mac = {MACS[BOND]}
"""
STARTED = "[Unit]\nWants=NetworkManager.service\n"
PLUGS = 7
MILLISECOND = timedelta(milliseconds=1)
LINE = re.compile(r"^\[(\S+)\] (.*)$", re.MULTILINE)


class Join(NamedTuple):
    """Milliseconds after the kernel's first word of a stick, and processes started by then."""

    enslaved: float
    associated: float
    processes: float


def main() -> int:
    """Measure on every release and print; returns 1 where wbond is not faster."""
    return max([bench(release) for release in image.RELEASES])


def bench(release: str) -> int:
    """Measure on one release."""
    with tempfile.TemporaryDirectory(prefix="wbond-bench-") as folder:
        disk = installed_disk(release, Path(folder) / "installed")
        laptop = Laptop(image.image(release), Path(folder) / "laptop", disk)
        try:
            prepare(laptop)
            taken = alternate(laptop)
        finally:
            laptop.kill()
    return report(release, taken)


def prepare(laptop: Laptop) -> None:
    """Boot with both managers, each with a bond and a claim to one of the sticks."""
    wants = "/etc/systemd/system/multi-user.target.d/managers.conf"
    laptop.boot(files=FILES | {"/etc/wbond.conf": CONFIGURATION, wants: STARTED})
    laptop.booted()
    laptop.wait_both()
    bond = ("type", "bond", "ifname", THEIRS, "con-name", THEIRS)
    quiet = ("ipv4.method", "disabled", "ipv6.method", "disabled")
    laptop.run("nmcli", "connection", "add", *bond, "bond.options", "mode=active-backup", *quiet)
    port = ("type", "wifi", "ifname", "wlan0", "con-name", "port", "ssid", "lab")
    keys = ("wifi-sec.key-mgmt", "wpa-psk", "wifi-sec.psk", "correct horse")
    laptop.run("nmcli", "connection", "add", *port, "master", THEIRS, *keys)
    laptop.run("nmcli", "connection", "up", THEIRS)


def alternate(laptop: Laptop) -> dict[str, list[Join]]:
    """Plug the sticks in turn; returns what each bond took, the first and cold plug left out."""
    taken: dict[str, list[Join]] = {bond: [] for bond in MACS}
    for _ in range(PLUGS + 1):
        for bond in MACS:
            taken[bond].append(join(laptop, bond))
    return {bond: joins[1:] for bond, joins in taken.items()}


def join(laptop: Laptop, bond: str) -> Join:
    """Plug a stick and pull it again; returns its times, by the kernel's messages."""
    monitor = laptop.spawn("ip", "-ts", "-o", "monitor", "link")
    time.sleep(1)
    before = processes(laptop)
    laptop.radios.plug("stick", MACS[bond])
    laptop.wait_for("the stick in the bond", lambda: "wlan0" in laptop.ports(bond), 120)
    laptop.wait_for("the stick to associate", lambda: laptop.authorised("wlan0"), 120)
    started = processes(laptop) - before
    time.sleep(1)
    seen = [
        (datetime.fromisoformat(when), text)
        for when, text in LINE.findall(monitor.stop())
        if "wlan0: " in text
    ]
    laptop.radios.pull("stick")
    laptop.wait_for("the stick gone", lambda: "wlan0" not in laptop.ports(bond))
    time.sleep(3)
    begin = seen[0][0]
    inside = [(when, text) for when, text in seen if f"master {bond} " in text]
    enslaved = inside[0][0]
    associated = next(when for when, text in inside if "state UP" in text)
    in_bond, connected = ((when - begin) / MILLISECOND for when in (enslaved, associated))
    return Join(in_bond, connected, started)


def processes(laptop: Laptop) -> int:
    """Return how many processes and threads have been started since the boot (proc_stat(5))."""
    lines = laptop.read("/proc/stat").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("processes "))


def report(release: str, taken: dict[str, list[Join]]) -> int:
    """Print the medians and their ratios; returns 1 where wbond is not faster."""
    slow = []
    for step in ("enslaved", "associated"):
        ours, theirs = (
            statistics.median(getattr(join, step) for join in taken[bond])
            for bond in (BOND, THEIRS)
        )
        slow.append(ours >= theirs)
        verdict = "TOO SLOW" if ours >= theirs else "ok"
        print(
            f"{release}: stick {step:<10} wbond {ours:6.0f} ms, NetworkManager {theirs:6.0f} ms, "
            f"medians of {PLUGS}: {ours / theirs:5.2f}   below 1.0   {verdict}"
        )
    for bond, name in ((BOND, "wbond"), (THEIRS, "NetworkManager")):
        started = statistics.median(join.processes for join in taken[bond])
        print(f"{release}: stick: {started:.0f} processes and threads started with {name}")
    return int(any(slow))


if __name__ == "__main__":
    sys.exit(main())
