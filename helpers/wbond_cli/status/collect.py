# SPDX-License-Identifier: LGPL-2.1-or-later
"""Collects from the machine what a status is built of: files, udev, systemctl, iw.

What the kernel reports by rtnetlink is given. What cannot be read is left out, and a
fault says so.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from wbond import escape, units
from wbond.values import MacPolicy
from wbond_net import regular_file, runtime
from wbond_net.clients import dhcpcd_leases, identity, leases
from wbond_net.clients.leases import Lease
from wbond_net.deployed import unit_tree
from wbond_net.kernel import rfkill, rtnetlink, sysfs, udev_database
from wbond_net.kernel.rtnetlink import Link
from wbond_net.names import records
from wbond_net.ports import mac_policy
from wbond_net.watch.path import record
from wbond_net.watch.path.record import Record

from wbond_cli.command import CommandError, Run
from wbond_cli.journal.reader import Entry
from wbond_cli.status import build
from wbond_cli.status.model import Advice, Association, Facts, Names, Unit

RUNTIME = "run/wbond"
LEASES = "var/lib/dhcp/dhclient.{}.leases"
VOLATILE_LEASES = "run/dhclient.{}.leases"  # where /var is read-only
DHCPCD_LEASE = "var/lib/wbond/{0}/dhcpcd/{0}.lease"  # where its unit puts it
ENTRIES = 1000  # of the journal: weeks of a laptop, and read in less than a second
_IFF_LOOPBACK = 0x8
_LEGACY_RATES = {1.0, 2.0, 5.5, 11.0}  # Mb/s, of 802.11b
_2_4_GHZ_END = 3000  # MHz; the next band begins above 4900

Noted = Mapping[str, Mapping[str, str]]  # what wbond-udev has noted of hardware, by interface

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


class Collector:
    """Reads the machine, all but rtnetlink; `root` holds etc, run and var."""

    def __init__(self, run: Run, root: str = "/", asked: Sequence[str] = ()) -> None:
        """Take what runs programs (`command.run`), the folder that stands for /, and the bonds."""
        self.run = run
        self.root = root
        self.asked = asked

    def known_bonds(self) -> list[str]:
        """Return the bonds that can be asked for."""
        return build.bond_names(Facts(0.0, unit_tree.read_config(self.root), self._made()))

    def is_radio(self, name: str) -> bool:
        """Tell a radio from a cable."""
        return sysfs.is_radio(name)

    def collect(
        self,
        links: Mapping[int, Link],
        addresses: Sequence[rtnetlink.Address],
        history: Sequence[Entry],
        now: float,
    ) -> Facts:
        """Return the facts: `links`, `addresses`, and all that belongs to them."""
        config = unit_tree.read_config(self.root)
        made = self._made()
        facts = Facts(now, config, made, links, addresses, history=history, asked=self.asked)
        facts = facts._replace(radios=self._radios(links), claimed=self._claimed(facts))
        noted = _noted(links)
        facts = facts._replace(left_out=left_out(noted), authenticated=authenticated(noted))
        facts = self._with_units(facts)
        facts = self._with_media(facts)
        facts = self._with_shared_macs(facts)
        facts = facts._replace(names={bond: self._names(bond) for bond in made})
        facts = facts._replace(paths=self._paths(facts))
        return self._with_leases(facts)

    def _made(self) -> tuple[str, ...]:
        """Return the bonds that wbond has made: systemd keeps a folder for each."""
        folder = os.path.join(self.root, RUNTIME)
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            return ()
        return tuple(name for name in names if os.path.isdir(os.path.join(folder, name)))

    def _radios(self, links: Mapping[int, Link]) -> frozenset[str]:
        return frozenset(link.name for link in links.values() if self.is_radio(link.name))

    def _claimed(self, facts: Facts) -> dict[str, str]:
        """Read what udev's rules have said of hardware that is in none of the bonds."""
        bonds = {rtnetlink.link_by_name(facts.links, name) for name in build.bond_names(facts)}
        inside = {bond.ifindex for bond in bonds if bond}
        claimed = {}
        for other in facts.links.values():
            is_virtual = other.kind or other.flags & _IFF_LOOPBACK
            if is_virtual or other.master in inside:
                continue
            if owner := udev_database.properties(other.name).get("WBOND_BOND"):
                claimed[other.name] = owner
        return claimed

    def _with_units(self, facts: Facts) -> Facts:
        wanted: list[str] = []
        for bond in build.bond_names(facts):
            wanted += build.bond_units(bond)
            slots = build.expected_ports(facts, bond)
            wanted += [build.port_unit(facts, bond, slot) for slot in slots]
        if not wanted:
            return facts
        properties = f"--property={','.join(PROPERTIES)}"
        try:
            shown = self.run("systemctl", "show", "--no-pager", properties, "--", *wanted)
        except CommandError as error:
            if not error.stdout.strip():
                return _with_fault(facts, _units_unknown(error))
            shown = error.stdout
        return facts._replace(units={unit.name: unit for unit in parse_units(shown)})

    def _with_media(self, facts: Facts) -> Facts:
        """Ask a radio for its network, a cable for its speed."""
        associations, speeds, blocked = {}, {}, set()
        for bond in build.bond_names(facts):
            for slot in build.expected_ports(facts, bond):
                if slot.link is None:
                    continue
                if slot.name in facts.radios:
                    if rfkill.blocked(slot.name):
                        blocked.add(slot.name)
                    if association := self._association(slot.link):
                        unit = facts.units.get(build.port_unit(facts, bond, slot))
                        legacy = self._needs_legacy_rates(slot.name, association, unit)
                        associations[slot.name] = association._replace(legacy_rates=legacy)
                elif speed := _speed(slot.link):
                    speeds[slot.name] = speed
        return facts._replace(associations=associations, speeds=speeds, blocked=frozenset(blocked))

    def _association(self, radio: Link) -> Association | None:
        if not radio.has_carrier:
            return None
        try:
            return parse_association(self.run("iw", "dev", radio.name, "link"))
        except CommandError:
            return None

    def _needs_legacy_rates(self, radio: str, association: Association, unit: Unit | None) -> bool:
        """Tell whether the network has had the kernel give 802.11b's rates back.

        mac80211 drops the rates that it was told to use when none of the network's basic rates
        is among them (ieee80211_check_rate_mask()), and nl80211 does not say what is in use.
        """
        environment = unit.environment if unit else {}
        settings = {**environment, **udev_database.settings(radio)}
        is_2_4_ghz = 0 < (association.frequency or 0) < _2_4_GHZ_END
        if settings.get("LEGACY_RATES") != "no" or not is_2_4_ghz:
            return False
        try:
            basic = basic_rates(self.run("iw", "dev", radio, "scan", "dump"))
        except CommandError:
            return False
        return bool(basic) and basic <= _LEGACY_RATES

    def _with_shared_macs(self, facts: Facts) -> Facts:
        shared = {}
        for bond in build.bond_names(facts):
            try:
                policy = MacPolicy.parse(build.mac_policy(facts, bond))
                address = mac_policy.shared_mac(bond, policy)
            except identity.NoMachineId:
                continue  # wbond-bond has said so
            if address:
                shared[bond] = address
        return facts._replace(shared_macs=shared)

    def _names(self, bond: str) -> Names:
        folder = os.path.join(self.root, RUNTIME)
        return Names(tuple(records.read(bond, folder)), records.published(bond, folder))

    def _paths(self, facts: Facts) -> dict[str, Record]:
        """Read what the watches know of paths; one that does not look into them tells nothing."""
        found = {}
        for bond in build.bond_names(facts):
            path = os.path.join(self.root, RUNTIME, bond, runtime.PATHS)
            try:
                found[bond] = record.read(regular_file.read(path).decode("ascii", "replace"))
            except OSError:
                continue
        return found

    def _with_leases(self, facts: Facts) -> Facts:
        known: dict[str, Sequence[Lease]] = {}
        for bond in build.bond_names(facts):
            clients = build.clients_of(facts, bond)
            read = _dhcpcd_leases if clients.get("dhcp4") == "dhcpcd" else _dhclient_leases
            path = (DHCPCD_LEASE if read is _dhcpcd_leases else self._leases(bond)).format(bond)
            try:
                known[bond] = tuple(read(os.path.join(self.root, path)))
            except FileNotFoundError:
                continue
            except OSError as error:
                shown = escape.printable(f"/{path}")
                text = f"{shown}: {error.strerror}; servers are not shown"
                remedy = "sudo wbond status" if isinstance(error, PermissionError) else ""
                facts = _with_fault(facts, Advice(text, remedy))
        return facts._replace(leases=known)

    def _leases(self, bond: str) -> str:
        """Return where dhclient has its leases: where they were written last, if in both places."""
        return max((LEASES, VOLATILE_LEASES), key=lambda path: self._written(path.format(bond)))

    def _written(self, path: str) -> float:
        try:
            return os.stat(os.path.join(self.root, path)).st_mtime
        except OSError:
            return 0.0


