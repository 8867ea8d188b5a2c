# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is to be switched off: what `wbond check` finds beside the new configuration."""

from collections.abc import Iterator, Mapping

from wbond.config import Config

from wbond_cli.check import registry
from wbond_cli.check.context import gather
from wbond_cli.check.diagnostics import Diagnostic
from wbond_cli.check.machine import Machine
from wbond_cli.imports import by_hand

_NETWORKMANAGER = (
    "NetworkManager leaves the bond and its ports alone by itself. If nothing else needs it, such "
    "as a VPN or a modem: `sudo systemctl disable NetworkManager`."
)


def found(machine: Machine, config: Config) -> Iterator[Diagnostic]:
    """Return what is in the way of a configuration."""
    return registry.diagnostics(gather(machine, config), registry.OF_OTHERS)


def notes(machine: Machine, files: Mapping[str, str]) -> list[str]:
    """Return what to do beside that; `files` are those that were read, by path, each with its
    program.
    """
    enabled = set(machine.enabled())
    by_hand_s = [path for path, program in files.items() if program == by_hand.PROGRAM]
    said = []
    for unit in sorted(enabled) if by_hand_s else []:
        if by_hand.UNIT.fullmatch(unit):
            said.append(f"{unit} is enabled by hand: `sudo systemctl disable '{unit}'`.")
    for path in by_hand_s:
        if path.startswith("/etc/modprobe.d/"):
            said.append(f"{path} is not needed any more: wbond sets the options of its bonds.")
    return [*said, *([_NETWORKMANAGER] if "NetworkManager.service" in enabled else [])]
