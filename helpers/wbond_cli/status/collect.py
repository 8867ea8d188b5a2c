# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads from the machine what `picture` makes a picture of: files, udev, systemctl, iw.

What the kernel reports by rtnetlink comes from outside. What an ordinary user
may not read is left out, and said.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from wbond import config, escape, ini
from wbond_net.clients import identity, leases
from wbond_net.clients.leases import Lease
from wbond_net.kernel import rfkill, rtnetlink, sysfs, udev_database
from wbond_net.kernel.rtnetlink import Link
from wbond_net.ports import mac_policy
from wbond_net.ports.mac_policy import MacPolicy

from wbond_cli.journal.reader import Entry
from wbond_cli.process import Ask
from wbond_cli.status import model
from wbond_cli.status.model import Advice, Association, Facts, Unit

RUNTIME = "run/wbond"
LEASES = "var/lib/dhcp/dhclient.{}.leases"
LEASES_MAX = 1 << 20  # bytes, of the file's end; dhclient writes it anew at each start only
ENTRIES = 1000  # of the journal: weeks of a laptop, and read in less than a second
_IFF_LOOPBACK = 0x8

# What `systemctl show` is asked for, by the names of org.freedesktop.systemd1(5).
PROPERTIES = {
    "Id": "name",
    "LoadState": "load",
    "ActiveState": "active",
    "SubState": "sub",
    "Result": "result",
    "StatusText": "status",
    "NeedDaemonReload": "reload_due",
    "Environment": "environment",
}


class Host:
    """The machine, as far as it is no rtnetlink; `root` holds etc, run and var."""

    def __init__(self, ask: Ask, root: str = "/") -> None:
        """Take what asks programs, and the folder that stands for /."""
        self.ask = ask
        self.root = root

    def is_radio(self, name: str) -> bool:
        """Tell a radio from a cable."""
        return sysfs.exists(f"{name}/phy80211") or sysfs.exists(f"{name}/wireless")

    def look(
        self,
        links: Mapping[int, Link],
        addresses: Sequence[rtnetlink.Address],
        history: Sequence[Entry],
        now: float,
    ) -> Facts:
        """Return the facts, of `links` and `addresses` and of all that can be asked for."""
        wishes = config.interpret(ini.read(self.root), ini.hostname(self.root))
        facts = Facts(now, wishes, self._made(), links, addresses, history=history)
        facts = facts._replace(radios=self._radios(links), noted=self._noted(facts))
        facts = self._with_units(facts)
        facts = self._with_ports(facts)
        facts = self._with_common(facts)
        return self._with_leases(facts)

    def _made(self) -> tuple[str, ...]:
        """Return the bonds that wbond has made: systemd keeps a folder for each."""
        folder = os.path.join(self.root, RUNTIME)
        try:
            entries = sorted(os.listdir(folder))
        except OSError:
            return ()
        return tuple(name for name in entries if os.path.isdir(os.path.join(folder, name)))

    def _radios(self, links: Mapping[int, Link]) -> frozenset[str]:
        return frozenset(found.name for found in links.values() if self.is_radio(found.name))

    def _noted(self, facts: Facts) -> dict[str, str]:
        """Read what udev's rules have said of hardware that is in none of the bonds."""
        bonds = {model.interface(facts.links, name) for name in self._names(facts)}
        inside = {bond.ifindex for bond in bonds if bond}
        found = {}
        for other in facts.links.values():
            virtual = other.kind or other.flags & _IFF_LOOPBACK
            if virtual or other.master in inside:
                continue
            owner = udev_database.properties(other.name).get("WBOND_BOND")
            if owner:
                found[other.name] = owner
        return found

    def _names(self, facts: Facts) -> list[str]:
        return model.names(facts.config, facts.made)

    def _with_units(self, facts: Facts) -> Facts:
        wanted: list[str] = []
        for name in self._names(facts):
            wanted += model.bond_units(name)
            wanted += [model.port_unit(name, seat) for seat in model.seats(facts, name)]
        if not wanted:
            return facts
        properties = (f"--property={','.join(PROPERTIES)}",)
        answer = self.ask("systemctl", "show", "--no-pager", *properties, "--", *wanted)
        units = {unit.name: unit for unit in parse_units(answer.out)}
        if answer.code and not units:
            said = escape.printable(answer.err.strip().partition("\n")[0])
            text = f"the units could not be asked for: {said or 'systemctl failed'}"
            # An ordinary user asks by D-Bus, which a small system may lack.
            fault = Advice(text, "sudo wbond status" if os.geteuid() else "")
            return facts._replace(faults=(*facts.faults, fault))
        return facts._replace(units=units)

    def _with_ports(self, facts: Facts) -> Facts:
        """Ask a radio for its network, a cable for its speed."""
        associations, speeds, blocked = {}, {}, set()
        for name in self._names(facts):
            for seat in model.seats(facts, name):
                if seat.link is None:
                    continue
                if seat.name in facts.radios:
                    if rfkill.blocked(seat.name):
                        blocked.add(seat.name)
                    if association := self._association(seat.link):
                        associations[seat.name] = association
                elif speed := _speed(seat.link):
                    speeds[seat.name] = speed
        return facts._replace(associations=associations, speeds=speeds, blocked=frozenset(blocked))

    def _association(self, radio: Link) -> Association | None:
        if not radio.has_carrier:
            return None
        return parse_association(self.ask("iw", "dev", radio.name, "link").out)

    def _with_common(self, facts: Facts) -> Facts:
        common = {}
        for name in self._names(facts):
            try:
                policy = MacPolicy.parse(model.policy(facts, name))
                address = mac_policy.shared_mac(name, policy)
            except identity.NoMachineId:
                continue  # wbond-bond has said so
            if address:
                common[name] = address
        return facts._replace(common=common)

    def _with_leases(self, facts: Facts) -> Facts:
        found: dict[str, Sequence[Lease]] = {}
        faults = list(facts.faults)
        for name in self._names(facts):
            path = "/" + LEASES.format(name)
            try:
                found[name] = tuple(leases.parse(_end_of(os.path.join(self.root, path[1:]))))
            except FileNotFoundError:
                continue
            except OSError as error:
                text = f"{escape.printable(path)}: {error.strerror}; servers are not shown"
                faults.append(Advice(text, "sudo wbond status"))
        return facts._replace(leases=found, faults=tuple(faults))


