# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two target states and what runs -> the steps from one to the other; all of it pure.

What is the same in both target states is not touched.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from wbond import clients, escape, plan, units
from wbond.values import MacPolicy

from wbond_cli.apply.target import Port, TargetState

PORT_PROGRAM = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../wbond-port"))
BOND_PROGRAM = os.path.join(os.path.dirname(PORT_PROGRAM), "wbond-bond")
WATCH_SETTINGS = (*clients.OPTIONS, *plan.UNIT_SETTINGS["wbond-watch@"])
# What the kernel takes from a bond that is in use; of `mac`, whether the ports share an address.
LIVE_SETTINGS = plan.UNIT_SETTINGS["wbond@"]
ROUTER_SETTINGS = {"gateway", "metric"}  # what the next advertisement of a router heeds


class Running(NamedTuple):
    """A bond that is up: its active port, or nothing, and those that are in."""

    active: str
    ports: tuple[str, ...]


class Command(NamedTuple):
    """A command, what it is for, and the interface without which there is nothing to do."""

    reason: str
    argv: tuple[str, ...]
    device: str = ""


class AwaitSuccessor(NamedTuple):
    """Wait, with a limit, until a port of the bond other than this one can take over."""

    reason: str
    bond: str
    port: str


Step = Command | AwaitSuccessor
_Clients = dict[str, list[str]]  # options by template


def steps(
    former: TargetState | None, wanted: TargetState, running: Mapping[str, Running]
) -> Iterator[Step]:
    """Yield the steps from one state to the other; without a former one all is made again.

    A bond that is in both and does not run is left: somebody has stopped it.
    What leaves does so while systemd still knows how, but within a bond that
    stays, when another port may have joined to take over.
    """
    if former is None:
        yield from _rebuild(wanted, running)
        return
    change = _Change(former, wanted, running)
    yield from change.part()
    yield _reload()
    yield from _refresh(_changed_ports(former, wanted))
    yield from change.settle()
    yield from change.join()
    yield from change.leave()


def is_idle(planned: Iterable[Step]) -> bool:
    """Tell whether nothing but systemd's view of the units changes."""
    return list(planned) == [_reload()]


def _rebuild(wanted: TargetState, running: Mapping[str, Running]) -> Iterator[Step]:
    """Take down what runs and bring up what is wanted."""
    for bond in running:
        if bond not in wanted.bonds:
            reason = f"{_name(bond)} is not configured any more"
            yield _systemctl(reason, "stop", units.instance(units.BOND, bond))
    yield _reload()
    yield from _refresh(wanted.ports)
    for bond in wanted.bonds:
        yield _systemctl(
            f"{_name(bond)} is made again", "restart", units.instance(units.BOND, bond)
        )
    for name, port in wanted.ports.items():
        yield _start_port(f"{_name(name)} joins {_name(port.bond)}", name, port)


def _reload() -> Command:
    return Command("the units are generated again", ("systemctl", "daemon-reload"))


def _refresh(ports: Iterable[str]) -> Iterator[Command]:
    """Have udev look at ports again: it keeps the prio and settings of a port found by a glob.

    By patterns: a path whose device has gone since, or has been given another name, is an error.
    """
    names = [f"--sysname-match={_pattern(name)}" for name in ports]
    if names:
        argv = ("udevadm", "trigger", "--settle", "--action=change", "--subsystem-match=net")
        yield Command("udev looks at these ports again", (*argv, *names))


def _pattern(name: str) -> str:
    """Return the pattern of fnmatch(3) that a name alone matches."""
    return "".join(f"\\{sign}" if sign in "*?[\\" else sign for sign in name)


def _changed_ports(former: TargetState, wanted: TargetState) -> list[str]:
    """Return the devices of which anything differs."""
    names = sorted({*former.ports, *wanted.ports})
    return [name for name in names if former.ports.get(name) != wanted.ports.get(name)]


