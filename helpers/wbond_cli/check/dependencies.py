# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks: what wbond needs, its own parts included, and the machine lacks."""

import os
from collections.abc import Iterator
from typing import NamedTuple

from wbond import plan, units

from wbond_cli.check.context import Site
from wbond_cli.check.diagnostics import ERROR, NOTE, WARNING, Finding
from wbond_cli.check.machine import Machine

RULES = "90-wbond.rules"
_RULES_FOLDERS = ("etc/udev", "run/udev", "usr/local/lib/udev", "usr/lib/udev", "lib/udev")
_GENERATOR = "wbond-generator"
_GENERATOR_FOLDERS = tuple(
    f"{base}/systemd/system-generators"
    for base in ("run", "etc", "usr/local/lib", "usr/lib", "lib")
)
TEMPLATES = (
    *(units.BOND, units.PORTS, units.WATCH, units.WAIT_ONLINE, units.PLUG, units.HOTPLUG),
    *(units.port_template(plan.FIRST_BOND, kind) for kind in units.ROLES),
    *units.CLIENTS.values(),
)


class Need(NamedTuple):
    """A program or Python module, the package that has it on Debian and on Arch, and what for."""

    name: str
    debian: str
    arch: str
    purpose: str


_ALWAYS = (
    Need("ip", "iproute2", "iproute2", "no bond is made"),
    Need("udevadm", "udev", "systemd", "ports found by globs have no rank"),
    Need("modprobe", "kmod", "kmod", "the bonding module is not loaded as it is to be"),
)
_RADIO = Need("wpa_supplicant", "wpasupplicant", "wpa_supplicant", "no radio connects")
_RATES = Need("iw", "iw", "iw", "radios are not asked to leave 802.11b's rates")
_DHCLIENT = Need("dhclient", "isc-dhcp-client", "dhclient", "no address comes by DHCPv4")
_DHCP6C = Need("dhcp6c", "wide-dhcpv6-client", "wide-dhcpv6", "no address comes by DHCPv6")
_MODULES = (
    (Need("systemd", "python3-systemd", "python-systemd", "wbond-watch does not start"), ERROR),
    (Need("pyudev", "python3-pyudev", "python-pyudev", "ports found by globs do not join"), ERROR),
    # The network does without.
    (Need("rich", "python3-rich", "python-rich", "status and others show JSON at most"), WARNING),
)


def installation(site: Site) -> Iterator[Finding]:
    """Parts of wbond itself."""
    machine = site.machine
    # Where there is no file of a client's, wbond-generator makes each bond's own.
    made = [unit for unit in units.CLIENTS.values() if not machine.unit_file(unit)]
    there = {unit: bool(machine.unit(unit)) for unit in TEMPLATES if unit not in made}
    there[_GENERATOR] = bool(_first(machine, _GENERATOR_FOLDERS, _GENERATOR))
    there[RULES] = bool(rules(machine))
    lacking = [name for name, is_there in there.items() if not is_there]
    if lacking:
        parts = "" if len(lacking) == len(there) else f" as a whole; {', '.join(lacking)} lacking"
        text = f"wbond is not installed{parts}"
        remedy = "Install it: `sudo make install` in a checkout, or the package; a part may also "
        yield Finding(ERROR, text, remedy + "be masked, by an empty file or a link to /dev/null.")


def rules(machine: Machine) -> str:
    """Return where wbond's udev rules are, nothing where there are none."""
    return _first(machine, tuple(f"{folder}/rules.d" for folder in _RULES_FOLDERS), RULES)


def _first(machine: Machine, folders: tuple[str, ...], name: str) -> str:
    """Return the path by which a file is taken, nothing where it is absent or masked."""
    for folder in folders:
        path = f"{folder}/{name}"
        if os.path.lexists(os.path.join(machine.root, path)):
            return "" if machine.masks(path) else path
    return ""


