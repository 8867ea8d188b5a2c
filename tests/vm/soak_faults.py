# SPDX-License-Identifier: LGPL-2.1-or-later
"""The soak's faults: what happens to a laptop and its world in a round, and how it is mended."""

import random
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from hardware import DOCK_MAC
from laptop import BOND, CARD, CONFIGURATION, RADIO, Laptop

STICK_MAC = "02:00:00:00:05:01"
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
        self.stopping: list[Future[Any]] = []  # those of them that stop something
        self.configuration = BASE

    def command(self, *argv: str) -> None:
        """Run a command as a person would, in the background; how it ends does not matter."""
        self.running.append(self.pool.submit(self.laptop.result, *argv, timeout=COMMAND_WITHIN))

    def stop(self, unit: str, *argv: str) -> None:
        """Have a person stop a unit by a command."""
        self.stopped.add(unit)
        self.command(*argv)
        self.stopping.append(self.running[-1])

    def start(self, unit: str, *argv: str) -> None:
        """Have a person start a unit by a command.

        A command that still runs may stop it later than this one starts it: it then has to be
        started once more when the world is mended.
        """
        if all(future.done() for future in self.stopping):
            self.stopped.discard(unit)
        self.command(*argv)

    def units(self) -> list[str]:
        """Return the units that a person may start and stop."""
        sticks = [f"{BOND}-supplicant@wlan0.service"] if self.stick else []
        ports = [f"{BOND}-wired@{CARD}.service", f"{BOND}-supplicant@{RADIO}.service", *sticks]
        return [f"wbond@{BOND}.service", WATCH, *CLIENTS, *ports]

    def radios(self) -> list[str]:
        """Return the interfaces of the radios that are there."""
        return [RADIO, "wlan0"] if self.stick else [RADIO]


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
        # A stick that is plugged in again is no longer stopped.
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
    if verb == "reload":
        world.command("systemctl", verb, unit)
    else:
        tell = world.stop if verb == "stop" else world.start
        tell(unit, "systemctl", verb, unit)


def configuration_applied(world: World, chance: random.Random) -> None:
    world.configuration = chance.choice([BASE, *OTHER])
    world.laptop.write(CONFIGURATION, world.configuration)
    world.command("wbond", "apply", "--yes")


def bond_down(world: World, chance: random.Random) -> None:
    world.stop(f"wbond@{BOND}.service", "wbond", "down", "--yes")


def bond_up(world: World, chance: random.Random) -> None:
    world.start(f"wbond@{BOND}.service", "wbond", "up")


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
    world.stopping.clear()
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