class _Change:
    """The steps of one change, by the phase they belong to."""

    def __init__(
        self, former: TargetState, wanted: TargetState, running: Mapping[str, Running]
    ) -> None:
        self.former, self.wanted, self.running = former, wanted, running
        self.new = [name for name in wanted.bonds if name not in former.bonds]
        self.gone = [name for name in former.bonds if name not in wanted.bonds]
        # Those in both that run; of others nothing is touched.
        self.staying = [name for name in former.bonds if name in wanted.bonds and name in running]

    def changed_settings(self, bond: str) -> set[str]:
        """Return the names of a bond's settings that differ."""
        before, after = self.former.bonds[bond], self.wanted.bonds[bond]
        return {name for name in {*before, *after} if before.get(name) != after.get(name)}

    def part(self) -> Iterator[Step]:
        """Stop what must stop while systemd knows the units that started it."""
        for bond in self.gone:
            if bond in self.running:
                reason = f"{_name(bond)} is not configured any more"
                yield _systemctl(reason, "stop", units.instance(units.BOND, bond))
        for name, port in self.former.ports.items():
            after = self.wanted.ports.get(name)
            if port.bond in self.staying and after and after.unit != port.unit:
                reason = f"{_name(name)} leaves, to be a port in another way"
                yield _systemctl(reason, "stop", port.unit)

    def settle(self) -> Iterator[Step]:
        """Change in place what can be; prios first, so that the active port moves once."""
        for bond in self.staying:
            staying = self._staying_ports(bond)
            if any(self.former.ports[name].prio != port.prio for name, port in staying.items()):
                # Departing ports still carry prios from the old list; put them last so that they
                # do not win.
                yield _set_prios(bond, staying | self._departing_ports(bond))
            changed = self.changed_settings(bond)
            if live := [name for name in LIVE_SETTINGS if name in changed]:
                reason = f"{', '.join(live)} of {_name(bond)}"
                yield _systemctl(reason, "reload", units.instance(units.BOND, bond))
            if changed & ROUTER_SETTINGS:
                reason = f"the routers' own routes of {_name(bond)}"
                yield Command(reason, (BOND_PROGRAM, "solicit", bond))

    def _staying_ports(self, bond: str) -> dict[str, Port]:
        """Return the bond's ports that are its ports before and after."""
        return {
            name: port
            for name, port in self.wanted.ports.items()
            if port.bond == bond and (before := self.former.ports.get(name)) is not None
            if before.unit == port.unit
        }

    def _departing_ports(self, bond: str) -> dict[str, Port]:
        """Return the bond's ports that are to leave it, with a prio below all others."""
        return {
            name: port._replace(prio=0)
            for name, port in self.former.ports.items()
            if port.bond == bond and name not in self._staying_ports(bond)
        }

    def join(self) -> Iterator[Step]:
        """Start new bonds, and ports where they are new."""
        for bond in self.new:
            yield _systemctl(f"{_name(bond)} is new", "start", units.instance(units.BOND, bond))
        for bond in (*self.new, *self.staying):
            for name, port in self._joining_ports(bond):
                yield _start_port(f"{_name(name)} joins {_name(bond)}", name, port)

    def leave(self) -> Iterator[Step]:
        """Within a bond: ports leave and join again, the clients follow."""
        for bond in self.staying:
            changed = self.changed_settings(bond)
            watch = units.instance(units.WATCH, bond)
            # With its own `mac`, the watch would have ports that have just changed join again.
            if "mac" in changed:
                yield _systemctl(f"mac of {_name(bond)}", "stop", watch)
            moving = self._moving_ports(bond)
            for name in moving:
                yield from self._move(name)
            # The kernel forgets a primary that leaves; another must become it.
            members = {n: port for n, port in self.wanted.ports.items() if port.bond == bond}
            if members and any(name not in self.wanted.ports for name in moving):
                yield _set_prios(bond, members)
            # Before the watch starts another one: two would take each other's addresses away.
            before, after = self._serving(bond)
            yield from self._turned(bond, "stop", before, after)
            if for_watch := [name for name in WATCH_SETTINGS if name in changed]:
                verb = "start" if "mac" in changed else "try-restart"
                yield _systemctl(f"{', '.join(for_watch)} of {_name(bond)}", verb, watch)
            yield from self._clients(bond, changed)

    def _moving_ports(self, bond: str) -> list[str]:
        """Return the ports that leave, or leave and join again, the active one last."""
        moving = [
            name
            for name, port in self.former.ports.items()
            if port.bond == bond and self._moves(port, self.wanted.ports.get(name))
        ]
        return sorted(moving, key=lambda name: name == self.running[bond].active)

    def _moves(self, before: Port, after: Port | None) -> bool:
        if after is None:
            return True
        return before.unit == after.unit and before.fixed_while_joined != after.fixed_while_joined

    def _has_successor(self, name: str) -> bool:
        """Tell whether another port has just joined, or joined again, that may soon take over."""
        bond = self.former.ports[name].bond
        others = [other for other, _ in self._joining_ports(bond) if other != name]
        return bool(others) or self._moving_ports(bond) != [name]

    def _joining_ports(self, bond: str) -> list[tuple[str, Port]]:
        """Return the bond's ports that are new in it."""
        joining = []
        for name, port in self.wanted.ports.items():
            before = self.former.ports.get(name)
            stays = before and before.unit == port.unit and before.bond not in self.gone
            if port.bond == bond and not stays:
                joining.append((name, port))
        return joining

    def _move(self, name: str) -> Iterator[Step]:
        before, after = self.former.ports[name], self.wanted.ports.get(name)
        now = self.running[before.bond]
        if name == now.active and self._has_successor(name):
            reason = f"another port must be active before {_name(name)} leaves"
            yield AwaitSuccessor(reason, before.bond, name)
        # The unit that stops already has the new policy, under which it leaves addresses alone.
        policy = MacPolicy.parse(self.wanted.bonds[before.bond]["mac"])
        was = MacPolicy.parse(before.mac_policy)
        shared = policy.active and not was.active and before.own_address
        own = Command(
            f"{_name(name)} has its own address again",
            ("ip", "link", "set", "dev", name, "address", before.own_address),
            name,
        )
        if after is None:
            yield _systemctl(f"{_name(name)} leaves {_name(before.bond)}", "stop", before.unit)
            if shared:
                yield own
        elif shared and name in now.ports:
            yield _systemctl(f"{_name(name)} joins again", "stop", after.unit)
            yield own
            yield _start_port(f"{_name(name)} joins again", name, after)
        else:
            yield _systemctl(f"{_name(name)} joins again", "try-restart", after.unit)

    def _serving(self, bond: str) -> tuple[_Clients, _Clients]:
        """Return a bond's clients before and after, each with the options whose families it has."""
        return _serving(self.former.bonds[bond]), _serving(self.wanted.bonds[bond])

    def _turned(self, bond: str, verb: str, those: _Clients, but: _Clients) -> Iterator[Step]:
        """Stop or start the clients that are on one side alone."""
        for client, options in those.items():
            if client not in but:
                reason = f"{', '.join(options)} of {_name(bond)}"
                yield _systemctl(reason, verb, units.instance(client, bond))

    def _clients(self, bond: str, changed: set[str]) -> Iterator[Step]:
        before, after = self._serving(bond)
        yield from self._turned(bond, "start", after, before)
        for client, options in after.items():
            if client in before:
                # A lease's default route yields to a `gateway`, and is to return without it.
                routes = changed & {"gateway"} if "dhcp4" in options else set()
                is_other = before[client] != options
                yield from self._client(bond, client, changed, routes, is_other)

    def _client(
        self, bond: str, client: str, changed: set[str], routes: set[str], is_other: bool
    ) -> Iterator[Step]:
        """Have a running client read its configuration again; `is_other`: for other families.

        A reload of dhclient keeps the address and confirms it; with another DUID it is another
        client, and must ask for an address. What a client serves no longer, it gives up.
        """
        names = [name for name in clients.named(client).settings if name in changed]
        names += routes
        if is_other:
            names += [option for option in clients.OPTIONS if option in changed]
        if names:
            restarts = is_other or "duid" in names
            verb = "try-restart" if restarts else "try-reload-or-restart"
            reason = f"{', '.join(names)} of {_name(bond)}"
            yield _systemctl(reason, verb, units.instance(client, bond))


def _serving(settings: Mapping[str, str]) -> _Clients:
    found: _Clients = {}
    for option in clients.OPTIONS:
        if settings[option] != clients.NONE:
            found.setdefault(settings[option], []).append(option)
    return found


def _set_prios(bond: str, ports: Mapping[str, Port]) -> Command:
    """Give ports their prios; the most preferred is named first."""
    order = sorted(ports, key=lambda name: -ports[name].prio)
    pairs = [argument for name in order for argument in (name, str(ports[name].prio))]
    return Command(f"the order of {_name(bond)}'s ports", (PORT_PROGRAM, "rank", bond, *pairs))


def _start_port(reason: str, name: str, port: Port) -> Command:
    """Start a port's unit, whose job would wait 90 s for a device that has been pulled."""
    return _systemctl(reason, "start", port.unit)._replace(device=name)


def _systemctl(reason: str, verb: str, unit: str) -> Command:
    return Command(reason, ("systemctl", verb, "--", unit))


def _name(name: str) -> str:
    return escape.printable(name)
