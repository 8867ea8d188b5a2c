# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the sandbox costs each unit at its start; `make bench`.

The same units restart in the same guest with their sandbox and without, in turn. A restart runs
ExecStop= and ExecStopPost= as well, each in a sandbox of its own.
"""

import re
import statistics
import sys
import tempfile
from pathlib import Path

import image
from laptop import CARD, RADIO, Laptop
from managers import RELEASE, online, prepared

UNITS = (
    "wbond-wait-online@bond0.service",
    f"bond0-wired@{CARD}.service",
    f"bond0-supplicant@{RADIO}.service",
    "dhclient@bond0.service",
    "wbond-watch@bond0.service",
)
TURNS = 7
SHIPPED, OVERRIDING = "/usr/lib/systemd/system", "/run/systemd/system"
SANDBOX = re.compile(
    r"^(AmbientCapabilities|CapabilityBoundingSet|DeviceAllow|DevicePolicy|IPAddress\w+|"
    r"LockPersonality|MemoryDenyWriteExecute|NoNewPrivileges|Private\w+|Protect\w+|"
    r"Restrict(AddressFamilies|Namespaces|Realtime|SUIDSGID)|SystemCall\w+|"
    r"(Inaccessible|ReadOnly|ReadWrite|Bind|BindReadOnly)Paths)=.*\n",
    re.MULTILINE,
)
RESTART = """
systemctl reset-failed {unit}  # which forgets how often it was started
before=$(date +%s%N)
systemctl restart {unit}
echo $((($(date +%s%N) - before) / 1000000))
"""


def main() -> int:
    """Measure and print, in ms; nothing is too much, as the sandbox is worth its price."""
    with tempfile.TemporaryDirectory(prefix="wbond-bench-") as folder:
        disk = prepared("wbond", Path(folder) / "prepared", {})
        with Laptop(image.image(RELEASE), Path(folder) / "laptop", disk) as laptop:
            laptop.boot()
            online(laptop)
            restarts(laptop, bare=False)  # what is read first comes from the disk
            inside, outside = [], []
            for _ in range(TURNS):
                inside.append(restarts(laptop, bare=False))
                outside.append(restarts(laptop, bare=True))
    for unit in UNITS:
        with_it, without = (
            statistics.median(turn[unit] for turn in turns) for turns in (inside, outside)
        )
        print(
            f"{RELEASE}: restart of {unit:<36} {with_it:5.0f} ms, without its sandbox "
            f"{without:5.0f} ms, medians of {TURNS}: {with_it / without:4.2f}"
        )
    return 0


def restarts(laptop: Laptop, *, bare: bool) -> dict[str, int]:
    """Restart each unit once; returns how long that took, in ms."""
    for unit in UNITS:
        template = f"{unit.partition('@')[0]}@.service"
        if bare:
            text = laptop.read(f"{SHIPPED}/{template}")
            laptop.write(f"{OVERRIDING}/{template}", SANDBOX.sub("", text))
        else:
            laptop.run("rm", "-f", f"{OVERRIDING}/{template}")
    laptop.run("systemctl", "daemon-reload")
    return {unit: int(laptop.shell(RESTART.format(unit=unit))) for unit in UNITS}


if __name__ == "__main__":
    sys.exit(main())
