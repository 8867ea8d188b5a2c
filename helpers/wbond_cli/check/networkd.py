# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks: what systemd-networkd is configured to create and to manage."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from wbond.message import ERROR, WARNING
from wbond_udev.match import WIRED, WIRELESS, Facts

from wbond_cli.check import dependencies, keyfiles, netplan, on_the_bond
from wbond_cli.check.context import Context
from wbond_cli.check.diagnostics import Diagnostic
from wbond_cli.check.machine import Machine

_ASKS_UDEV = 254  # heeds ID_NET_MANAGED_BY (systemd's NEWS)


def files(context: Context) -> Iterator[Diagnostic]:
    """systemd-networkd must not create the bond; before 254 its files must not match a port."""
    if "systemd-networkd.service" not in context.machine.enabled():
        return
    for path, sections in _files(context.machine, ".netdev"):
        name = sections.get("NetDev", {}).get("Name", [""])[-1]
        if name in (bond.name for bond in context.config.bonds):
            text = f"systemd-networkd creates {name} itself, by this file"
            remedy = netplan.remedy(path, name, f"Remove the file: wbond creates {name}.")
            yield Diagnostic("networkd-creates-bond", ERROR, text, remedy, path)
    yield from _on_bonds(context)
    if leaves_to_udev(context.machine):
        return
    version = context.machine.systemd_version()
    takes: dict[str, list[str]] = {}
    for facts in context.facts():
        path = file_for(context.machine, facts)
        if path and not (facts.kind == "bond" and _given(context.machine, path).addresses):
            takes.setdefault(path, []).append(facts.name)
    for path, names in takes.items():
        listed = ", ".join(names)
        text = f"systemd-networkd {version or ''}".strip()
        text += f" configures {listed} as well, by this file"
        remedy = "Exclude them in its [Match], or have a file that sorts before it match them, "
        remedy += "with Unmanaged=yes in its [Link]."
        remedy = netplan.remedy(path, listed, remedy)
        yield Diagnostic("networkd-configures", WARNING, text, remedy, path)


def _on_bonds(context: Context) -> Iterator[Diagnostic]:
    """Static addresses for a bond: they disturb wbond, or are not set, see leaves_to_udev()."""
    machine = context.machine
    for bond in context.config.bonds:
        path = file_for(machine, Facts(bond.name, "bond"))
        given = _given(machine, path) if path else on_the_bond.Given()
        if not given.addresses:
            continue
        found = on_the_bond.diagnostic("systemd-networkd", bond.name, given, path)
        if leaves_to_udev(machine):
            text = f"systemd-networkd leaves {bond.name} to wbond, and does not set "
            found = found._replace(text=text + " ".join(given.addresses))
        listed = netplan.remedy(path, bond.name, "")
        if listed:
            found = found._replace(remedy=f"{on_the_bond.options(bond.name, given)}. {listed}")
        yield found


def _given(machine: Machine, path: str) -> on_the_bond.Given:
    return on_the_bond.of_networkd(keyfiles.sections(machine.read(path.lstrip("/"))))


def leaves_to_udev(machine: Machine) -> bool:
    """Tell whether networkd passes over what udev says is wbond's."""
    return machine.systemd_version() >= _ASKS_UDEV and bool(dependencies.rules(machine))


def file_for(machine: Machine, facts: Facts) -> str:
    """Return the file by which networkd manages an interface; nothing where it does not."""
    for path, sections in _files(machine, ".network"):
        if _matches(sections.get("Match", {}), facts):
            unmanaged = sections.get("Link", {}).get("Unmanaged", ["no"])[-1].lower()
            return "" if unmanaged in keyfiles.TRUE else path
    return ""


def _files(machine: Machine, suffix: str) -> Iterator[tuple[str, keyfiles.Sections]]:
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
