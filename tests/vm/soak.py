# SPDX-License-Identifier: LGPL-2.1-or-later
"""`make soak`: rounds of random faults, several at once; after each the laptop must be whole again.

A round's faults follow from the seed and the round's number alone. Then the world is mended, what
was stopped by hand is started, and within a minute all has to be as it was: see `Whole`. The first
round that does not end so ends the run, and leaves its logs.

With `--lossy` the way to the router is slow and loses frames all the time, the same behind every
port, and traffic goes on: between two rounds, when the laptop is whole, it is not to move.
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
import lossy
from channels import CommandFailed, GuestLost
from laptop import CONFIGURATION, FILES, Laptop, install_wbond, resumed
from soak_faults import BASE, FAULTS, World, mend
from soak_whole import NAME_SERVER, Whole

LOGS = Path(__file__).resolve().parent / "logs"
DNSMASQ = "/etc/lab/dnsmasq.conf"
# A lossy round may take longer: a DHCP client repeats what was lost after 4, 8, 16 and 32 s
# (RFC 2131, section 4.1).
WHOLE_WITHIN = {False: 60.0, True: 120.0}  # s
REST = 30.0  # s


def play(world: World, seed: str, number: int) -> random.Random:
    """Play the faults of a round; what is printed is what happens."""
    chance = random.Random(f"{seed}/{number}")
    faults = chance.choices(FAULTS, k=chance.randint(2, 7))
    print(f"round {number}:", *(fault.__name__ for fault in faults), flush=True)
    for fault in faults:
        fault(world, chance)
        time.sleep(chance.choice((0, 0, 0.2, 1, 3)))
    return chance


def soak(
    laptop: Laptop, seed: str, first: int, seconds: float, slow_and_lossy: bool
) -> list[float]:
    """Play rounds until the time is over; returns how long each took to be whole again."""
    took: list[float] = []
    if slow_and_lossy:
        laptop.shell(lossy.TRAFFIC)
    with ThreadPoolExecutor(8) as pool:
        world, whole = World(laptop, pool), Whole(laptop, WHOLE_WITHIN[slow_and_lossy])
        whole.wait(world)
        end, number = time.monotonic() + seconds, first
        while time.monotonic() < end:
            if slow_and_lossy:
                laptop.shell(f"{lossy.ROUTER} {stage(number)}")
            chance = play(world, seed, number)
            mend(world, chance)
            took.append(whole.wait(world))
            print(f"round {number}: whole after {took[-1]:.1f} s", flush=True)
            if slow_and_lossy:
                rest(laptop, number)
            number += 1
    return took


def stage(number: int) -> str:
    """Return what the way to the router is like in a lossy round."""
    return lossy.STAGES[number % len(lossy.STAGES)]


def rest(laptop: Laptop, number: int) -> None:
    """Leave the laptop alone for a while; raises AssertionError where its traffic moves."""
    moved = lossy.stay(laptop, stage(number), REST)
    assert not moved, f"false alarms after round {number}, {stage(number)}: {moved} moves"


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
    parser.add_argument("--lossy", action="store_true", help="on slow and lossy ways")
    parser.add_argument("--release", choices=image.RELEASES, default=image.RELEASES[-1])
    chosen = parser.parse_args()
    print(f"soak on {chosen.release}, {chosen.minutes:g} minutes, seed {chosen.seed}", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="wbond-soak-") as folder,
        prepared(chosen.release, Path(folder)) as laptop,
    ):
        try:
            took = soak(laptop, chosen.seed, chosen.round, chosen.minutes * 60, chosen.lossy)
        except (AssertionError, CommandFailed, GuestLost, TimeoutError) as error:
            logs = LOGS / f"soak-{chosen.release}-{chosen.seed}"
            laptop.keep_logs(logs)
            print(f"{type(error).__name__}: {error}\nThe logs are in {logs}.")
            return 1
    print(f"{len(took)} rounds, all whole again; the slowest after {max(took):.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
