# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long generator and udev helper take, beside other programs; `make bench`.

Runs are interleaved, so that whatever else the machine does slows all of them;
medians are compared, and ratios are what counts. Exits with 1 where a ratio is
above its limit.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[1]
NETPLAN = "/usr/libexec/netplan/generate"
PYTHON = "/usr/bin/python3"
LAPTOP, MANY, PORTS = 1, 100, 10
BY_NAME = "[bond0]\nwired = lo en*\nwireless = wlp3s0 wl*\n"
BY_DRIVER = "[bond0/dock]\nkind = wired\nmatch_driver = r8152\n"


class Program(NamedTuple):
    """A command, and what is done before each run of it, outside of the time taken."""

    name: str
    command: list[str]
    prepare: Callable[[], object] = lambda: None
    environ: Mapping[str, str] = {"PATH": os.defpath}


class Ratio(NamedTuple):
    """A result: what is compared with what, and the limit that it is to keep."""

    what: str
    value: float
    limit: float


def main() -> int:
    """Measure and print; returns 1 where a limit is not kept."""
    # In memory, as systemd's generator directories are.
    with tempfile.TemporaryDirectory(prefix="wbond-bench-", dir="/dev/shm") as folder:
        ratios = measure(Path(folder))
    for ratio in ratios:
        verdict = "ok" if ratio.value <= ratio.limit else "TOO SLOW"
        print(f"{ratio.what:<66} {ratio.value:6.2f}   at most {ratio.limit:.1f}   {verdict}")
    return int(any(ratio.value > ratio.limit for ratio in ratios))


