# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a report gathers: files and the output of programs, each for itself."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from wbond import ini, units
from wbond.config import Config
from wbond.version import VERSION
from wbond_net import regular_file
from wbond_net.deployed import snapshot, unit_tree

from wbond_cli.check.machine import Machine
from wbond_cli.check.ports import SUPPLICANT_CONF
from wbond_cli.command import CommandError, Run
from wbond_cli.report import configurations
from wbond_cli.report.configurations import Reader

TIMEOUT = 30.0  # seconds for a program
LONGEST = 1 << 19  # bytes of a section; of the journal the last ones
ENTRIES, FORMER_ENTRIES = 3000, 1000  # of the journal, of this boot and of the one before
_DEVICES_MAX = 64  # containers have many
# Folders of other programs' configurations, each with the ends of the names there.
_FOLDERS = (
    ("etc/network", ("interfaces",)),
    ("etc/network/interfaces.d", ("",)),
    ("etc/systemd/network", (".network", ".netdev", ".link", ".conf")),
    ("run/systemd/network", (".network", ".netdev", ".link", ".conf")),
    ("etc/netplan", (".yaml",)),
    ("etc/NetworkManager", ("NetworkManager.conf",)),
    ("etc/NetworkManager/conf.d", (".conf",)),
    ("run/NetworkManager/conf.d", (".conf",)),
    ("etc/systemd", ("resolved.conf", "networkd.conf")),
    ("etc/systemd/resolved.conf.d", (".conf",)),
)
_CLIENT_FILES = ("etc/dhcp/dhclient.conf", "etc/wide-dhcpv6/dhcp6c.conf", "etc/dhcpcd.conf")
_SUPPLICANT_FOLDER = "etc/wpa_supplicant"
_KEYFILES = tuple(f"{top}/NetworkManager/system-connections" for top in ("etc", "run", "usr/lib"))
_VERSIONS: tuple[tuple[str, ...], ...] = (
    ("systemctl", "--version"),
    ("wpa_supplicant", "-v"),
    ("dhclient", "--version"),
    ("dhcpcd", "--version"),
    ("ip", "-V"),
    ("iw", "--version"),
)
# dhcp6c does not tell its version; packages have patches as well.
_PACKAGES: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("dpkg-query", "--show", "--showformat=${binary:Package} ${Version} ${Status}\\n"),
        "wbond isc-dhcp-client wide-dhcpv6-client dhcpcd-base wpasupplicant iproute2 iw rfkill "
        "systemd udev resolvconf openresolv network-manager python3 python3-rich python3-pyudev",
    ),
    (
        ("rpm", "-q"),
        "wbond dhcp-client dhcpcd wpa_supplicant iproute iw systemd NetworkManager python3 "
        "python3-rich python3-pyudev",
    ),
    (
        ("pacman", "-Q"),
        "wbond dhclient wide-dhcpv6 dhcpcd wpa_supplicant iproute2 iw systemd networkmanager "
        "python python-rich python-pyudev",
    ),
)


class Section(NamedTuple):
    """A title, what gathers the text (it may raise OSError or CommandError), and what makes the
    text fit to be shown. `from_end`: of a long text, the end counts.
    """

    title: str
    gather: Callable[[], str]
    reader: Reader = configurations.output
    from_end: bool = False


def sections(machine: Machine, run: Run, config: Config) -> Iterator[Section]:
    """Yield all sections, the most telling first; `run` is `command.run`, or stands for it."""
    yield Section("Versions", lambda: _versions(machine, run))
    yield _own(run, "check")
    yield _own(run, "status", "--json")
    yield from _configuration(machine, config)
    yield from _units(machine, run, config)
    yield from _kernel(machine, run)
    yield from _state(machine)
    yield from _journal(run, config, machine)


def _program(run: Run, *argv: str, reader: Reader = configurations.output) -> Section:
    return Section(" ".join(argv), lambda: run(*argv, timeout=TIMEOUT), reader)


def _file(machine: Machine, path: str, reader: Reader) -> Section:
    def gather() -> str:
        octets = regular_file.read(machine.real(path))
        return octets.decode("utf-8", "surrogateescape")

    return Section(f"/{path.lstrip('/')}", gather, reader)


