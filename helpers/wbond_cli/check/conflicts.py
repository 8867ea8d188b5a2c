# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks: other programs that use a bond's name or its ports."""

import os
from collections.abc import Iterator
from typing import NamedTuple

from wbond import clients, escape, plan, units
from wbond.message import ERROR, WARNING
from wbond_net.ports import ifupdown

from wbond_cli.check import dependencies, dhcpcd, hardware, netplan, on_the_bond
from wbond_cli.check.context import Context
from wbond_cli.check.diagnostics import Diagnostic
from wbond_cli.check.machine import Machine


def bonds_of_others(context: Context) -> Iterator[Diagnostic]:
    """Interfaces that have a bond's name and are not wbond's: wbond leaves them alone."""
    for bond in context.config.bonds:
        folder = f"{hardware.FOLDER}/{bond.name}"
        if not context.machine.exists(folder) or context.machine.exists(f"run/wbond/{bond.name}"):
            continue
        where = (bond.place.file, bond.place.line, bond.name)
        remedy = f"Stop what makes it; then `sudo ip link delete dev {bond.name}`."
        if not context.machine.exists(f"{folder}/bonding"):
            text = f"{bond.name} exists, and is not a bond"
            yield Diagnostic("name-taken", ERROR, text, remedy, *where)
        elif context.machine.attribute(f"{folder}/bonding/slaves"):
            text = f"{bond.name} exists, with ports that are not wbond's"
            yield Diagnostic("bond-of-others", ERROR, text, remedy, *where)


def ifupdown_stanzas(context: Context) -> Iterator[Diagnostic]:
    """Stanzas of /etc/network/interfaces for a port or a bond."""
    if not context.machine.which("ifup"):
        return
    root = context.machine.root
    for name, kind in sorted(context.interfaces().items()):
        static = on_the_bond.of_ifupdown(root, name) if kind == "bond" else {}
        for place in ifupdown.stanzas(name, root):
            file, _, line = place.rpartition(":")
            path = os.path.relpath(file, root)
            file = f"/{path}"
            if given := static.get(f"{path}:{line}"):
                yield on_the_bond.diagnostic("ifupdown", name, given, file, int(line))
                continue
            text = f"ifupdown configures {name} as well, and the two disturb each other"
            remedy = f"Remove {name} from that file."
            yield Diagnostic("ifupdown-configures", WARNING, text, remedy, file, int(line))


class Conflict(NamedTuple):
    """A unit that configures ports, `{}` standing for a port's name; and what to do about it."""

    unit: str
    does: str
    remedy: str = "Run `sudo systemctl disable '{unit}'`."


# Not wpa_supplicant.service: it waits on D-Bus to be asked, by NetworkManager for one.
_CONFLICTS = (
    Conflict("wpa_supplicant@{}.service", "runs wpa_supplicant for {}"),
    Conflict("wpa_supplicant-nl80211@{}.service", "runs wpa_supplicant for {}"),
    Conflict("wpa_supplicant-wired@{}.service", "runs wpa_supplicant for {}"),
    Conflict("netplan-wpa-{}.service", "runs wpa_supplicant for {}", netplan.REMEDY),
    Conflict("dhclient@{}.service", "starts dhclient for {}, as wbond-watch does for bonds"),
    Conflict("dhcp6c@{}.service", "starts dhcp6c for {}, as wbond-watch does for bonds"),
    Conflict("dhcpcd@{}.service", "runs dhcpcd for {}"),
    Conflict("netctl-auto@{}.service", "runs netctl for {}"),
    Conflict("netctl-ifplugd@{}.service", "runs netctl for {}"),
    Conflict("dhcpcd.service", "configures every interface"),
    Conflict("iwd.service", "takes every radio"),
    Conflict("connman.service", "configures every interface"),
    Conflict("wicked.service", "configures the interfaces that it knows"),
)


