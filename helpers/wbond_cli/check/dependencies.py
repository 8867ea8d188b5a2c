# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks: parts of wbond, programs and kernel modules that the machine lacks."""

import os
from collections.abc import Iterator
from typing import NamedTuple

from wbond import clients, plan, units
from wbond.message import ERROR, NOTE, WARNING

from wbond_cli.check.context import Context
from wbond_cli.check.diagnostics import Diagnostic
from wbond_cli.check.machine import Machine

RULES = "90-wbond.rules"
_RULES_FOLDERS = ("etc/udev", "run/udev", "usr/local/lib/udev", "usr/lib/udev", "lib/udev")
_GENERATOR = "wbond-generator"
_GENERATOR_FOLDERS = tuple(
    f"{base}/systemd/system-generators"
    for base in ("run", "etc", "usr/local/lib", "usr/lib", "lib")
)
TEMPLATES = (
    *(
        units.BOND,
        units.PORTS,
        units.WATCH,
        units.WAIT_ONLINE,
        units.PLUG,
        units.HOTPLUG,
        units.DNS,
    ),
    *(units.port_template(plan.FIRST_BOND, role) for role in units.ROLES),
    *clients.UNITS,
)


class Dependency(NamedTuple):
    """A program or Python module, the packages that have it, and what for."""

    name: str
    packages: tuple[str, str, str]  # Debian's, Arch's, Fedora's; empty where none is recommended
    purpose: str
    is_module: bool = False


_ALWAYS = (
    Dependency("ip", ("iproute2", "iproute2", "iproute"), "dhclient cannot set the address"),
    Dependency("udevadm", ("udev", "systemd", "systemd-udev"), "no device becomes a port"),
    Dependency(
        "modprobe", ("kmod", "kmod", "kmod"), "the bonding module is not loaded as it must be"
    ),
)
_RADIO = Dependency(
    "wpa_supplicant", ("wpasupplicant", "wpa_supplicant", "wpa_supplicant"), "no radio connects"
)
_CABLES = _RADIO._replace(purpose="no cable with 802.1X is authenticated")
_RATES = Dependency("iw", ("iw", "iw", "iw"), "radios are not asked to leave 802.11b's rates")
_BY_DHCP = {"dhcp4": "no address comes by DHCPv4", "dhcp6": "no address comes by DHCPv6"}
# By client, its packages in the same order. dhclient is gone from RHEL 10, dhcp6c was never there.
_CLIENTS = {
    "dhclient": ("isc-dhcp-client", "dhclient", ""),
    "dhcp6c": ("wide-dhcpv6-client", "wide-dhcpv6", ""),
    "dhcpcd": ("dhcpcd-base", "dhcpcd", "dhcpcd"),
}
_SEVERITY = {"dhcp4": ERROR, "dhcp6": NOTE}  # many networks have no DHCPv6
_SYSTEMD = Dependency(
    "systemd",
    ("python3-systemd", "python-systemd", "python3-systemd"),
    "wbond log and status show no events",
    True,
)
_PYUDEV = Dependency(
    "pyudev",
    ("python3-pyudev", "python-pyudev", "python3-pyudev"),
    "ports found by match_ options do not join",
    True,
)
_RICH = Dependency(
    "rich",
    ("python3-rich", "python-rich", "python3-rich"),
    "status and others show JSON at most",
    True,
)
# The network does without systemd's library and without rich.
_MODULES = ((_SYSTEMD, WARNING), (_PYUDEV, ERROR), (_RICH, WARNING))

# By what a distribution calls itself or is like: the command, and whose packages' names it has.
_DEBIAN, _ARCH, _FEDORA = range(3)
_INSTALL = {
    "arch": ("pacman -S", _ARCH),
    "debian": ("apt install", _DEBIAN),
    "ubuntu": ("apt install", _DEBIAN),
    "fedora": ("dnf install", _FEDORA),
}


def installation(context: Context) -> Iterator[Diagnostic]:
    """Parts of wbond itself."""
    machine = context.machine
    # Where there is no file of a client's, wbond-generator makes each bond's own.
    made = [unit for unit in clients.UNITS if not machine.unit_file(unit)]
    there = {unit: bool(machine.unit(unit)) for unit in TEMPLATES if unit not in made}
    there[_GENERATOR] = bool(_first(machine, _GENERATOR_FOLDERS, _GENERATOR))
    there[RULES] = bool(rules(machine))
    missing = [name for name, is_there in there.items() if not is_there]
    if missing:
        text = f"the installation of wbond is not complete: {', '.join(missing)} missing"
        if len(missing) == len(there):
            text = "wbond is not installed"
        remedy = "Install it: `sudo make install` in a checkout, or the package; a part may also "
        remedy += "be masked, by an empty file or a link to /dev/null."
        yield Diagnostic("not-installed", ERROR, text, remedy)


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


