# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks: what NetworkManager is configured to create and to manage, whatever udev says.

Source: NetworkManager.conf(5); how files merge, `NetworkManager --print-config` of 1.42.
"""

import shlex
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from wbond.message import ERROR, WARNING
from wbond_udev.match import WIRED, WIRELESS, Facts

from wbond_cli.check import keyfiles, netplan, on_the_bond
from wbond_cli.check.context import Context
from wbond_cli.check.diagnostics import Diagnostic
from wbond_cli.check.machine import Machine

# A file takes the place of those of its name in the folders before.
_FOLDERS = tuple(f"{base}/NetworkManager/conf.d" for base in ("usr/lib", "run", "etc"))
_MAIN = "etc/NetworkManager/NetworkManager.conf"
_INTERN = "var/lib/NetworkManager/NetworkManager-intern.conf"
# Of profiles with one UUID, that of the first folder is taken: cmp_fcn() in nms-keyfile-storage.c.
_PROFILES = tuple(f"{base}/NetworkManager/system-connections" for base in ("run", "etc", "usr/lib"))


def profiles(context: Context) -> Iterator[Diagnostic]:
    """Connection profiles that create a bond."""
    if not _is_enabled(context.machine):
        return
    names = context.interfaces()
    for path, sections in _profiles(context.machine):
        settings = sections.get("connection", {})
        name = settings.get("interface-name", [""])[-1]
        if names.get(name) == "bond" and settings.get("autoconnect", ["true"])[-1] != "false":
            text = f"NetworkManager creates {name} itself, by this file"
            known_as = settings.get("id", [path.rpartition("/")[2]])[-1]
            remedy = f"Delete it: `sudo nmcli connection delete id {shlex.quote(known_as)}`."
            remedy = netplan.remedy(path, name, remedy)
            given = on_the_bond.of_networkmanager(sections)
            if given.addresses:
                remedy = f"{on_the_bond.options(name, given)}. {remedy}"
            yield Diagnostic("networkmanager-creates-bond", ERROR, text, remedy, path)


def _is_enabled(machine: Machine) -> bool:
    return "NetworkManager.service" in machine.enabled()


def _profiles(machine: Machine) -> Iterator[tuple[str, keyfiles.Sections]]:
    """Yield path and sections of each profile that none before it hides.

    One below /usr/lib that was deleted stays there; a link UUID.nmmeta to
    /dev/null hides it.
    """
    seen = set()
    for folder in _PROFILES:
        for file in machine.names(folder):
            path = f"{folder}/{file}"
            sections = keyfiles.sections(machine.read(path))
            uuid = sections.get("connection", {}).get("uuid", [""])[-1]
            if machine.masks(path):
                uuid = file.removesuffix(".nmmeta")
            if uuid not in seen:
                yield f"/{path}", sections
            if uuid:
                seen.add(uuid)


class Given(NamedTuple):
    """A value of NetworkManager.conf, and where it is written."""

    value: str
    file: str
    line: int


Settings = dict[str, Given]


def devices(context: Context) -> Iterator[Diagnostic]:
    """Sections [device] with `managed`, which overrides what udev says."""
    if not _is_enabled(context.machine):
        return
    configuration = _configuration(context.machine)
    manages: dict[Given, list[str]] = {}
    for facts in context.facts():
        if given := _managed_by(configuration, facts):
            manages.setdefault(given, []).append(facts.name)
    for given, names in manages.items():
        listed = ", ".join(names)
        text = f"NetworkManager manages {listed} as well, by this line, whatever udev says"
        excepted = ", ".join(f"except:interface-name:{name}" for name in names)
        remedy = f"Remove the line, or add `{excepted}` to the section's match-device."
        remedy = netplan.remedy(given.file, listed, remedy)
        yield Diagnostic("networkmanager-manages", WARNING, text, remedy, given.file, given.line)


def writes_resolv_conf(machine: Machine) -> tuple[str, int] | None:
    """Return the file and line by which it does, both empty where that is its default; or None.

    With `dns=none`, with systemd-resolved, or with another manager of the file it does not.
    """
    if not _is_enabled(machine):
        return None
    main = _configuration(machine).get("main", {})
    if _says(main, "dns", ("none", "systemd-resolved")):
        return None
    if _says(main, "rc-manager", ("unmanaged", "resolvconf", "netconfig")):
        return None
    given = main.get("dns") or main.get("rc-manager")
    return (given.file, given.line) if given else ("", 0)


def _configuration(machine: Machine) -> dict[str, Settings]:
    """Return what all files say together, by section. Later files take precedence."""
    merged: dict[str, Settings] = {}
    for path in _files(machine):
        own: dict[str, Settings] = {}
        for section, key, value, line in keyfiles.entries(machine.read(path)):
            own.setdefault(section, {})[key] = Given(value, f"/{path}", line)
        if _says(own.get(".config", {}), "enable", keyfiles.FALSE):
            continue
        # Of the sections of one file it is the first that goes first.
        for section, settings in reversed(own.items()):
            for key, given in settings.items():
                _add(merged.setdefault(section, {}), key, given)
    return merged


def _files(machine: Machine) -> list[str]:
    """Return the files in the order in which they are read."""
    names = ((folder, name) for folder in _FOLDERS for name in machine.names(folder))
    owners = {name: folder for folder, name in names if name.endswith(".conf")}
    library, run, etc = (
        [f"{folder}/{name}" for name in sorted(owners) if owners[name] == folder]
        for folder in _FOLDERS
    )
    return [*library, *run, _MAIN, *etc, _INTERN]


def _add(settings: Settings, key: str, given: Given) -> None:
    """Take a value in; that of `key+` goes to the end of a list. `key-` is passed over."""
    name = key.removesuffix("+")
    if name != key and name in settings:
        given = given._replace(value=f"{settings[name].value};{given.value}")
    settings[name] = given


def _says(settings: Settings, key: str, words: tuple[str, ...]) -> bool:
    return key in settings and settings[key].value.lower() in words


def _managed_by(configuration: dict[str, Settings], facts: Facts) -> Given | None:
    """Return the line that has an interface managed, if any.

    `unmanaged-devices` cannot be overruled; else the first section that applies
    and has the key decides, [device] itself behind all others.
    """
    unmanaged = configuration.get("keyfile", {}).get("unmanaged-devices")
    if unmanaged and _means(unmanaged.value, facts):
        return None
    names = [name for name in reversed(configuration) if name.startswith("device")]
    for name in sorted(names, key=lambda name: name == "device"):
        section = configuration[name]
        if "match-device" in section and not _means(section["match-device"].value, facts):
            continue
        if "managed" in section:
            return section["managed"] if _says(section, "managed", keyfiles.TRUE) else None
        if _says(section, "stop-match", keyfiles.TRUE):
            return None
    return None


_TYPES = {WIRED: "ethernet", WIRELESS: "wifi", "bond": "bond"}
_EXCEPT = "except:"


def _means(text: str, facts: Facts) -> bool:
    """Tell whether a list means an interface (NetworkManager.conf(5), Device List Format).

    What is not known, as the driver of an interface that is not there, fits nothing.
    """
    specs = [spec.strip() for spec in text.replace(";", ",").split(",") if spec.strip()]
    wanted = [spec for spec in specs if not spec.lower().startswith(_EXCEPT)]
    excepted = [spec[len(_EXCEPT) :] for spec in specs if spec not in wanted]
    if any(_fits(spec, facts) for spec in excepted):
        return False
    if not wanted:
        return bool(excepted)  # exceptions alone are from all
    return any(_fits(spec, facts) or _fits_bare(spec, facts) for spec in wanted)


def _fits(spec: str, facts: Facts) -> bool:
    """Tell whether `*`, or a spec that says what it looks at, takes an interface."""
    kind, _, value = spec.partition(":")
    match kind.lower():
        case "interface-name":
            return _fits_name(value, facts.name)
        case "mac":
            return _fits_address(value, facts.mac)
        case "type":
            return value == _TYPES.get(facts.kind)
        case "driver":  # the version behind it is not looked at
            return bool(facts.driver) and value.partition("/")[0] == facts.driver
    return spec == "*"


def _fits_bare(spec: str, facts: Facts) -> bool:
    """Tell whether a name or an address takes an interface; behind `except:` neither does."""
    return spec == facts.name or _fits_address(spec, facts.mac)


def _fits_name(value: str, name: str) -> bool:
    if value.startswith("="):
        return value[1:] == name
    return fnmatchcase(name, value.removeprefix("~").replace("[", "[[]"))  # [ is no sign there


def _fits_address(value: str, address: str) -> bool:
    return bool(address) and value.lower().replace("-", ":") == address.lower()
