# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a dead path and a return cost, and who wakes up how often, beside others; `make bench`.

wbond, NetworkManager and systemd-networkd each make a bond of the same cable and radio. A switch
behind the cable loses its way to the router while the cable's link stays up; the cable returns
behind spanning tree; and the processes that stay are counted as they wake up. Exits with 1 where
wbond loses more than its documents say, or wakes up when nothing happens.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import image
from laptop import CARD, Laptop
from managers import MANAGERS, RELEASE, online, prepared
from paths import (
    CUT,
    MEND,
    UNDER_WAY,
    download,
    plug_into_spanning_tree,
    pull_from_spanning_tree,
    with_switch,
)

OURS = "wbond"
CUTS = {OURS: 10}  # the others lose all, each time
FEW = 3
OUTAGE = 10.0  # s, for which the path stays cut
COUNTED = 20  # s
WATCH = "wbond-watch@bond0.service"
WAKE_UPS = """
for id in $(pgrep -x '{names}'); do cat /proc/$id/task/*/status; done |
    awk '/^voluntary_ctxt_switches/ {{ sum += $2 }} END {{ print sum }}'
"""


class Row(NamedTuple):
    """A quantity, its unit, and the most of it that wbond may cost."""

    unit: str
    limit: float


ROWS = {
    "cut under UDP": Row("packets lost in 10 s", 150),
    "cut under a download": Row("ms of silence", 1000),
    "return behind spanning tree": Row("packets lost", UNDER_WAY),
    "wake-ups, idle": Row("a second", 0.2),
    "wake-ups, UDP": Row("a second", 15),
    "wake-ups, download": Row("a second", 15),
}


def main() -> int:
    """Measure and print; returns 1 where a limit is not kept."""
    taken = {name: measured(name) for name in MANAGERS}
    return max([report(what, row, taken) for what, row in ROWS.items()])


def measured(name: str) -> dict[str, float]:
    """Return the medians of one of the three."""
    with tempfile.TemporaryDirectory(prefix="wbond-bench-") as folder:
        disk = prepared(name, Path(folder) / "prepared", {})
        with Laptop(image.image(RELEASE), Path(folder) / "laptop", disk) as laptop:
            laptop.boot()
            online(laptop)
            with_switch(laptop)
            found = wake_ups(laptop, MANAGERS[name].processes)
            cuts = CUTS.get(name, FEW)
            found["cut under UDP"] = median(name, laptop, lost, cuts)
            found["cut under a download"] = median(name, laptop, silence, cuts)
            found["return behind spanning tree"] = returned(laptop)
    print(f"{RELEASE}: {name}: {found}", file=sys.stderr, flush=True)
    return found


def median(name: str, laptop: Laptop, cost: Callable[[Laptop], int], times: int) -> float:
    """Return the median cost of some cuts, each by a watch that remembers none before."""
    costs = []
    for _ in range(times):
        costs.append(cost(laptop))
        laptop.shell(MEND)
        if name == OURS:
            laptop.run("systemctl", "restart", WATCH)
        laptop.wait_port(CARD)
        laptop.wait_for("the world to answer", laptop.ping)
    print(f"{RELEASE}: {name}: {cost.__name__}: {costs}", file=sys.stderr, flush=True)
    return statistics.median(costs)


def lost(laptop: Laptop) -> int:
    """Cut the path under 200 packets a second; returns how many are lost."""
    udp = laptop.traffic("udp")
    laptop.shell(CUT)
    time.sleep(OUTAGE)
    return int(udp.report()["lost"])


def silence(laptop: Laptop) -> int:
    """Cut the path under a download; returns the longest pause in ms."""
    return download(laptop, int(OUTAGE) + 2, CUT)


def returned(laptop: Laptop) -> float:
    """Plug the cable in behind spanning tree, 2 × 5 s; returns how many packets are lost."""
    pull_from_spanning_tree(laptop)
    udp = laptop.traffic("udp")
    plug_into_spanning_tree(laptop)
    laptop.wait_port(CARD)
    time.sleep(OUTAGE + 5)
    return float(udp.report()["lost"])


def wake_ups(laptop: Laptop, processes: tuple[str, ...]) -> dict[str, float]:
    """Return how often the processes that stay wake up a second, by what happens meanwhile.

    All three have wpa_supplicant.
    """
    processes = tuple(name for name in processes if name != "wpa_supplicant")
    time.sleep(COUNTED)  # what follows a boot comes to rest
    found = {"wake-ups, idle": rate(laptop, processes, lambda: time.sleep(COUNTED))}
    udp = laptop.traffic("udp")
    found["wake-ups, UDP"] = rate(laptop, processes, lambda: time.sleep(COUNTED))
    udp.report()
    found["wake-ups, download"] = rate(laptop, processes, lambda: download(laptop, COUNTED, "true"))
    return found


def rate(laptop: Laptop, processes: tuple[str, ...], meanwhile: Callable[[], object]) -> float:
    """Return how often processes of these names have waited for something, a second."""
    count = WAKE_UPS.format(names="|".join(processes))
    begin, before = time.monotonic(), int(laptop.shell(count))
    meanwhile()
    return (int(laptop.shell(count)) - before) / (time.monotonic() - begin)


def report(what: str, row: Row, taken: dict[str, dict[str, float]]) -> int:
    """Print a quantity of all three; returns 1 where wbond's limit is not kept."""
    failed = taken[OURS][what] > row.limit
    costs = ", ".join(f"{name} {found[what]:.1f}" for name, found in taken.items())
    verdict = "TOO MUCH" if failed else "ok"
    print(f"{RELEASE}: {what}: {costs} {row.unit}; at most {row.limit:g}   {verdict}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