def programs(context: Context) -> Iterator[Diagnostic]:
    """Programs that the units call, and modules that the helpers import."""
    machine = context.machine
    for program, severity in _programs(context):
        if not machine.which(program.name):
            yield _missing(machine, program, severity)
    for module, severity in _MODULES:
        if not machine.has_python_module(module.name):
            yield _missing(machine, module, severity)


def _programs(context: Context) -> Iterator[tuple[Dependency, str]]:
    yield from ((program, ERROR) for program in _ALWAYS)
    if any(context.authenticated_cables()):
        yield _CABLES, ERROR
    if context.wants_radio():
        yield _RADIO, ERROR if context.has_radio() else NOTE
        yield _RATES, WARNING if context.has_radio() else NOTE
    for option, severity in _SEVERITY.items():
        for name in sorted({*_chosen(context, option)}):
            yield Dependency(name, _CLIENTS[name], _BY_DHCP[option]), severity


def _chosen(context: Context, option: str) -> Iterator[str]:
    """Yield the clients that serve a family of the bonds."""
    for bond in context.config.bonds:
        if client := context.clients(bond)[option].client:
            yield client.name


def missing_programs(context: Context) -> list[str]:
    """Name the programs that are needed and missing."""
    programs = (program.name for program, _ in _programs(context))
    return [name for name in programs if not context.machine.which(name)]


def module(machine: Machine, name: str) -> Diagnostic | None:
    """Return what is to be said of a Python module that is missing; None of one not needed."""
    known = next((module for module, _ in _MODULES if module.name == name), None)
    return _missing(machine, known, ERROR) if known else None


def _missing(machine: Machine, dependency: Dependency, severity: str) -> Diagnostic:
    code, what = "missing-program", "the program"
    if dependency.is_module:
        code, what = "missing-module", "the Python module"
    text = f"{what} {dependency.name} is not installed: {dependency.purpose}"
    return Diagnostic(code, severity, text, _install(machine, dependency))


def _install(machine: Machine, dependency: Dependency) -> str:
    words = machine.distribution()
    known = (how for name, how in _INSTALL.items() if name in words)
    command, names = next(known, ("", _DEBIAN))
    package = dependency.packages[names]
    otherwise = _otherwise(dependency, names)
    if not package:
        return f"Install{otherwise.removeprefix(', or')}."
    if not command:
        return f"Install the package that has it; Debian's is {package}{otherwise}."
    if names == _ARCH and dependency.name == "dhcp6c":
        return f"Install {package} from the AUR{otherwise}."
    return f"Install it: `sudo {command} {package}`{otherwise}."


def _otherwise(dependency: Dependency, names: int) -> str:
    """Return what else may be done than to install a client."""
    option = next((name for name, lack in _BY_DHCP.items() if lack == dependency.purpose), "")
    if not option:
        return ""
    say = f"say {option} = none in the bond's section"
    if dependency.name == "dhcpcd":
        return f", or {say}"
    return f", or {_CLIENTS['dhcpcd'][names]} with {option} = auto, or {say}"


def bonding_module(context: Context) -> Iterator[Diagnostic]:
    """The kernel's bonding driver."""
    machine = context.machine
    if machine.running and machine.exists("sys/module/bonding"):
        return
    if not any(_has_module(machine, release, "bonding") for release in machine.kernels()):
        which = " that runs" if machine.running else ""
        text = f"the kernel{which} has no bonding module: no bond is made"
        remedy = "Boot a kernel with CONFIG_BONDING, such as Debian's linux-image-amd64; "
        remedy += "after an update of the kernel, reboot."
        yield Diagnostic("no-bonding-module", ERROR, text, remedy)
    for name in machine.names("etc/modprobe.d"):
        lines = machine.read(f"etc/modprobe.d/{name}").splitlines()
        for number, line in enumerate(lines, 1):
            if name.endswith(".conf") and line.split()[:2] == ["install", "bonding"]:
                text = "a command is run in place of loading the bonding module"
                file = f"/etc/modprobe.d/{name}"
                yield Diagnostic(
                    "bonding-module-replaced", ERROR, text, "Remove the line.", file, number
                )


def _has_module(machine: Machine, release: str, name: str) -> bool:
    """Tell whether a kernel has a module, built in or as a file, compressed or not."""
    for index in ("modules.builtin", "modules.dep"):
        for line in machine.attribute(f"lib/modules/{release}/{index}").splitlines():
            if os.path.basename(line.partition(":")[0]).partition(".")[0] == name:
                return True
    return False


def machine_id(context: Context) -> Iterator[Diagnostic]:
    """The DUID and a stable MAC address are derived from the machine id."""
    derived = any(
        bond.settings.get("duid", "auto") == "auto" or bond.settings.get("mac") == "stable"
        for bond in context.config.bonds
    )
    octets = context.machine.read("etc/machine-id").strip()
    if derived and (len(octets) != 32 or set(octets) - set("0123456789abcdef")):
        text = "holds no machine id: no DHCP client starts with duid = auto"
        remedy = "Create one: `sudo systemd-machine-id-setup`."
        yield Diagnostic("no-machine-id", ERROR, text, remedy, "/etc/machine-id")
