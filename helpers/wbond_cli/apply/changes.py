# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two configurations and the machine's state -> the steps from one to the other; all of it pure.

A picture is what a configuration comes to on the hardware that is there. What
is the same in two pictures is not touched.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from wbond import escape, plan, units
from wbond.config import Bond, Config
from wbond.config import Port as Wish
from wbond_udev import match
from wbond_udev.match import Facts

PORT_PROGRAM = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../wbond-port"))
CLIENTS = {"dhcp4": "dhclient", "dhcp6": "dhcp6c"}  # what `dhcp4` and `dhcp6` may be, but none
WATCHED = plan.UNIT_SETTINGS["wbond-watch@"]
LIVE = tuple(name for name in plan.UNIT_SETTINGS["wbond@"] if name != "mac")
TEMPLATES = (*(f"{unit}.service" for unit in plan.UNIT_SETTINGS), "bond0-supplicant@.service")


class Port(NamedTuple):
    """A device that is a port: its place, and all that its unit and udev know of it."""

    bond: str
    unit: str
    rank: int
    policy: str  # the bond's `mac`
    settings: tuple[tuple[str, str], ...]  # what its unit acts by; empty for a cable
    literal: bool
    own: str  # the address that the adapter was made with; empty where none is known

    @property
    def serves_as(self) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        """Return what cannot change without the port leaving and joining again."""
        return self.unit, self.policy, self.settings


class Picture(NamedTuple):
    """Bonds with the settings in force, by name; ports by interface."""

    bonds: Mapping[str, Mapping[str, str]]
    ports: Mapping[str, Port]


class Running(NamedTuple):
    """A bond that is up: its active port, or nothing, and those that are in."""

    active: str
    ports: tuple[str, ...]


class Run(NamedTuple):
    """A command, and what it is for."""

    why: str
    argv: tuple[str, ...]


class Await(NamedTuple):
    """Wait, with a limit, until a port of the bond other than this one can take over."""

    why: str
    bond: str
    port: str


Step = Run | Await


# --- a configuration makes a picture ------------------------------------------


def defaults(template: Callable[[str], str]) -> dict[str, str]:
    """Return the options' defaults, which stand in the units; `template` returns a unit's text."""
    found = {}
    for name in TEMPLATES:
        for line in template(name).splitlines():
            if line.startswith("Environment="):
                option, _, value = line.removeprefix("Environment=").partition("=")
                found[option.lower()] = value
    return found


def picture(config: Config, devices: Iterable[Facts], default: Mapping[str, str]) -> Picture:
    """Return what a configuration makes of the devices that are there."""
    bonds = {bond.name: {**default, **bond.settings} for bond in config.bonds}
    ports = {}
    for facts in devices:
        if found := match.find(config, facts):
            ports[facts.name] = _port(found.bond, found.port, facts, bonds[found.bond.name])
    return Picture(bonds, ports)


def _port(bond: Bond, wish: Wish, facts: Facts, inherited: Mapping[str, str]) -> Port:
    names = plan.PORT_SETTINGS if wish.kind == "wireless" else ()
    known = {**inherited, **wish.settings}
    return Port(
        bond=bond.name,
        unit=units.port(bond.name, wish.kind, facts.name),
        rank=next(rank for port, rank in plan.prios(bond) if port is wish),
        policy=inherited["mac"],
        settings=tuple((name, known[name]) for name in names),
        literal=wish.literal,
        own=facts.mac,
    )


# --- two pictures make steps --------------------------------------------------


def steps(
    former: Picture | None, wanted: Picture, running: Mapping[str, Running]
) -> Iterator[Step]:
    """Yield the steps from one picture to the other; without a former one all is made anew.

    A bond that is in both and does not run is left: somebody has stopped it.
    What leaves does so while systemd still knows how, but within a bond that
    stays, when another port may have joined to take over.
    """
    if former is None:
        yield from _anew(wanted, running)
        return
    change = _Change(former, wanted, running)
    yield from change.part()
    yield _reload()
    yield from _refresh(_touched(former, wanted))
    yield from change.settle()
    yield from change.join()
    yield from change.leave()


def is_idle(found: Iterable[Step]) -> bool:
    """Tell whether nothing but systemd's view of the units changes."""
    return list(found) == [_reload()]


