# SPDX-License-Identifier: LGPL-2.1-or-later
"""`make soak`: rounds of random faults, several at once; after each the laptop must be whole again.

A round's faults follow from the seed and the round's number alone. Then the world is mended, what
was stopped by hand is started, and within a minute all has to be as it was: see `Whole`. The first
round that does not end so ends the run, and leaves its logs.
"""

import argparse
import json
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import bonding_file
import image
from channels import CommandFailed, GuestLost
from hardware import DOCK_MAC
from laptop import BOND, CARD, CONFIGURATION, FILES, RADIO, Laptop, install_wbond, resumed

LOGS = Path(__file__).resolve().parent / "logs"
STICK_MAC = "02:00:00:00:05:01"
WHOLE_WITHIN = 60.0  # s
COMMAND_WITHIN = 180.0  # s; some of them wait for a lease, or ask and go back
BASE = f"""[{BOND}]
wired = {CARD}
wireless = {RADIO} wl*

[{BOND}/dock]
kind = wired
match_mac = {DOCK_MAC}
priority = 500
"""
OTHER = [
    BASE.replace("\n\n", "\nmiimon = 50\nupdelay = 100\n\n", 1),
    BASE.replace("\n\n", "\ndhcp6 = none\n\n", 1),
    BASE.replace("\n\n", "\nlegacy_rates = yes\n\n", 1),
    BASE.replace("priority = 500", "priority = 150"),
    BASE.replace(f"wired = {CARD}\n", "wired =\n"),
    BASE.replace("\n\n", "\nmac = stable\n\n", 1),
    BASE.replace("\n\n", "\nmiimom = 50\n\n", 1),
]
# With a name server for dhclient to tell, and leases that are renewed within the run.
NAME_SERVER = "192.0.2.1"
DNSMASQ = "/etc/lab/dnsmasq.conf"
WATCH = f"wbond-watch@{BOND}.service"
CLIENTS = (f"dhclient@{BOND}.service", f"dhcp6c@{BOND}.service")


class World:
    """The laptop and its surroundings, and what has to be mended."""

    def __init__(self, laptop: Laptop, pool: ThreadPoolExecutor) -> None:
        self.laptop, self.pool = laptop, pool
        self.stick = self.dock = False
        self.dock_name = ""
        self.stopped: set[str] = set()  # units that a person has stopped
        self.running: list[Future[Any]] = []
        self.configuration = BASE

    def command(self, *argv: str) -> None:
        """Run a command of a person's beside whatever else happens; how it ends does not matter."""
        self.running.append(self.pool.submit(self.laptop.result, *argv, timeout=COMMAND_WITHIN))

    def units(self) -> list[str]:
        """Return the units that a person may lay hands on."""
        sticks = [f"{BOND}-supplicant@wlan0.service"] if self.stick else []
        ports = [f"{BOND}-wired@{CARD}.service", f"{BOND}-supplicant@{RADIO}.service", *sticks]
        return [f"wbond@{BOND}.service", WATCH, *CLIENTS, *ports]

    def radios(self) -> list[str]:
        """Return the interfaces of the radios that are there."""
        return [RADIO, "wlan0"] if self.stick else [RADIO]


# --- faults ------------------------------------------------------------------------


def cable_out(world: World, chance: random.Random) -> None:
    world.laptop.cable.pull()


def cable_in(world: World, chance: random.Random) -> None:
    world.laptop.cable.plug()


def cable_flutters(world: World, chance: random.Random) -> None:
    for _ in range(chance.randint(2, 8)):
        world.laptop.cable.pull()
        time.sleep(chance.choice((0, 0.02, 0.1, 0.3)))
        world.laptop.cable.plug()
        time.sleep(chance.choice((0, 0.02, 0.1, 0.3)))


def access_point_off(world: World, chance: random.Random) -> None:
    world.laptop.access_point.stop()


def access_point_on(world: World, chance: random.Random) -> None:
    world.laptop.access_point.start()


def dhcp_off(world: World, chance: random.Random) -> None:
    world.laptop.dhcp.stop()


def dhcp_on(world: World, chance: random.Random) -> None:
    world.laptop.dhcp.start()


def stick_moves(world: World, chance: random.Random) -> None:
    """It is plugged, pulled, or replugged once or several times."""
    for _ in range(chance.choice((1, 1, 2, 3, 6))):
        move_stick(world, not world.stick)
        time.sleep(chance.choice((0, 0.1, 0.5, 2)))


def move_stick(world: World, plugged: bool) -> None:
    if plugged and not world.stick:
        world.laptop.radios.plug("stick", STICK_MAC)
    elif world.stick and not plugged:
        world.laptop.radios.pull("stick")
        # A stick that is plugged anew is not the one that was stopped.
        world.stopped.discard(f"{BOND}-supplicant@wlan0.service")
    world.stick = plugged


def dock_moves(world: World, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 2))):
        move_dock(world, not world.dock)
        time.sleep(chance.choice((0.5, 1, 3)))


