# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the sandbox costs each unit at its start; `make bench`.

The same units start in the same guest with their sandbox and without, in turn, each when all is at
rest: what one port or client does, others follow. An emulated guest's clock counts instructions, as
in bench_boot.
"""

import re
import statistics
import sys
import tempfile
from pathlib import Path

import image
from bench_boot import WORLD
from laptop import CARD, RADIO, Laptop
from managers import RELEASE, online, prepared

UNITS = (
    "wbond-wait-online@bond0.service",
    f"bond0-wired@{CARD}.service",
    f"bond0-supplicant@{RADIO}.service",
    "dhclient@bond0.service",
    "wbond-watch@bond0.service",
)
TURNS = 3
SHIPPED, OVERRIDING = "/usr/lib/systemd/system", "/run/systemd/system"
SANDBOX = re.compile(
    r"^(AmbientCapabilities|CapabilityBoundingSet|DeviceAllow|DevicePolicy|IPAddress\w+|"
    r"LockPersonality|MemoryDenyWriteExecute|NoNewPrivileges|Private\w+|Protect\w+|"
    r"Restrict(AddressFamilies|Namespaces|Realtime|SUIDSGID)|SystemCall\w+|"
    r"(Inaccessible|ReadOnly|ReadWrite|Bind|BindReadOnly)Paths)=.*\n",
    re.MULTILINE,
)
START = """
systemctl stop {unit}
systemctl reset-failed {unit} || : "it is forgotten, with how often it was started"
sleep 2
before=$(date +%s%N)
systemctl start {unit}
echo $((($(date +%s%N) - before) / 1000000))
"""


def main() -> int:
    """Measure and print, in ms; nothing is too much, as the sandbox is worth its price."""
    with tempfile.TemporaryDirectory(prefix="wbond-bench-") as folder:
        disk = prepared("wbond", Path(folder) / "prepared", {})
        with Laptop(image.image(RELEASE), Path(folder) / "laptop", disk) as laptop:
            laptop.boot(WORLD, measured=True)
            online(laptop)
            starts(laptop, bare=False)  # what is read first comes from the disk
            inside, outside = [], []
            for _ in range(TURNS):
                inside.append(starts(laptop, bare=False))
                outside.append(starts(laptop, bare=True))
    for unit in UNITS:
        with_it, without = (
            statistics.median(turn[unit] for turn in turns) for turns in (inside, outside)
        )
        print(
            f"{RELEASE}: start of {unit:<36} {with_it:5.0f} ms, without its sandbox "
            f"{without:5.0f} ms, medians of {TURNS}: {with_it / without:4.2f}"
        )
    return 0


def starts(laptop: Laptop, *, bare: bool) -> dict[str, int]:
    """Stop and start each unit once; returns how long its start took, in ms."""
    for unit in UNITS:
        template = f"{unit.partition('@')[0]}@.service"
        if bare:
            text = laptop.read(f"{SHIPPED}/{template}")
            laptop.write(f"{OVERRIDING}/{template}", SANDBOX.sub("", text))
        else:
            laptop.run("rm", "-f", f"{OVERRIDING}/{template}")
    laptop.run("systemctl", "daemon-reload")
    return {unit: int(laptop.shell(START.format(unit=unit))) for unit in UNITS}


if __name__ == "__main__":
    sys.exit(main())