def _anew(wanted: Picture, running: Mapping[str, Running]) -> Iterator[Step]:
    """Take down what runs and bring up what is wanted."""
    for bond in running:
        if bond not in wanted.bonds:
            yield _systemctl(f"{_name(bond)} is not configured any more", "stop", _bond_unit(bond))
    yield _reload()
    yield from _refresh(wanted.ports)
    for bond in wanted.bonds:
        yield _systemctl(f"{_name(bond)} is made anew", "restart", _bond_unit(bond))
    for name, port in wanted.ports.items():
        yield _systemctl(f"{_name(name)} joins {_name(port.bond)}", "start", port.unit)


def _reload() -> Run:
    return Run("the units are made anew", ("systemctl", "daemon-reload"))


def _refresh(ports: Iterable[str]) -> Iterator[Run]:
    """Have udev ask wbond-udev again: rank and settings of a port that is found are there."""
    paths = [f"/sys/class/net/{name}" for name in ports]
    if paths:
        words = ("udevadm", "trigger", "--settle", "--action=change", *paths)
        yield Run("udev looks at these ports anew", words)


def _touched(former: Picture, wanted: Picture) -> list[str]:
    """Return the devices of which anything differs."""
    names = sorted({*former.ports, *wanted.ports})
    return [name for name in names if former.ports.get(name) != wanted.ports.get(name)]