def _dhclient_leases(path: str) -> Iterator[Lease]:
    # Of its end: dhclient shortens it only at its start.
    return leases.parse(regular_file.read_end(path).decode("utf-8", "replace"))


def _dhcpcd_leases(path: str) -> Iterator[Lease]:
    """Yield the lease in a file of dhcpcd's, which is written when the lease is."""
    octets = regular_file.read(path)
    if not (address := dhcpcd_leases.address4(octets)):
        return
    options, begin = dhcpcd_leases.options4(octets), os.stat(path).st_mtime
    seconds, renew, server = (
        options.get(code, b"")
        for code in (dhcpcd_leases.LEASE_TIME, dhcpcd_leases.RENEW, dhcpcd_leases.SERVER)
    )
    lasts = int.from_bytes(seconds[:4], "big") if len(seconds) == 4 else 0
    until_renewal = int.from_bytes(renew, "big") if len(renew) == 4 else lasts // 2
    yield Lease(
        address,
        ".".join(map(str, server)) if len(server) == 4 else "",
        begin + until_renewal if until_renewal else None,
        begin + lasts if lasts else None,
        lasts,
    )


def _noted(links: Mapping[int, Link]) -> Noted:
    hardware = [link.name for link in links.values() if not link.kind]
    return {name: udev_database.properties(name) for name in hardware}