def programs(site: Site) -> Iterator[Finding]:
    """Programs that the units call, and modules that the helpers import."""
    for need, severity in _needs(site):
        if not site.machine.which(need.name):
            yield _missing(site.machine, need, "the program", severity)
    for need, severity in _MODULES:
        if not site.machine.has_python_module(need.name):
            yield _missing(site.machine, need, "the Python module", severity)


def _needs(site: Site) -> Iterator[tuple[Need, str]]:
    yield from ((need, ERROR) for need in _ALWAYS)
    if site.wants_radio():
        yield _RADIO, ERROR if site.has_radio() else NOTE
        yield _RATES, WARNING if site.has_radio() else NOTE
    if site.wants("dhcp4"):
        yield _DHCLIENT, ERROR
    if site.wants("dhcp6"):
        yield _DHCP6C, ERROR


def missing_programs(site: Site) -> list[str]:
    """Name the programs that are wanted and not there."""
    return [need.name for need, _ in _needs(site) if not site.machine.which(need.name)]


def module(machine: Machine, name: str) -> Finding | None:
    """Return what is to be said of a Python module that is missing; None of one not needed."""
    needed = next((need for need, _ in _MODULES if need.name == name), None)
    return _missing(machine, needed, "the Python module", ERROR) if needed else None


def _missing(machine: Machine, need: Need, what: str, severity: str) -> Finding:
    text = f"{what} {need.name} is not installed: {need.purpose}"
    return Finding(severity, text, _install(machine, need))


def _install(machine: Machine, need: Need) -> str:
    words = machine.distribution()
    instead = {"dhclient": "dhcp4 = none", "dhcp6c": "dhcp6 = none"}.get(need.name)
    otherwise = f", or say {instead} in the bond's section" if instead else ""
    if "arch" in words:
        if need is _DHCP6C:
            return f"Install {need.arch} from the AUR{otherwise}."
        return f"Install it: `sudo pacman -S {need.arch}`{otherwise}."
    if "debian" in words or "ubuntu" in words:
        return f"Install it: `sudo apt install {need.debian}`{otherwise}."
    return f"Install the package that has it; Debian's is {need.debian}{otherwise}."


def bonding_module(site: Site) -> Iterator[Finding]:
    """The kernel's bonding driver."""
    machine = site.machine
    if machine.running and machine.exists("sys/module/bonding"):
        return
    if not any(_has_module(machine, release, "bonding") for release in machine.kernels()):
        which = " that runs" if machine.running else ""
        text = f"the kernel{which} has no bonding module: no bond is made"
        remedy = "Boot a kernel with CONFIG_BONDING, such as Debian's linux-image-amd64; "
        yield Finding(ERROR, text, remedy + "after an update of the kernel, reboot.")
    for name in machine.names("etc/modprobe.d"):
        lines = machine.read(f"etc/modprobe.d/{name}").splitlines()
        for number, line in enumerate(lines, 1):
            if name.endswith(".conf") and line.split()[:2] == ["install", "bonding"]:
                text = "a command is run in place of loading the bonding module"
                file = f"/etc/modprobe.d/{name}"
                yield Finding(ERROR, text, "Take the line out.", file, number)


def _has_module(machine: Machine, release: str, name: str) -> bool:
    """Tell whether a kernel has a module, built in or as a file, compressed or not."""
    for index in ("modules.builtin", "modules.dep"):
        for line in machine.attribute(f"lib/modules/{release}/{index}").splitlines():
            if os.path.basename(line.partition(":")[0]).partition(".")[0] == name:
                return True
    return False


def machine_id(site: Site) -> Iterator[Finding]:
    """The DUID and a stable MAC address are derived from the machine id."""
    derived = any(
        bond.settings.get("duid", "auto") == "auto" or bond.settings.get("mac") == "stable"
        for bond in site.wishes.bonds
    )
    text = site.machine.read("etc/machine-id").strip()
    if derived and (len(text) != 32 or set(text) - set("0123456789abcdef")):
        told = "holds no machine id: no DHCP client starts with duid = auto"
        remedy = "Make one: `sudo systemd-machine-id-setup`."
        yield Finding(ERROR, told, remedy, "/etc/machine-id")