def move_dock(world: World, plugged: bool) -> None:
    if plugged and not world.dock:
        world.laptop.dock.plug()
    elif world.dock and not plugged:
        world.laptop.dock.pull()
    world.dock = plugged


def radios_blocked(world: World, chance: random.Random) -> None:
    switch(world, "block", chance)


def radios_unblocked(world: World, chance: random.Random) -> None:
    switch(world, "unblock", chance)


def radios_blocked_for_a_while(world: World, chance: random.Random) -> None:
    world.laptop.result("sh", "-c", _switches("block", world.radios()))
    time.sleep(chance.choice((0, 0.2, 1, 4)))
    world.laptop.result("sh", "-c", _switches("unblock", world.radios()))


def switch(world: World, verb: str, chance: random.Random) -> None:
    radios = chance.sample(world.radios(), chance.randint(1, len(world.radios())))
    world.laptop.result("sh", "-c", _switches(verb, radios))


def _switches(verb: str, radios: Iterable[str]) -> str:
    """Return a script that moves the switches of radios as far as these are there."""
    return "; ".join(
        f"rfkill {verb} $(cat /sys/class/net/{radio}/phy80211/rfkill*/index) || :"
        for radio in radios
    )


def process_killed(world: World, chance: random.Random) -> None:
    services = [unit for unit in world.units() if not unit.startswith(("wbond@", f"{BOND}-wired"))]
    world.laptop.result("systemctl", "kill", "--signal=KILL", chance.choice(services))


def watch_freezes(world: World, chance: random.Random) -> None:
    world.laptop.result("systemctl", "kill", "--signal=STOP", WATCH)


def daemon_reloads(world: World, chance: random.Random) -> None:
    world.command("systemctl", "daemon-reload")


def udev_triggers(world: World, chance: random.Random) -> None:
    world.command("udevadm", "trigger", "-c", chance.choice(("add", "change")), "-s", "net")


def unit_is_told(world: World, chance: random.Random) -> None:
    """A person restarts, reloads, stops or starts a unit."""
    unit, verb = chance.choice(world.units()), chance.choice(("restart", "reload", "stop", "start"))
    if verb == "stop":
        world.stopped.add(unit)
    elif verb != "reload":
        world.stopped.discard(unit)
    world.command("systemctl", verb, unit)


def configuration_applied(world: World, chance: random.Random) -> None:
    world.configuration = chance.choice([BASE, *OTHER])
    world.laptop.write(CONFIGURATION, world.configuration)
    world.command("wbond", "apply", "--yes")


def bond_down(world: World, chance: random.Random) -> None:
    world.stopped.add(f"wbond@{BOND}.service")
    world.command("wbond", "down", "--yes")


def bond_up(world: World, chance: random.Random) -> None:
    world.stopped.discard(f"wbond@{BOND}.service")
    world.command("wbond", "up")


FAULTS: list[Callable[[World, random.Random], None]] = [
    *(cable_out, cable_in, cable_flutters),
    *(access_point_off, access_point_on, dhcp_off, dhcp_on),
    *(stick_moves, stick_moves, dock_moves),
    *(radios_blocked, radios_unblocked, radios_blocked_for_a_while),
    *(process_killed, process_killed, watch_freezes),
    *(daemon_reloads, udev_triggers),
    *(unit_is_told, unit_is_told, unit_is_told),
    *(configuration_applied, bond_down, bond_up),
]


def mend(world: World, chance: random.Random) -> None:
    """Put the world in order, and start what a person has stopped. Raises AssertionError."""
    laptop = world.laptop
    laptop.result("systemctl", "kill", "--signal=CONT", WATCH)
    for future in world.running:
        future.result(COMMAND_WITHIN)  # a command that hangs is a fault
    world.running.clear()
    laptop.cable.plug()
    laptop.access_point.start()
    laptop.dhcp.start()
    move_stick(world, chance.random() < 0.6)
    move_dock(world, chance.random() < 0.3)
    if world.stick:
        laptop.wait_for(
            "the stick", lambda: not laptop.result("test", "-e", "/sys/class/net/wlan0").rc, 20.0
        )
    laptop.shell(_switches("unblock", world.radios()))
    if laptop.read(CONFIGURATION) != BASE or world.configuration != BASE:
        world.configuration = BASE
        laptop.write(CONFIGURATION, BASE)
        laptop.run("wbond", "apply", "--yes", timeout=COMMAND_WITHIN)
    # Those that require another one last.
    for unit in sorted(world.stopped, key=lambda unit: not unit.startswith("wbond@")):
        laptop.result("systemctl", "start", unit, timeout=COMMAND_WITHIN)
    world.stopped.clear()


# --- is it whole? --------------------------------------------------------------------


class Size(NamedTuple):
    """What a process that stays holds: memory in kB, and open files."""

    memory: int
    files: int


