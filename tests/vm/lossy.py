# SPDX-License-Identifier: LGPL-2.1-or-later
"""`make lossy`: the way to the router is slow and loses frames behind every port; nothing may move.

No port is better than another, so that each move is a false alarm. Traffic goes on all the time,
and some of it pauses, so that the kernel also asks for routers after times of silence.
"""

import argparse
import itertools
import sys
import tempfile
import time
from pathlib import Path

import image
from laptop import CARD, Laptop, configure, install_wbond, resumed
from paths import moves

LOGS = Path(__file__).resolve().parent / "logs"
STAGE = 300.0  # s
# What netem(8) does to all that the router sends, one after another.
STAGES = ("delay 400ms loss 20%", "loss 20%", "delay 400ms", "delay 250ms 150ms loss 10%")
ROUTER = "ip netns exec world tc qdisc replace dev br0 root netem"
TRAFFIC = """
systemd-run -q ping -q -n -i 0.2 192.0.2.1
systemd-run -q sh -c 'while :; do ping -q -n -i 0.2 -c 25 2001:db8::1; sleep 20; done'
systemd-run -q sh -c 'while :; do timeout 60 lab-traffic tcp; sleep 5; done'
"""


def stay(laptop: Laptop, stage: str, seconds: float) -> int:
    """Have the way to the router be like `stage`; returns how often the traffic has moved then."""
    before = moves(laptop)
    laptop.shell(f"{ROUTER} {stage}")
    time.sleep(seconds)
    return moves(laptop) - before


def play(laptop: Laptop, seconds: float) -> list[str]:
    """Take the laptop through the stages; returns those in which its traffic has moved."""
    end, found = time.monotonic() + seconds, []
    for stage in itertools.cycle(STAGES):
        if time.monotonic() >= end:
            break
        moved = stay(laptop, stage, min(STAGE, max(0.0, end - time.monotonic())))
        print(f"{stage}: {moved} moves", flush=True)
        found += [stage] if moved else []
    return found


def main() -> int:
    """Entry point; 0 when the traffic has never moved."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--release", choices=image.CHOICES, default=image.RELEASES[-1])
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wbond-lossy-") as name:
        folder = Path(name)
        installed = install_wbond(chosen.release, folder / "installed")
        configured = configure(chosen.release, folder / "configured", installed)
        with resumed(chosen.release, folder / "laptop", configured) as laptop:
            laptop.wait_port(CARD)
            laptop.shell(TRAFFIC)
            found = play(laptop, chosen.minutes * 60)
            if found:
                laptop.keep_logs(LOGS / f"lossy-{chosen.release}")
    print(f"false alarms: {', '.join(found)}" if found else "the traffic has stayed where it was")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