def _speed(cable: Link) -> int | None:
    """Return the speed in Mb/s; the kernel says -1, or nothing, where the driver knows none."""
    text = sysfs.attribute(cable.name, "speed") if cable.has_carrier else ""
    return int(text) if text.isdecimal() and int(text) else None


def _end_of(path: str) -> str:
    """Return the end of a file as text. Raises OSError."""
    with open(path, "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - LEASES_MAX))
        return file.read().decode("utf-8", "replace")


# --- texts make facts ---------------------------------------------------------


def parse_units(text: str) -> Iterator[Unit]:
    """Yield the units of `systemctl show`: a block each, with an empty line between."""
    for block in text.split("\n\n"):
        lines = (line.partition("=") for line in block.splitlines())
        said = {PROPERTIES[name]: value for name, _, value in lines if name in PROPERTIES}
        if said.get("name"):
            yield Unit(
                **{key: said[key] for key in ("name", "load", "active", "sub") if key in said},
                result=said.get("result", ""),
                status=escape.printable(said.get("status", "")),
                reload_due=said.get("reload_due") == "yes",
                # A value with a blank is shown as [unprintable] (bus_print_property()).
                environment=_assignments(said.get("environment", "").split()),
            )


def _assignments(words: Iterable[str]) -> dict[str, str]:
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def parse_association(text: str) -> Association | None:
    """Read `iw dev NAME link`; None for a radio that is not associated."""
    if not text.startswith("Connected to "):
        return None
    lines = (line.strip().partition(":") for line in text.splitlines()[1:])
    said = {name: value.removeprefix(" ") for name, _, value in lines}
    signal, rate = _number(said.get("signal")), _number(said.get("tx bitrate"))
    return Association(
        ssid=ssid(said.get("SSID", "")),
        signal=None if signal is None else round(signal),
        frequency=_number(said.get("freq")),
        rate=rate,
    )


def _number(text: str | None) -> float | None:
    """Return the number with which the text begins: "-52 dBm", "866.7 MBit/s VHT-MCS 9"."""
    found = re.match(r"-?\d+(\.\d+)?", text or "")
    return float(found[0]) if found else None


def ssid(text: str) -> str:
    """Undo iw's \\xNN (print_ssid_escaped(), iw's scan.c); returns printable text.

    An SSID is any 32 bytes, mostly UTF-8.
    """
    octets = re.sub(
        rb"\\x([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), os.fsencode(text)
    )
    return escape.printable(os.fsdecode(octets))