# What they may have more than at the beginning. The service manager has files open for each
# process that it has started, so those of a stick and a dock.
LEEWAY = {"watch": Size(2048, 0), "systemd": Size(4096, 8)}


def differs(what: str, found: object, wanted: object) -> str:
    """Return in words that something is not as it should be; nothing where it is."""
    return "" if found == wanted else f"{what}: {found}, not {wanted}"


class Whole:
    """What a laptop is like that lacks nothing; begins with what its processes hold then."""

    def __init__(self, laptop: Laptop) -> None:
        self.laptop = laptop
        self.begun = self.sizes()

    def sizes(self) -> dict[str, Size]:
        """Return the sizes of the processes that stay."""
        found = {}
        for name, pid in (("watch", self.laptop.show(WATCH, "MainPID")), ("systemd", "1")):
            files = len(self.laptop.run("ls", f"/proc/{pid}/fd").split())
            found[name] = Size(self.laptop.resident(pid), files)
        return found

    def wants(self, world: World) -> list[str]:
        """Return what is missing, the cheap looks first; nothing when all is there."""
        for look in (self.ports, self.network, self.units, self.processes, self.status):
            if missing := [text for text in look(world) if text]:
                return missing
        return []

    def ports(self, world: World) -> list[str]:
        """The best port is active, every port in the bond, radios are connected."""
        laptop, radios = self.laptop, world.radios()
        wired = [CARD, laptop.dock_name() or "a dock"] if world.dock else [CARD]
        ports, active = laptop.ports(), laptop.active_port()
        return [
            differs("ports", sorted(ports), sorted(wired + radios)),
            differs("active", active, wired[-1]),
            *(f"{radio} is not connected" for radio in radios if not laptop.authorised(radio)),
        ]

    def network(self, world: World) -> list[str]:
        """Addresses, routes and names are right, and the world answers."""
        laptop = self.laptop
        four = [str(entry["local"]).rpartition(".")[0] for entry in laptop.addresses(4)]
        fresh = [entry for entry in laptop.addresses(6) if not entry.get("deprecated")]
        routes = laptop.run("ip", "route") + laptop.run("ip", "-6", "route")
        routers = re.findall(rf"^default via \S+ dev {BOND} ", routes, re.MULTILINE)
        servers = re.findall(r"^nameserver (\S+)$", laptop.read("/etc/resolv.conf"), re.MULTILINE)
        return [
            differs("IPv4", four, ["192.0.2"]),
            differs("IPv6", sorted(entry["prefixlen"] for entry in fresh), [64, 128]),
            differs("default routes", len(routers), 2),
            "" if NAME_SERVER in servers else f"name servers {servers}",
            "" if laptop.ping(1) else "the world does not answer",
        ]

    def units(self, world: World) -> list[str]:
        """No unit has failed, no job is left."""
        failed = self.laptop.run("systemctl", "--failed", "--plain", "--no-legend")
        jobs = self.laptop.run("systemctl", "list-jobs")
        return [failed, "" if "No jobs" in jobs else jobs]

    def processes(self, world: World) -> list[str]:
        """There is one process of each, none is left behind, and none has grown."""
        shown = self.laptop.run("ps", "-eo", "args").splitlines()
        wanted = {f"wpa_supplicant -i {radio} ": 1 for radio in world.radios()}
        wanted |= {"wpa_supplicant -i ": len(world.radios()), "dhclient -d ": 1, "dhcp6c -f ": 1}
        wanted |= {"helpers/wbond-watch ": 1, "helpers/wbond-port ": 0, "helpers/wbond-bond ": 0}
        wanted |= {"helpers/wbond-dhcp ": 0, "helpers/wbond-hotplug ": 0}
        counts = {what: sum(what in line for line in shown) for what in wanted}
        found = [differs(f"'{what.strip()}'", counts[what], wanted[what]) for what in wanted]
        for name, size in self.sizes().items():
            begun, leeway = self.begun[name], LEEWAY[name]
            if (
                size.memory > begun.memory + leeway.memory
                or size.files > begun.files + leeway.files
            ):
                found.append(f"{name} has grown: {size}, at the beginning {begun}")
        return found

    def status(self, world: World) -> list[str]:
        """`wbond status` is content, and agrees with the kernel."""
        asked = self.laptop.result("wbond", "status", "--json")
        bonds = json.loads(asked.out)["bonds"] if asked.out else []
        text = self.laptop.bonding()
        found = [d for bond in bonds for d in bonding_file.differences(bond, text)]
        return [*found, "" if asked.rc == 0 else f"wbond status: {asked.rc} {asked.out}{asked.err}"]

    def wait(self, world: World) -> float:
        """Wait until it is whole; returns the seconds. Raises AssertionError."""

        def whole() -> bool:
            if missing := self.wants(world):
                raise CommandFailed("; ".join(missing))
            return True

        return self.laptop.wait_for("a whole laptop", whole, WHOLE_WITHIN)


# --- rounds --------------------------------------------------------------------------


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
    """Return a laptop that carries with both its ports."""
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