class _Change:
    """The steps of one change, by the phase they belong to."""

    def __init__(self, former: Picture, wanted: Picture, running: Mapping[str, Running]) -> None:
        self.former, self.wanted, self.running = former, wanted, running
        self.new = [name for name in wanted.bonds if name not in former.bonds]
        self.gone = [name for name in former.bonds if name not in wanted.bonds]
        # Those in both that run; of others nothing is touched.
        self.staying = [name for name in former.bonds if name in wanted.bonds and name in running]

    def changed(self, bond: str) -> set[str]:
        """Return the names of a bond's settings that differ."""
        before, after = self.former.bonds[bond], self.wanted.bonds[bond]
        return {name for name in {*before, *after} if before.get(name) != after.get(name)}

    def part(self) -> Iterator[Step]:
        """Stop what has to be stopped while systemd knows the units that it was started by."""
        for bond in self.gone:
            if bond in self.running:
                why = f"{_name(bond)} is not configured any more"
                yield _systemctl(why, "stop", _bond_unit(bond))
        for name, port in self.former.ports.items():
            after = self.wanted.ports.get(name)
            if port.bond in self.staying and after and after.unit != port.unit:
                why = f"{_name(name)} leaves, to be a port in another way"
                yield _systemctl(why, "stop", port.unit)

    def settle(self) -> Iterator[Step]:
        """Change in place what can be; ranks first, so that the active port moves once."""
        for bond in self.staying:
            stay = self._stay(bond)
            if any(self.former.ports[name].rank != port.rank for name, port in stay.items()):
                # One that is about to leave would else compare by a number of the former list.
                yield _rank(bond, stay | self._last(bond))
            if live := [name for name in LIVE if name in self.changed(bond)]:
                yield _systemctl(f"{', '.join(live)} of {_name(bond)}", "reload", _bond_unit(bond))

    def _stay(self, bond: str) -> dict[str, Port]:
        """Return the bond's ports that are its ports before and after."""
        return {
            name: port
            for name, port in self.wanted.ports.items()
            if port.bond == bond and (before := self.former.ports.get(name)) is not None
            if before.unit == port.unit
        }

    def _last(self, bond: str) -> dict[str, Port]:
        """Return the bond's ports that are to leave it, ranked below all others."""
        return {
            name: port._replace(rank=0)
            for name, port in self.former.ports.items()
            if port.bond == bond and name not in self._stay(bond)
        }

    def join(self) -> Iterator[Step]:
        """Start new bonds, and ports where they are new."""
        for bond in self.new:
            yield _systemctl(f"{_name(bond)} is new", "start", _bond_unit(bond))
        for bond in (*self.new, *self.staying):
            for name, port in self._joining(bond):
                yield _systemctl(f"{_name(name)} joins {_name(bond)}", "start", port.unit)

    def leave(self) -> Iterator[Step]:
        """Within a bond: ports leave and join anew, the clients follow."""
        for bond in self.staying:
            changed = self.changed(bond)
            watch = f"wbond-watch@{escape.unit_instance(bond)}.service"
            anew = [name for name in WATCHED if name in changed]
            # By its own `mac` it would have ports join anew that have just been changed.
            if "mac" in changed:
                yield _systemctl(f"mac of {_name(bond)}", "stop", watch)
            for name in self._in_turn(bond):
                yield from self._move(name)
            # The kernel forgets a primary that leaves; another is to be it.
            left = [name for name in self._in_turn(bond) if name not in self.wanted.ports]
            members = {n: port for n, port in self.wanted.ports.items() if port.bond == bond}
            if left and members:
                yield _rank(bond, members)
            if anew:
                verb = "start" if "mac" in changed else "try-restart"
                yield _systemctl(f"{', '.join(anew)} of {_name(bond)}", verb, watch)
            yield from self._clients(bond, changed)

    def _in_turn(self, bond: str) -> list[str]:
        """Return the ports that leave, or join anew, the active one last."""
        moving = [
            name
            for name, port in self.former.ports.items()
            if port.bond == bond and self._moves(port, self.wanted.ports.get(name))
        ]
        return sorted(moving, key=lambda name: name == self.running[bond].active)

    def _moves(self, before: Port, after: Port | None) -> bool:
        if after is None:
            return True
        return before.unit == after.unit and before.serves_as != after.serves_as

    def _relieved(self, name: str) -> bool:
        """Tell whether a port has just joined, or joined anew, that may soon take over."""
        bond = self.former.ports[name].bond
        others = [port for other, port in self._joining(bond) if other != name]
        return bool(others) or self._in_turn(bond) != [name]

    def _joining(self, bond: str) -> list[tuple[str, Port]]:
        """Return the bond's ports that are new in it."""
        found = []
        for name, port in self.wanted.ports.items():
            before = self.former.ports.get(name)
            stays = before and before.unit == port.unit and before.bond not in self.gone
            if port.bond == bond and not stays:
                found.append((name, port))
        return found

    def _move(self, name: str) -> Iterator[Step]:
        before, after = self.former.ports[name], self.wanted.ports.get(name)
        now = self.running[before.bond]
        if name == now.active and self._relieved(name):
            yield Await(f"another port is to carry before {_name(name)} leaves", before.bond, name)
        # The unit that lets it go has the new policy by now, under which it leaves addresses alone.
        policy = self.wanted.bonds[before.bond]["mac"]
        lent = before.policy != "active" and policy == "active" and before.own
        own = ("ip", "link", "set", "dev", name, "address", before.own)
        if after is None:
            yield _systemctl(f"{_name(name)} leaves {_name(before.bond)}", "stop", before.unit)
            if lent:
                yield Run(f"{_name(name)} has its own address again", own)
        elif lent and name in now.ports:
            yield _systemctl(f"{_name(name)} joins anew", "stop", after.unit)
            yield Run(f"{_name(name)} has its own address again", own)
            yield _systemctl(f"{_name(name)} joins anew", "start", after.unit)
        else:
            yield _systemctl(f"{_name(name)} joins anew", "try-restart", after.unit)

    def _clients(self, bond: str, changed: set[str]) -> Iterator[Step]:
        before, after = self.former.bonds[bond], self.wanted.bonds[bond]
        for option in CLIENTS:
            if before[option] != after[option]:
                for verb, client in (("stop", before[option]), ("start", after[option])):
                    if client != "none":
                        unit = _client_unit(client, bond)
                        yield _systemctl(f"{option} of {_name(bond)}", verb, unit)
            elif after[option] != "none":
                yield from self._client(bond, after[option], changed)

    def _client(self, bond: str, client: str, changed: set[str]) -> Iterator[Step]:
        """Have a running client read its configuration anew.

        A reload of dhclient's keeps the address and confirms it; as somebody else, with
        another DUID, it must ask for one anew.
        """
        names = [name for name in plan.UNIT_SETTINGS[f"{client}@"] if name in changed]
        if names:
            verb = "try-restart" if "duid" in names else "try-reload-or-restart"
            why = f"{', '.join(names)} of {_name(bond)}"
            yield _systemctl(why, verb, _client_unit(client, bond))


def _rank(bond: str, ports: Mapping[str, Port]) -> Run:
    """Rank ports, the best named first."""
    order = sorted(ports, key=lambda name: -ports[name].rank)
    words = [word for name in order for word in (name, str(ports[name].rank))]
    return Run(f"the ranks of {_name(bond)}'s ports", (PORT_PROGRAM, "rank", bond, *words))


def _systemctl(why: str, verb: str, unit: str) -> Run:
    return Run(why, ("systemctl", verb, "--", unit))


def _bond_unit(bond: str) -> str:
    return f"wbond@{escape.unit_instance(bond)}.service"


def _client_unit(client: str, bond: str) -> str:
    return f"{client}@{escape.unit_instance(bond)}.service"


def _name(text: str) -> str:
    return escape.printable(text)