def measure(folder: Path) -> list[Ratio]:
    """Return all ratios; `folder` is for the programs' files."""
    generator = install(folder)
    bare = Program("python3 -I -S -c pass", [PYTHON, "-I", "-S", "-c", "pass"])
    ours, theirs = (
        wbond(folder / "one", generator, laptop()),
        netplan(folder / "one", laptop_yaml()),
    )
    one = medians([ours, theirs, bare], runs=101)
    many = {
        count: medians(
            [
                wbond(folder / str(count), generator, fleet(count)),
                netplan(folder / str(count), fleet_yaml(count)),
            ],
            runs=51,
        )
        for count in (MANY // 2, MANY)
    }
    program = f"{folder}/wbond/lib/wbond/helpers/wbond-udev"
    by_name = query(folder / "name", program, BY_NAME)
    by_driver = query(folder / "driver", program, BY_NAME + BY_DRIVER)
    pyudev = Program("python3 -I -c 'import pyudev'", [PYTHON, "-I", "-c", "import pyudev"])
    udev = medians([by_name, by_driver, pyudev], runs=41)
    rise = (many[MANY][0] - one[0]) / (many[MANY // 2][0] - one[0])
    return [
        Ratio("one cable and one radio: wbond-generator / netplan generate", one[0] / one[1], 1.0),
        Ratio(
            "one cable and one radio: wbond-generator / python3 -I -S -c pass", one[0] / one[2], 1.3
        ),
        Ratio(
            f"{MANY} bonds of {PORTS}: wbond-generator / netplan generate",
            many[MANY][0] / many[MANY][1],
            1.0,
        ),
        Ratio("one query by name: wbond-udev / 'import pyudev'", udev[0] / udev[2], 0.6),
        Ratio("one query by driver: wbond-udev / 'import pyudev'", udev[1] / udev[2], 1.3),
        # Linear is 2.
        Ratio(f"time for {MANY} bonds / for {MANY // 2}, less that for one", rise, 2.6),
    ]


def query(folder: Path, helper: str, text: str) -> Program:
    """Prepare the udev helper for a port that every machine has, the loopback interface."""
    root = emptied(folder)
    (root / "etc").mkdir()
    (root / "etc/wbond.conf").write_text(text)
    event = {"ACTION": "add", "SUBSYSTEM": "net", "DEVPATH": "/devices/virtual/net/lo"}
    event |= {"INTERFACE": "lo", "IFINDEX": "1", "SEQNUM": "1"}
    return Program(
        f"wbond-udev query, by {folder.name}", [helper, "--root", str(root), "query"], environ=event
    )


def medians(programs: list[Program], runs: int) -> list[float]:
    """Run the programs in turn; returns and prints the medians, in ms."""
    times: list[list[float]] = [[] for _ in programs]
    for _ in range(runs):
        for program, taken in zip(programs, times, strict=True):
            program.prepare()
            start = time.perf_counter()
            done = subprocess.run(program.command, env=program.environ, capture_output=True)
            taken.append((time.perf_counter() - start) * 1000)
            if done.returncode or done.stderr:
                raise SystemExit(f"{program.name}: {done.returncode} {done.stderr.decode()}")
    found = [statistics.median(taken) for taken in times]
    for program, median in zip(programs, found, strict=True):
        print(f"{program.name:<66} {median:8.1f} ms, median of {runs}")
    return found


def install(folder: Path) -> str:
    """Install wbond below `folder`, byte-compiled as it will be; returns the generator's path."""
    words = [
        f"PREFIX={folder}/wbond",
        f"LIBDIR={folder}/wbond/lib/wbond",
        f"STATEDIR={folder}/state",
        f"UNITDIR={folder}/units",
        f"DHCLIENT_HOOKS={folder}/hooks",
        f"GENERATORDIR={folder}/generators",
        f"UDEVDIR={folder}/udev",
    ]
    subprocess.run(["make", "-s", "-C", str(REPOSITORY), "install", *words], check=True)
    return f"{folder}/generators/wbond-generator"


def emptied(folder: Path) -> Path:
    """Return the folder, new and empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def wbond(folder: Path, generator: str, text: str) -> Program:
    """Prepare wbond's generator for a configuration."""
    root, output = emptied(folder / "wbond"), folder / "output"
    (root / "etc").mkdir()
    (root / "etc/wbond.conf").write_text(text)
    words = [generator, "--root", str(root), str(output)]
    return Program(f"wbond-generator, {text.count('[')} bonds", words, lambda: emptied(output))


def netplan(folder: Path, text: str) -> Program:
    """Prepare netplan's generator, the program in C behind `netplan generate`."""
    if not os.access(NETPLAN, os.X_OK):
        raise SystemExit(f"{NETPLAN} is missing: install netplan.io")
    root = emptied(folder / "netplan")
    source = root / "etc/netplan/50-bench.yaml"

    def prepare() -> None:
        emptied(root)
        source.parent.mkdir(parents=True)
        source.write_text(text)
        source.chmod(0o600)

    words = [NETPLAN, "--root-dir", str(root)]
    return Program(f"netplan generate, {text.count('interfaces:')} bonds", words, prepare)


def laptop() -> str:
    """The smallest configuration with names."""
    return "[bond0]\nwired = enp0s10\nwireless = wlp3s0\n"


def laptop_yaml() -> str:
    """The same wish in netplan's words."""
    return """network:
  version: 2
  renderer: networkd
  ethernets:
    enp0s10: {}
  wifis:
    wlp3s0:
      access-points:
        "lab": {password: "correct horse"}
  bonds:
    bond0:
      interfaces: [enp0s10, wlp3s0]
      dhcp4: true
      dhcp6: true
      parameters: {mode: active-backup, mii-monitor-interval: 100, primary: enp0s10}
"""


def names(bond: int) -> list[str]:
    """The ports of one bond of many."""
    return [f"en{bond}p{port}" for port in range(PORTS)]


def fleet(bonds: int) -> str:
    """Many bonds of many ports."""
    return "".join(
        f"[bond{bond}]\nwired = {' '.join(names(bond))}\nwireless =\n" for bond in range(bonds)
    )


def fleet_yaml(bonds: int) -> str:
    """The same wish in netplan's words."""
    ethernets = "".join(f"    {name}: {{}}\n" for bond in range(bonds) for name in names(bond))
    made = "".join(
        f"    bond{bond}:\n      interfaces: [{', '.join(names(bond))}]\n      dhcp4: true\n"
        f"      parameters: {{mode: active-backup, primary: {names(bond)[0]}}}\n"
        for bond in range(bonds)
    )
    return f"network:\n  version: 2\n  ethernets:\n{ethernets}  bonds:\n{made}"


if __name__ == "__main__":
    sys.exit(main())
