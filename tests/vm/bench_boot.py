# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long a boot takes to an address, and what memory it takes, beside others; `make bench`.

The same guest boots with wbond, NetworkManager and systemd-networkd in turn. An emulated one's
clock counts its instructions: seconds are those of a processor that does 250 million a second,
nearly whatever else this machine does. Each has a bond of the same cable and radio, and DHCP. The
cable leads to a router outside of the guest: the lab's world within it would hold the network up
until it is built, and so hide who starts early. The access point is in the guest all the same.
Exits with 1 where wbond is slower than NetworkManager, or takes more than 0.8 of its memory.
"""

import json
import re
import statistics
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import image
from laptop import BOND, RADIO, Laptop
from managers import MANAGERS, RELEASE, online, prepared

BOOTS = 3
MEMORY_LIMIT = 0.8  # of NetworkManager's
# NetworkManager has them started, and they end when idle; until then, they share its pages.
PASSING = "nm-dispatcher|systemd-hostnam"
RECORD = "/run/lab-record"
# From before any of the three starts.
RECORDER = {
    "lab-record.service": f"""[Unit]
DefaultDependencies=no
[Service]
ExecStart=sh -c 'exec ip -tshort -oneline monitor link address > {RECORD}'
[Install]
WantedBy=sysinit.target
"""
}
# In place of the lab's: an access point alone, and nothing waits for it.
WORLD = {
    "/etc/systemd/system/lab-world.service": """[Unit]
DefaultDependencies=no
After=systemd-udevd.service systemd-udev-trigger.service local-fs.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=mkdir -p /run/lab
ExecStart=modprobe mac80211_hwsim radios=2
ExecStart=udevadm wait /sys/class/net/ap0
ExecStart=ip netns add world
ExecStart=sh -c 'exec iw phy "$(cat /sys/class/net/ap0/phy80211/name)" set netns name world'
ExecStart=ip -netns world link add br0 up type bridge forward_delay 0
ExecStart=systemctl start lab-ap.service
"""
}
LINE = re.compile(r"^\[(\S+)\] (.*)$", re.MULTILINE)


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
        disks = {name: prepared(name, Path(folder) / name, RECORDER) for name in MANAGERS}
        taken: dict[str, list[Boot]] = {name: [] for name in MANAGERS}
        for turn in range(BOOTS):
            for name, disk in disks.items():
                taken[name].append(boot(name, disk, Path(folder) / f"{name}-{turn}"))
                print(f"{RELEASE}: {name}: {taken[name][-1]}", file=sys.stderr, flush=True)
    return report(taken)


def boot(name: str, disk: Path, folder: Path) -> Boot:
    """Boot once; returns what it took."""
    with Laptop(image.image(RELEASE), folder, disk) as laptop:
        laptop.boot(WORLD, measured=True)
        # To look again and again would cost the boot seconds; all three delay its end until online.
        laptop.run("systemctl", "is-system-running", "--wait", timeout=180, check=False)
        online(laptop)
        start = kernel_start(laptop)
        seen = [
            (datetime.fromisoformat(when).timestamp() - start, text)
            for when, text in LINE.findall(laptop.read(RECORD))
        ]
        radio = next(at for at, text in seen if f"{RADIO}: " in text and f"master {BOND}" in text)
        address = next(at for at, text in seen if f" {BOND} " in text and " inet 10.0.2." in text)
        return Boot(radio, address, memory(laptop, MANAGERS[name].processes))


def kernel_start(laptop: Laptop) -> float:
    """Return the moment at which the kernel started, in seconds since 1970."""
    now, uptime = laptop.shell("date +%s.%N; cat /proc/uptime").split()[:2]
    return float(now) - float(uptime)


def memory(laptop: Laptop, processes: tuple[str, ...]) -> float:
    """Return the proportional set size of all processes of these names, in kB, once at rest."""
    laptop.wait_for(
        "what ends by itself to have ended",
        lambda: not laptop.run("pgrep", "-x", PASSING, check=False),
        90,
    )
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
