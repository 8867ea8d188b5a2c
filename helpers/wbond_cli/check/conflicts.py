# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks: other programs that use a bond's name or its ports."""

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from wbond import escape, plan, units
from wbond.messages import ERROR, WARNING
from wbond_net.ports import ifupdown
from wbond_udev.match import WIRED, WIRELESS, Facts

from wbond_cli.check import dependencies, hardware, keyfiles, netplan
from wbond_cli.check.context import Context
from wbond_cli.check.diagnostics import Diagnostic
from wbond_cli.check.machine import Machine

_NETWORKD_ASKS_UDEV = 254  # heeds ID_NET_MANAGED_BY (systemd's NEWS)


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
    for name in sorted(context.interfaces()):
        for place in ifupdown.stanzas(name, context.machine.root):
            file, _, line = place.rpartition(":")
            file = f"/{os.path.relpath(file, context.machine.root)}"
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
_OWNER = {"arch": "pacman -Qo", "debian": "dpkg -S", "ubuntu": "dpkg -S", "fedora": "rpm -qf"}


def foreign_units(context: Context) -> Iterator[Diagnostic]:
    """Units that replace wbond's because they have the same names, such as those of the wiki.

    Those of DHCP clients do not: wbond-generator writes an instance for each bond.
    """
    names = {*dependencies.TEMPLATES} - {*units.CLIENTS.values()}
    for bond in context.config.bonds:
        names |= {units.port_template(bond.name, kind) for kind in units.ROLES}
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
    denied: list[str] = []
    for line in context.machine.read("etc/dhcpcd.conf").splitlines():
        word, *globs = line.split() or [""]
        if word == "denyinterfaces":
            denied += globs
    return all(any(fnmatchcase(name, glob) for glob in denied) for name in names)


def wide_dhcpv6(context: Context) -> Iterator[Diagnostic]:
    """Debian's init script for dhcp6c: a second client would take the first one's answers."""
    machine, file = context.machine, "etc/default/wide-dhcpv6-client"
    levels = [name for level in "2345" for name in machine.names(f"etc/rc{level}.d")]
    started = any(name[:1] == "S" and name.endswith("wide-dhcpv6-client") for name in levels)
    if not started or os.path.lexists(
        os.path.join(machine.root, "etc/systemd/system/wide-dhcpv6-client.service")
    ):
        return
    for number, line in enumerate(machine.read(file).splitlines(), 1):
        name, _, value = line.strip().partition("=")
        if name == "INTERFACES" and value.strip("\"' "):
            text = f"an init script starts a second dhcp6c, on {value.strip(chr(34))}"
            remedy = 'Write INTERFACES="", or `sudo systemctl disable wide-dhcpv6-client`.'
            yield Diagnostic("second-dhcp6c", WARNING, text, remedy, f"/{file}", number)


def networkd(context: Context) -> Iterator[Diagnostic]:
    """systemd-networkd must not create the bond; before 254 its files must not match a port."""
    if "systemd-networkd.service" not in context.machine.enabled():
        return
    for path, sections in _files_of_networkd(context.machine, ".netdev"):
        name = sections.get("NetDev", {}).get("Name", [""])[-1]
        if name in (bond.name for bond in context.config.bonds):
            text = f"systemd-networkd creates {name} itself, by this file"
            remedy = netplan.remedy(path, name, f"Remove the file: wbond creates {name}.")
            yield Diagnostic("networkd-creates-bond", ERROR, text, remedy, path)
    version = context.machine.systemd_version()
    if version >= _NETWORKD_ASKS_UDEV and dependencies.rules(context.machine):
        return
    takes: dict[str, list[str]] = {}
    for facts in context.facts():
        if path := _file_of_networkd(context.machine, facts):
            takes.setdefault(path, []).append(facts.name)
    for path, names in takes.items():
        listed = ", ".join(names)
        text = f"systemd-networkd {version or ''}".strip()
        text += f" configures {listed} as well, by this file"
        remedy = "Exclude them in its [Match], or have a file that sorts before it match them, "
        remedy += "with Unmanaged=yes in its [Link]."
        remedy = netplan.remedy(path, listed, remedy)
        yield Diagnostic("networkd-configures", WARNING, text, remedy, path)


def _file_of_networkd(machine: Machine, facts: Facts) -> str:
    """Return the file by which networkd manages an interface; nothing where it does not."""
    for path, sections in _files_of_networkd(machine, ".network"):
        if _matches(sections.get("Match", {}), facts):
            unmanaged = sections.get("Link", {}).get("Unmanaged", ["no"])[-1].lower()
            return "" if unmanaged in keyfiles.TRUE else path
    return ""


def _files_of_networkd(machine: Machine, suffix: str) -> Iterator[tuple[str, keyfiles.Sections]]:
    """Yield the files in the order in which networkd reads them (systemd.network(5))."""
    found: dict[str, str] = {}
    for base in ("etc", "run", "usr/local/lib", "usr/lib"):
        for name in machine.names(f"{base}/systemd/network"):
            if name.endswith(suffix):
                found.setdefault(name, f"{base}/systemd/network/{name}")
    for name in sorted(found):
        yield f"/{found[name]}", keyfiles.sections(machine.read(found[name]))


# What hardware that may be a port is in networkd's terms; other keys are held to be true.
_TYPES = {WIRED: "ether", WIRELESS: "wlan", "bond": "bond"}


def _matches(conditions: dict[str, list[str]], facts: Facts) -> bool:
    """Tell whether a [Match] section may be meant for an interface; an empty one is not."""
    known = {
        "Name": facts.name,
        "Type": _TYPES.get(facts.kind, ""),
        "Kind": facts.kind if facts.kind == "bond" else "",
        "Driver": facts.driver or None,
        "Path": facts.path or None,
        "WLANInterfaceType": "station" if facts.kind == WIRELESS else "",
    }
    return bool(conditions) and all(
        known[key] is None or _fits(values, str(known[key]))
        for key, values in conditions.items()
        if key in known
    )


def _fits(values: list[str], text: str) -> bool:
    """Tell whether a list of globs takes a text; a `!` in front inverts the list."""
    globs = " ".join(values).split()
    if globs and globs[0][0] == "!":
        return not _fits([globs[0][1:], *globs[1:]], text)
    # What an interface does not have fits no glob, not even *.
    return bool(text) and any(fnmatchcase(text, glob) for glob in globs)