def conflicting_units(context: Context) -> Iterator[Diagnostic]:
    """Enabled units of other programs that do what wbond's units do."""
    enabled = sorted(set(context.machine.enabled()))
    names = sorted(context.interfaces())
    for conflict in _CONFLICTS:
        if conflict.unit == "iwd.service" and not context.wants_radio():
            continue
        for name in names if "{}" in conflict.unit else [""]:
            unit = conflict.unit.replace("{}", escape.unit_instance(name))
            if unit in enabled and not _denied(context, unit, names):
                text = f"{unit} is enabled: it {conflict.does.replace('{}', name)}"
                remedy = conflict.remedy.format(unit=unit, name=name)
                yield Diagnostic("conflicting-unit", WARNING, text, remedy)


# How to ask which package a file is of, by what a distribution calls itself or is like.
_OWNER = {
    "arch": "pacman -Qo",
    **dict.fromkeys(("debian", "ubuntu"), "dpkg -S"),
    **dict.fromkeys(("fedora", "suse"), "rpm -qf"),
}


def foreign_units(context: Context) -> Iterator[Diagnostic]:
    """Units that replace wbond's because they have the same names, such as those of the wiki.

    Those of DHCP clients do not: wbond-generator writes an instance for each bond.
    """
    names = {*dependencies.TEMPLATES} - {*clients.UNITS}
    for bond in context.config.bonds:
        names |= {units.port_template(bond.name, role) for role in units.ROLES}
    for name in sorted(names):
        path = context.machine.unit(name)
        if path and plan.OWN_MARK not in context.machine.read(path):
            text = f"a unit that is not wbond's replaces {name}"
            remedy = _removal(context.machine, path)
            yield Diagnostic("foreign-unit", WARNING, text, remedy, f"/{path}")


def _removal(machine: Machine, path: str) -> str:
    """Return how to remove a unit: what a package may own is not removed by hand."""
    if not path.startswith(("usr/lib/", "lib/")):
        return f"Remove it: `sudo rm /{path}`. To change wbond's, `systemctl edit` it."
    known = [asks for name, asks in _OWNER.items() if name in machine.distribution()]
    asked = f"`{known[0]} /{path}`" if known else "The package manager"
    remedy = f"{asked} tells the package that has it: remove that one, or put wbond's unit "
    return remedy + f"into /etc/systemd/system, which goes before /{os.path.dirname(path)}."


def _denied(context: Context, unit: str, names: list[str]) -> bool:
    """Tell whether dhcpcd has to leave all these interfaces alone (dhcpcd.conf(5))."""
    if unit != "dhcpcd.service":
        return False
    text = context.machine.read("etc/dhcpcd.conf")
    return all(dhcpcd.leaves(text, name) for name in names)


def wide_dhcpv6(context: Context) -> Iterator[Diagnostic]:
    """Debian's init script for dhcp6c: a second client would take the first one's answers.

    With dhcp6 = none it may serve the bond, and no port.
    """
    machine, file = context.machine, "etc/default/wide-dhcpv6-client"
    levels = [name for level in "2345" for name in machine.names(f"etc/rc{level}.d")]
    started = any(name[:1] == "S" and name.endswith("wide-dhcpv6-client") for name in levels)
    if not started or os.path.lexists(
        os.path.join(machine.root, "etc/systemd/system/wide-dhcpv6-client.service")
    ):
        return
    for number, line in enumerate(machine.read(file).splitlines(), 1):
        name, _, value = line.strip().partition("=")
        started_on = value.strip("\"' ").split() if name == "INTERFACES" else []
        ports = [name for name in started_on if context.interfaces().get(name, "bond") != "bond"]
        if started_on and (context.wants("dhcp6") or ports):
            which = "a second dhcp6c" if context.wants("dhcp6") else "dhcp6c on a port"
            text = f"an init script starts {which}, on {' '.join(started_on)}"
            remedy = 'Write INTERFACES="", or `sudo systemctl disable wide-dhcpv6-client`.'
            yield Diagnostic("second-dhcp6c", WARNING, text, remedy, f"/{file}", number)
