# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks: what NetworkManager is told to make. By udev's word alone it leaves ports alone."""

import shlex
from collections.abc import Iterator

from wbond_cli.examine import keyfiles, netplan
from wbond_cli.examine.findings import ERROR, Finding
from wbond_cli.examine.machine import Machine
from wbond_cli.examine.site import Site

# Of profiles with one UUID, that of the first folder is taken: cmp_fcn() in nms-keyfile-storage.c.
_PROFILES = tuple(f"{base}/NetworkManager/system-connections" for base in ("run", "etc", "usr/lib"))


def profiles(site: Site) -> Iterator[Finding]:
    """Connection profiles that make a bond."""
    if not _is_enabled(site.machine):
        return
    names = site.interfaces()
    for path, settings in _profiles(site.machine):
        name = settings.get("interface-name", [""])[-1]
        if names.get(name) == "bond" and settings.get("autoconnect", ["true"])[-1] != "false":
            text = f"NetworkManager makes {name} by itself from this file"
            known_as = settings.get("id", [path.rpartition("/")[2]])[-1]
            remedy = f"Delete it: `sudo nmcli connection delete id {shlex.quote(known_as)}`."
            yield Finding(ERROR, text, netplan.remedy(path, name, remedy), path)


def _is_enabled(machine: Machine) -> bool:
    return "NetworkManager.service" in machine.enabled()


def _profiles(machine: Machine) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Yield path and [connection] of each profile that none before it hides.

    One below /usr/lib that was deleted stays there; a link UUID.nmmeta to
    /dev/null hides it.
    """
    seen = set()
    for folder in _PROFILES:
        for file in machine.names(folder):
            path = f"{folder}/{file}"
            settings = keyfiles.sections(machine.read(path)).get("connection", {})
            uuid = settings.get("uuid", [""])[-1]
            if machine.masks(path):
                uuid = file.removesuffix(".nmmeta")
            if uuid not in seen:
                yield f"/{path}", settings
            if uuid:
                seen.add(uuid)
