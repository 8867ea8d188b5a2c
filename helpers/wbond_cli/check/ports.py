# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks: ports and radios, and the files that wpa_supplicant and the DHCP clients read."""

import os
from collections.abc import Iterator

from wbond import clients, units
from wbond.config import Bond, Port
from wbond.message import ERROR, NOTE, WARNING
from wbond_net.clients import dhcp6c
from wbond_udev import match
from wbond_udev.match import WIRED, WIRELESS

from wbond_cli.check import hardware, supplicant
from wbond_cli.check.context import Context
from wbond_cli.check.diagnostics import Diagnostic
from wbond_cli.check.machine import Machine

# The units' defaults (units/*.service); a test compares them.
SUPPLICANT_CONF = "/etc/wpa_supplicant/wpa_supplicant.conf"


def absent_ports(context: Context) -> Iterator[Diagnostic]:
    """Ports that are named and not present; bonds without any present port."""
    there = {adapter.facts.name for adapter in context.adapters}
    there |= set(context.machine.names(hardware.FOLDER))
    if not there:
        return  # a machine that does not run shows no hardware
    for bond in context.config.bonds:
        for kind in (WIRED, WIRELESS):
            yield from _absent(context, bond, kind, there)
    owners = {bond.name for _, (bond, _) in context.places()}
    owners |= {bond.name for bond, port in context.ports() if port.literal and port.name in there}
    for bond in context.config.bonds:
        if bond.name not in owners:
            text = f"no port of {bond.name} is present: it has no link and no address"
            remedy = f"{_others(context, WIRED)} {_others(context, WIRELESS)}"
            where = (bond.place.file, bond.place.line, bond.name)
            yield Diagnostic("no-port-present", WARNING, text, remedy, *where)


def _absent(context: Context, bond: Bond, kind: str, there: set[str]) -> Iterator[Diagnostic]:
    named = [port for port in bond.ports if port.literal and port.kind == kind]
    absent = [port for port in named if port.name not in there]
    if absent:
        text = f"not present now: {', '.join(port.name for port in absent)}"
        remedy = f"It joins when it is plugged in. {_others(context, kind)}"
        where = (*_where(absent[0]), bond.name, kind)
        yield Diagnostic("absent-port", NOTE, text, remedy, *where)


def unmatched_ports(context: Context) -> Iterator[Diagnostic]:
    """Ports that are searched for by a section's match_ options and not found."""
    if not context.machine.names(hardware.FOLDER):
        return  # a machine that does not run shows no hardware
    fitting = [
        port
        for adapter in context.adapters
        for _, port in match.candidates(context.config, adapter.facts)
    ]
    for bond, port in context.ports():
        if port.matches and port not in fitting:
            text = "matches no device that is present now"
            remedy = f"It joins when one is plugged in. {_others(context, port.kind)} "
            remedy += "`udevadm info /sys/class/net/NAME` tells what there is to match."
            where = (*_where(port), f"{bond.name}/{port.name}")
            yield Diagnostic("unmatched-port", NOTE, text, remedy, *where)


def _where(port: Port) -> tuple[str, int]:
    return port.place.file, port.place.line


def _others(context: Context, kind: str) -> str:
    names = [adapter.facts.name for adapter in context.adapters if adapter.facts.kind == kind]
    what = "Cables" if kind == WIRED else "Radios"
    return f"{what} that are present: {', '.join(names) or 'none'}."


def wrong_kinds(context: Context) -> Iterator[Diagnostic]:
    """A radio listed in `wired` has no wpa_supplicant; a cable in `wireless` does not need one."""
    for adapter, (bond, port) in context.places():
        if adapter.facts.kind != port.kind:
            is_, listed = ("a radio", WIRED) if port.kind == WIRED else ("a cable", WIRELESS)
            text = f"{port.name} is {is_}, and is listed in {listed}"
            remedy = f"Move it to {adapter.facts.kind}."
            where = (*_where(port), bond.name, port.kind)
            yield Diagnostic("wrong-kind", ERROR, text, remedy, *where)


