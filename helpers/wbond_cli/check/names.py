# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks: whether names can be published, and who else writes /etc/resolv.conf."""

import array
import fcntl
import os
from collections.abc import Iterator

from wbond.config import Bond
from wbond.message import ERROR, NOTE, WARNING
from wbond_net.names import publisher
from wbond_net.names.publisher import FILE, RESOLVCONF, RESOLVED

from wbond_cli.check import networkmanager
from wbond_cli.check.context import Context
from wbond_cli.check.diagnostics import Diagnostic
from wbond_cli.check.machine import Machine

_PATH = "etc/resolv.conf"
_OF_RESOLVCONF = "run/resolvconf/"
# FS_IOC_GETFLAGS and FS_IMMUTABLE_FL, linux/fs.h; ioctl_iflags(2).
_GETFLAGS, _IMMUTABLE = 0x80086601, 0x10


def sinks(context: Context) -> Iterator[Diagnostic]:
    """Bonds whose names go to a program that is not there, or that nobody asks."""
    machine = context.machine
    for bond in context.config.bonds:
        setting = bond.settings.get("dns", "auto")
        where = (bond.place.file, bond.place.line, bond.name, "dns" if setting != "auto" else "")
        if _sink(machine, bond) == RESOLVED and not machine.which("resolvectl"):
            text = "systemd-resolved is to take the names, and is not installed"
            remedy = "Install it (Debian: systemd-resolved), or set `dns` to another value."
            yield Diagnostic("names-not-taken", ERROR, text, remedy, *where)
        if setting == RESOLVCONF and not _has_resolvconf(machine):
            text = "resolvconf is to take the names, and is not installed"
            remedy = "Install openresolv, or write dns = auto."
            yield Diagnostic("names-not-taken", ERROR, text, remedy, *where)
        if _sink(machine, bond) == RESOLVCONF and _is_passed_over(machine):
            text = "resolvconf takes the names, and /etc/resolv.conf is not its link: nobody asks"
            remedy = "Run `sudo ln -sf ../run/resolvconf/resolv.conf /etc/resolv.conf`, or write "
            remedy += "dns = file."
            yield Diagnostic("names-not-asked", WARNING, text, remedy, *where[:3])


def resolv_conf(context: Context) -> Iterator[Diagnostic]:
    """What keeps wbond from writing /etc/resolv.conf, where it is to."""
    machine = context.machine
    if not any(_sink(machine, bond) == FILE for bond in context.config.bonds):
        return
    file = f"/{_PATH}"
    target = _target(machine)
    if target and not machine.exists(_PATH) and (machine.running or not _is_volatile(target)):
        text = f"is a link to {target}, which is not there: no name resolves"
        remedy = "Start what the link belongs to, or remove the link: `sudo rm /etc/resolv.conf`."
        yield Diagnostic("resolv-conf-leads-nowhere", WARNING, text, remedy, file)
    elif target:
        text = f"is a link to {target}, which wbond leaves alone: it publishes no names"
        remedy = "Set `dns` to what the link belongs to, or put a file in its place."
        yield Diagnostic("resolv-conf-of-another", WARNING, text, remedy, file)
    elif _is_immutable(machine):
        text = "is immutable: wbond cannot publish names there"
        remedy = "Run `sudo chattr -i /etc/resolv.conf`, or write dns = none to keep it so."
        yield Diagnostic("resolv-conf-immutable", WARNING, text, remedy, file)


def rivals(context: Context) -> Iterator[Diagnostic]:
    """Other programs that write /etc/resolv.conf, or are told names that nobody asks for."""
    machine = context.machine
    wanted = {_sink(machine, bond) for bond in context.config.bonds}
    of_resolved = f"/{_leads_to(machine)}".startswith(publisher.OF_RESOLVED)
    if of_resolved and _has_resolvconf(machine):
        text = "resolvconf is installed, and /etc/resolv.conf is systemd-resolved's: nobody asks "
        text += "for what other programs tell resolvconf"
        remedy = "Remove resolvconf or openresolv."
        yield Diagnostic("resolvconf-beside-resolved", NOTE, text, remedy)
    is_file = FILE in wanted and machine.exists(_PATH) and not _target(machine)
    if is_file and (given := networkmanager.writes_resolv_conf(machine)):
        text = "NetworkManager writes /etc/resolv.conf as well, without the bond's servers"
        remedy = "Write `dns=none` into its section [main] (Debian: in a file in "
        remedy += "/etc/NetworkManager/conf.d), or use systemd-resolved for both."
        yield Diagnostic("networkmanager-writes-names", WARNING, text, remedy, *given)


def _sink(machine: Machine, bond: Bond) -> str:
    """Return where a bond's names go."""
    setting = bond.settings.get("dns", "auto")
    return publisher.decide(setting, f"/{_leads_to(machine)}", lambda: _has_resolvconf(machine))


def _has_resolvconf(machine: Machine) -> bool:
    path = machine.which("resolvconf")
    return bool(path) and os.path.basename(machine.real(path)) != "resolvectl"


def _is_passed_over(machine: Machine) -> bool:
    """Tell whether resolvconf is Debian's and resolv.conf another; openresolv writes the file."""
    is_debian_s = machine.exists("etc/resolvconf/update.d")
    return is_debian_s and not _leads_to(machine).startswith(_OF_RESOLVCONF)


def _target(machine: Machine) -> str:
    """Return what resolv.conf is a link to; nothing where it is none."""
    path = os.path.join(machine.root, _PATH)
    return os.readlink(path) if os.path.islink(path) else ""


def _leads_to(machine: Machine) -> str:
    """Return the path that resolv.conf leads to, relative to the root."""
    target = _target(machine)
    return os.path.normpath(os.path.join("/etc", target)).lstrip("/") if target else ""


def _is_volatile(target: str) -> bool:
    return os.path.normpath(os.path.join("/etc", target)).startswith(("/run/", "/var/run/"))


def _is_immutable(machine: Machine) -> bool:
    flags = array.array("L", [0])
    try:
        descriptor = os.open(machine.real(_PATH), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.ioctl(descriptor, _GETFLAGS, flags)
    except OSError:
        return False  # the file system knows no flags
    finally:
        os.close(descriptor)
    return bool(flags[0] & _IMMUTABLE)