def _own(run: Run, *arguments: str) -> Section:
    """Return what a verb prints; its exit status is an answer, no failure."""
    script = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../wbond"))

    def gather() -> str:
        try:
            return str(run(sys.executable, "-I", script, *arguments, timeout=TIMEOUT))
        except CommandError as error:
            if not error.stdout:
                raise
            return error.stdout + error.stderr

    return Section(" ".join(("wbond", *arguments)), gather)


def _versions(machine: Machine, run: Run) -> str:
    lines = [f"wbond {VERSION}", " ".join(os.uname()[at] for at in (0, 2, 3, 4))]
    lines += [f"Python {sys.version}", f"made {time.strftime('%Y-%m-%d %H:%M:%S %z')}"]
    lines += ["by root" if os.geteuid() == 0 else "not by root: some files cannot be read"]
    release = machine.read("etc/os-release") or machine.read("usr/lib/os-release")
    lines += [line for line in release.splitlines() if "VERSION" in line or "NAME" in line]
    for argv in _VERSIONS:
        lines += _first_lines(run, argv, 1)
    for argv, names in _PACKAGES:
        if machine.which(argv[0]):
            lines += _first_lines(run, (*argv, *names.split()), 40)
            break
    return "\n".join(lines) + "\n"


def _first_lines(run: Run, argv: tuple[str, ...], count: int) -> list[str]:
    """Return the first lines that a program prints, or why it does not."""
    try:
        text = str(run(*argv, timeout=TIMEOUT, with_errors=True))
    except CommandError as error:
        text = error.stdout or error.message
    return text.strip().splitlines()[:count]


def _configuration(machine: Machine, config: Config) -> Iterator[Section]:
    """Yield files that people write: wbond's, wpa_supplicant's, and those of others."""
    for name in ini.files(machine.root):
        yield _file(machine, name, configurations.wbond)
    for name in supplicant_files(machine, config):
        yield _file(machine, name, configurations.supplicant)
    for name in _named(config, "dhclient_conf", "dhcp6c_conf", _CLIENT_FILES):
        if machine.exists(name):
            yield _file(machine, name, configurations.plain)
    for name in keyfiles(machine):
        yield _file(machine, name, configurations.keyfile)
    for folder, ends in _FOLDERS:
        for name in machine.names(folder):
            if name.endswith(ends) and os.path.isfile(machine.real(f"{folder}/{name}")):
                yield _file(machine, f"{folder}/{name}", configurations.plain)
    yield _file(machine, "etc/resolv.conf", configurations.plain)


def supplicant_files(machine: Machine, config: Config) -> list[str]:
    """Return wpa_supplicant's files: those that the configuration names, and all in its folder."""
    there = [
        f"{_SUPPLICANT_FOLDER}/{name}"
        for name in machine.names(_SUPPLICANT_FOLDER)
        if name.endswith(".conf")
    ]
    return _named(config, "supplicant_conf", "supplicant_conf", (SUPPLICANT_CONF, *there))


def _named(config: Config, first: str, second: str, also: Iterable[str]) -> list[str]:
    """Return the files that these options name, and others, each once."""
    settings = [bond.settings for bond in config.bonds]
    settings += [port.settings for bond in config.bonds for port in bond.ports]
    named = [given[option] for given in settings for option in (first, second) if option in given]
    return list(dict.fromkeys(name.lstrip("/") for name in (*named, *also)))


def keyfiles(machine: Machine) -> list[str]:
    """Return NetworkManager's connection profiles."""
    return [f"{folder}/{name}" for folder in _KEYFILES for name in machine.names(folder)]


def patterns(config: Config) -> list[str]:
    """Return the units of wbond's and of its bonds, as systemctl and journalctl take them."""
    ports = [
        units.port_template(bond, role).replace("@.", "@*.")
        for bond in dict.fromkeys(["bond0", *(bond.name for bond in config.bonds)])
        for role in units.ROLES
    ]
    return ["wbond*", "dhclient@*", "dhcp6c@*", *ports]