def left_out(context: Context) -> Iterator[Diagnostic]:
    """What a glob would take, and is no port."""
    for adapter in context.adapters:
        if found := match.left_out(context.config, adapter.facts):
            bond, reason = found
            text = f"{adapter.facts.name} is left out of {bond.name}: {reason}"
            remedy = "To have it all the same, name it in `wired`, or describe it in a section."
            if bond.excludes(adapter.facts.name):
                remedy = "Take it out there to have it."
            yield Diagnostic("left-out", NOTE, text, remedy)


def blocked_radios(context: Context) -> Iterator[Diagnostic]:
    """A radio that rfkill blocks joins later, by itself."""
    for adapter, _ in context.places():
        if adapter.blocked:
            text = f"{adapter.facts.name} is blocked by rfkill ({adapter.blocked})"
            how = "by its switch" if adapter.blocked == "hard" else "`rfkill unblock wifi`"
            yield Diagnostic("blocked-radio", NOTE, text, f"It joins when it is unblocked: {how}.")


def old_radios(context: Context) -> Iterator[Diagnostic]:
    """A radio whose driver has wireless extensions alone needs wpa_supplicant's old driver."""
    for adapter, (bond, port) in context.places():
        drivers = port.settings.get("supplicant_driver", bond.settings.get("supplicant_driver", ""))
        if adapter.old_radio and port.kind == WIRELESS and "wext" not in drivers.split(","):
            text = f"{adapter.facts.name} cannot connect: its driver knows no nl80211"
            remedy = "Write `supplicant_driver = nl80211,wext`."
            where = (*_where(port), bond.name)
            yield Diagnostic("radio-without-nl80211", ERROR, text, remedy, *where)


def supplicant_files(context: Context) -> Iterator[Diagnostic]:
    """wpa_supplicant's configuration: there for every port that reads one, and secret."""
    for path, readers in _supplicant_files(context).items():
        try:
            status = context.machine.status(path)
        except PermissionError:
            text = "cannot be read by this user"
            yield Diagnostic("hidden-supplicant-file", NOTE, text, "Run `sudo wbond check`.", path)
            continue
        if status is None:
            known = any(readers)
            who = ", ".join(filter(None, readers)) or "what is plugged in"
            text = f"does not exist: {who} {'does' if known else 'would'} not connect"
            remedy = "Have it written: `sudo wbond init --ssid SSID`, with the network's name."
            if WIRELESS not in readers.values():
                remedy = "Write it as the page 802.1x.md of the documentation shows."
            severity = ERROR if known else NOTE
            yield Diagnostic("missing-supplicant-file", severity, text, remedy, path)
        else:
            yield from _supplicant_file(context.machine, path, status)


def _supplicant_files(context: Context) -> dict[str, dict[str, str]]:
    """Return the files that will be read, each with the ports that read it, and their kinds.

    A name is "" for any other port.
    """
    found: dict[str, dict[str, str]] = {}

    def add(bond: Bond, port: Port, name: str) -> None:
        path = supplicant_file(context.machine, bond, port, name)
        found.setdefault(path, {})[name] = port.kind

    for adapter, (bond, port) in context.places():
        if port.role == units.SUPPLICANT:
            add(bond, port, adapter.facts.name)
    for bond, port in context.ports():
        if port.role == units.SUPPLICANT:
            add(bond, port, port.name if port.literal else "")
    return found


def supplicant_file(machine: Machine, bond: Bond, port: Port, name: str) -> str:
    """Return the file that wpa_supplicant reads for a port (wbond_net.ports.port)."""
    shared = bond.settings.get("supplicant_conf", SUPPLICANT_CONF)
    shared = port.settings.get("supplicant_conf", shared)
    own = os.path.join(os.path.dirname(shared), f"wpa_supplicant-{name}.conf")
    try:
        return own if name and machine.status(own) else shared
    except PermissionError:
        return shared