def left_out(noted: Noted) -> dict[str, str]:
    """Return why hardware is no port."""
    found = {name: properties.get("WBOND_LEFT_OUT") for name, properties in noted.items()}
    return {name: why for name, why in found.items() if why}


def authenticated(noted: Noted) -> frozenset[str]:
    """Return the cables whose unit authenticates them by 802.1X."""
    return frozenset(
        name
        for name, found in noted.items()
        if found.get("WBOND_ROLE") == "wired"
        and found.get("WBOND_UNIT")
        == units.port(found.get("WBOND_BOND", ""), units.SUPPLICANT, name)
    )


def _with_fault(facts: Facts, fault: Advice) -> Facts:
    return facts._replace(faults=(*facts.faults, fault))


def _units_unknown(error: CommandError) -> Advice:
    # An ordinary user asks by D-Bus, which a small system may lack.
    remedy = "sudo wbond status" if os.geteuid() else ""
    return Advice(f"the units could not be asked for: {error.message}", remedy)


def _speed(cable: Link) -> int | None:
    """Return the speed in Mb/s; the kernel says -1, or nothing, if the driver knows none."""
    text = sysfs.attribute(cable.name, "speed") if cable.has_carrier else ""
    return int(text) if text.isdecimal() and int(text) else None


def parse_units(text: str) -> Iterator[Unit]:
    """Yield the units of `systemctl show`: a block each, with an empty line between."""
    for block in text.split("\n\n"):
        lines = (line.partition("=") for line in block.splitlines())
        values = {PROPERTIES[name]: value for name, _, value in lines if name in PROPERTIES}
        if values.get("name"):
            yield Unit(
                **{key: values[key] for key in ("name", "load", "active", "sub") if key in values},
                result=values.get("result", ""),
                status=escape.printable(values.get("status", "")),
                reload_due=values.get("reload_due") == "yes",
                # A value with a blank is shown as [unprintable] (bus_print_property()).
                environment=_assignments(values.get("environment", "").split()),
            )


def _assignments(tokens: Iterable[str]) -> dict[str, str]:
    return {name: value for name, _, value in (token.partition("=") for token in tokens)}


def parse_association(text: str) -> Association | None:
    """Read `iw dev NAME link`; None for a radio that is not associated."""
    if not text.startswith("Connected to "):
        return None
    lines = (line.strip().partition(":") for line in text.splitlines()[1:])
    values = {name: value.removeprefix(" ") for name, _, value in lines}
    signal = _number(values.get("signal"))
    return Association(
        ssid=ssid(values.get("SSID", "")),
        signal=None if signal is None else round(signal),
        frequency=_number(values.get("freq")),
        rate=_number(values.get("tx bitrate")),
    )


def basic_rates(text: str) -> set[float]:
    """Return the basic rates (Mb/s) of the network in use, from `iw dev NAME scan dump`.

    None where it is not among what was found. A `*` marks them (print_supprates(), iw's scan.c).
    """
    blocks = re.split(r"^BSS ", text, flags=re.MULTILINE)
    used = next((block for block in blocks if "-- associated" in block.partition("\n")[0]), "")
    lines = re.findall(r"^\t(?:Extended s|S)upported rates:(.*)$", used, re.MULTILINE)
    found = re.findall(r"(\d+(?:\.\d+)?)\*", " ".join(lines))
    return {float(rate) for rate in found}


def _number(text: str | None) -> float | None:
    """Return the number with which the text begins: "-52 dBm", "866.7 MBit/s VHT-MCS 9"."""
    match = re.match(r"-?\d+(\.\d+)?", text or "")
    return float(match[0]) if match else None


def ssid(text: str) -> str:
    """Undo iw's \\xNN (print_ssid_escaped(), iw's scan.c); returns printable text.

    An SSID is any 32 bytes, mostly UTF-8.
    """
    octets = re.sub(
        rb"\\x([0-9a-f]{2})", lambda match: bytes.fromhex(match[1].decode()), os.fsencode(text)
    )
    return escape.printable(os.fsdecode(octets))