def _units(machine: Machine, run: Run, config: Config) -> Iterator[Section]:
    options = ("--all", "--full", "--plain", "--no-legend", "--no-pager")
    listing = ("systemctl", "list-units", *options, *patterns(config))

    def cat() -> str:
        generated = (name.partition("/")[0] for name in unit_tree.read_generated(machine.root))
        names = [line.split()[0] for line in run(*listing, timeout=TIMEOUT).splitlines() if line]
        names += [name.removesuffix(".d") for name in generated if name.endswith(".service.d")]
        named = sorted(set(names))
        if not named:
            return "systemd knows none.\n"
        try:
            return str(run("systemctl", "cat", "--no-pager", "--", *named, timeout=TIMEOUT))
        except CommandError as error:  # one that is gone costs no other
            return f"{error.stdout}{error.message}\n"

    def generated() -> str:
        tree = unit_tree.read_generated(machine.root)
        return "".join(
            f"{name}{f' {text}' if text.startswith(unit_tree.ARROW) else ''}\n"
            for name, text in sorted(tree.items())
        )

    yield Section("systemctl list-units", lambda: run(*listing, timeout=TIMEOUT))
    yield _program(run, "systemctl", "--failed", "--no-pager", "--full", "--plain")
    yield Section("What wbond-generator wrote", generated)
    yield Section("systemctl cat", cat, configurations.plain)


def _kernel(machine: Machine, run: Run) -> Iterator[Section]:
    for name in machine.names("proc/net/bonding"):
        yield _file(machine, f"proc/net/bonding/{name}", configurations.output)
    yield _program(run, "ip", "-d", "-s", "link")
    yield _program(run, "ip", "-d", "address")
    for family in ("-4", "-6"):
        yield _program(run, "ip", family, "-d", "route", "show", "table", "all")
        yield _program(run, "ip", family, "rule")
    yield _program(run, "ip", "neighbour")
    yield _program(run, "iw", "dev")
    yield _program(run, "iw", "reg", "get")
    devices = machine.names("sys/class/net")[:_DEVICES_MAX]
    for name in devices:
        if machine.exists(f"sys/class/net/{name}/phy80211"):
            yield _program(run, "iw", "dev", name, "link")
    yield _program(run, "rfkill", "list")
    for name in devices:
        if machine.exists(f"sys/class/net/{name}/ifindex"):
            yield _program(run, "udevadm", "info", f"--path=/sys/class/net/{name}")
    yield _program(run, "resolvectl", "status", "--no-pager")


def _state(machine: Machine) -> Iterator[Section]:
    """Yield what wbond has noted in /run/wbond, and the configuration in force."""
    for top, reader in (
        ("run/wbond", configurations.plain),
        (f"{snapshot.FOLDER}/{snapshot.APPLIED}", configurations.wbond),
        (f"{snapshot.FOLDER}/{snapshot.ATTEMPTED}", configurations.wbond),
    ):
        base = os.path.join(machine.root, top)
        for folder, _, names in sorted(os.walk(base)):
            for name in sorted(names):
                path = os.path.relpath(os.path.join(folder, name), machine.root)
                if os.path.isfile(os.path.join(folder, name)):
                    yield _file(machine, path, reader)


def _journal(run: Run, config: Config, machine: Machine) -> Iterator[Section]:
    options = ("journalctl", "--no-pager", "--quiet", "--no-hostname", "--output=short-precise")
    own = [f"--unit={pattern}" for pattern in patterns(config)]
    said = [f"--identifier={name}" for name in ("wbond-generator", "wbond-udev")]
    for boot, title, entries in (
        ("0", "this boot", ENTRIES),
        ("-1", "the boot before", FORMER_ENTRIES),
    ):
        call = (*options, f"--boot={boot}", f"--lines={entries}")
        yield _entries(run, f"Journal of wbond's units, {title}", *call, *own)
        yield _entries(run, f"Journal of generator and udev helper, {title}", *call, *said)
    words = ["bond", "80211", "regdom", *machine.names("sys/class/net")[:_DEVICES_MAX]]

    def kernel() -> str:
        text = run(*options, "--dmesg", f"--lines={ENTRIES}", timeout=TIMEOUT)
        lines = text.splitlines(keepends=True)
        return "".join(line for line in lines if any(word in line for word in words))

    yield Section("Kernel's messages on bonds and network devices", kernel, from_end=True)


def _entries(run: Run, title: str, *call: str) -> Section:
    return Section(title, lambda: run(*call, timeout=TIMEOUT), from_end=True)


def host_names(machine: Machine, config: Config) -> list[str]:
    """Return the names of this host and its domains, and the ids that are its alone."""
    names = [os.uname().nodename, machine.read("etc/hostname").strip()]
    names += [domain for bond in config.bonds for domain in bond.lists.get("search", ())]
    return [*names, machine.read("etc/machine-id").strip()]