def _supplicant_file(machine: Machine, path: str, status: os.stat_result) -> Iterator[Diagnostic]:
    if not os.path.isfile(machine.real(path)):
        remedy = "Name a file by supplicant_conf, or put one in this place."
        text = "is not a file that wpa_supplicant can read"
        yield Diagnostic("unusable-supplicant-file", ERROR, text, remedy, path)
        return
    if status.st_mode & 0o004:
        text = "can be read by every user, with the passwords in it"
        remedy = f"Run `sudo chmod 0600 {path}`."
        yield Diagnostic("readable-passwords", WARNING, text, remedy, path)
    text = machine.read(path, "surrogateescape")
    if not text and not os.access(machine.real(path), os.R_OK):
        return  # an ordinary user may not read it, as is right
    if not _networks(text):
        reason = "has no network={ } block: nothing connects"
        remedy = "Add the network's name and password, see wpa_supplicant.conf(5)."
        yield Diagnostic("no-network", ERROR, reason, remedy, path)
    yield from supplicant.diagnostics(path, text)


def _networks(text: str) -> bool:
    starts = ("network={", "cred={", "ext_password_backend=")
    lines = ("".join(line.split()) for line in text.splitlines())
    return any(line.startswith(starts) for line in lines)


def client_files(context: Context) -> Iterator[Diagnostic]:
    """The DHCP clients' own configuration, where one is named; and Debian's for dhcp6c."""
    for bond in context.config.bonds:
        for client, _ in clients.serving(context.clients(bond)):
            option = f"{client.name}_conf"
            path = bond.settings.get(option, "")
            if path and not context.machine.exists(path):
                text = f"{path} does not exist: {bond.name}'s client works with defaults"
                remedy = f"Create the file, or remove {option}."
                where = (bond.place.file, 0, bond.name, option)
                yield Diagnostic("missing-client-file", WARNING, text, remedy, *where)
    for path, is_default in sorted(_dhcp6c_files(context)):
        text = context.machine.read(path)
        words = _without_comments(text).replace(";", " ; ").split()
        if "information-only" in words and not (is_default and dhcp6c.is_stock(text)):
            said = "asks for information only: no address comes by DHCPv6, others by SLAAC"
            remedy = "Write `send ia-na 1;` in its place and `id-assoc na 1 { };` at the end, "
            remedy += "or say dhcp6 = none."
            yield Diagnostic("information-only", NOTE, said, remedy, path)


def client_files_without_effect(context: Context) -> Iterator[Diagnostic]:
    """The configuration of a client that is not the one that serves its family."""
    for bond in context.config.bonds:
        choices = context.clients(bond)
        for client in clients.TABLE:
            option, (family, *_) = f"{client.name}_conf", client.options
            if option in bond.settings and choices[family].client is not client:
                serving, setting = choices[family].client, bond.settings.get(family, "auto")
                who = f"{serving.name if serving else 'no client'} serves IPv{family[-1]}"
                text = f"has no effect: {who} ({family} = {setting})"
                remedy = f"Remove it, or say {family} = {client.name}."
                where = (bond.place.file, 0, bond.name, option)
                yield Diagnostic("client-file-without-effect", WARNING, text, remedy, *where)


def _dhcp6c_files(context: Context) -> set[tuple[str, bool]]:
    """Return what dhcp6c reads, and whether nobody has named it."""
    return {
        (bond.settings.get("dhcp6c_conf", dhcp6c.CONF), "dhcp6c_conf" not in bond.settings)
        for bond in context.config.bonds
        if (client := context.clients(bond)["dhcp6"].client) and client.name == "dhcp6c"
    }


def _without_comments(text: str) -> str:
    return "\n".join(line.partition("#")[0] for line in text.splitlines())
