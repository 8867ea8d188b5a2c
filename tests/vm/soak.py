# SPDX-License-Identifier: LGPL-2.1-or-later
"""`make soak`: rounds of random faults, several at once; after each the laptop must be whole again.

A round's faults follow from the seed and the round's number alone. Then the world is mended, what
was stopped by hand is started, and within a minute all has to be as it was: see `Whole`. The first
round that does not end so ends the run, and leaves its logs.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import image
from channels import CommandFailed, GuestLost
from laptop import CONFIGURATION, FILES, Laptop, install_wbond, resumed
from soak_faults import BASE, FAULTS, World, mend
from soak_whole import NAME_SERVER, Whole

LOGS = Path(__file__).resolve().parent / "logs"
DNSMASQ = "/etc/lab/dnsmasq.conf"


def play(world: World, seed: str, number: int) -> random.Random:
    """Play the faults of a round; what is printed is what happens."""
    chance = random.Random(f"{seed}/{number}")
    faults = chance.choices(FAULTS, k=chance.randint(2, 7))
    print(f"round {number}:", *(fault.__name__ for fault in faults), flush=True)
    for fault in faults:
        fault(world, chance)
        time.sleep(chance.choice((0, 0, 0.2, 1, 3)))
    return chance


def soak(laptop: Laptop, seed: str, first: int, seconds: float) -> list[float]:
    """Play rounds until the time is over; returns how long each took to be whole again."""
    took: list[float] = []
    with ThreadPoolExecutor(8) as pool:
        world, whole = World(laptop, pool), Whole(laptop)
        whole.wait(world)
        end, number = time.monotonic() + seconds, first
        while time.monotonic() < end:
            chance = play(world, seed, number)
            mend(world, chance)
            took.append(whole.wait(world))
            print(f"round {number}: whole after {took[-1]:.1f} s", flush=True)
            number += 1
    return took


def prepared(release: str, folder: Path) -> Laptop:
    """Return a laptop whose two ports both have carrier."""
    installed = install_wbond(release, folder / "installed")
    laptop = resumed(release, folder / "laptop", installed)
    servers = laptop.read(DNSMASQ) + f"dhcp-option=option:dns-server,{NAME_SERVER}\n"
    laptop.write_all(FILES | {CONFIGURATION: BASE, DNSMASQ: servers})
    # It would block a stick that is plugged in as it was in the round before, at some later moment.
    laptop.run("systemctl", "mask", "systemd-rfkill.service", "systemd-rfkill.socket")
    laptop.reboot()
    laptop.booted()
    laptop.wait_both()
    return laptop


def main() -> int:
    """Entry point; 0 when each round has ended well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", default=str(int.from_bytes(os.urandom(3), "big")))
    parser.add_argument("--round", type=int, default=1, help="the first round to play")
    parser.add_argument("--release", choices=image.RELEASES, default=image.RELEASES[-1])
    chosen = parser.parse_args()
    print(f"soak on {chosen.release}, {chosen.minutes:g} minutes, seed {chosen.seed}", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="wbond-soak-") as folder,
        prepared(chosen.release, Path(folder)) as laptop,
    ):
        try:
            took = soak(laptop, chosen.seed, chosen.round, chosen.minutes * 60)
        except (AssertionError, CommandFailed, GuestLost, TimeoutError) as error:
            logs = LOGS / f"soak-{chosen.release}-{chosen.seed}"
            laptop.keep_logs(logs)
            print(f"{type(error).__name__}: {error}\nThe logs are in {logs}.")
            return 1
    print(f"{len(took)} rounds, all whole again; the slowest after {max(took):.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
