# SPDX-License-Identifier: LGPL-2.1-or-later
"""The radios of the bonds: which there are, and which file wpa_supplicant reads for each."""

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from wbond import escape, units
from wbond.config import Config
from wbond_net.deployed import unit_tree
from wbond_udev.match import WIRELESS

from wbond_cli.check.context import gather
from wbond_cli.check.machine import Machine
from wbond_cli.check.ports import SUPPLICANT_CONF, supplicant_file
from wbond_cli.errors import require_bonds
from wbond_cli.wifi import network_file
from wbond_cli.wifi.control import Control, ControlError, NotAllowed, NotRunning

_DEFAULT_DIRECTORY = "/run/wpa_supplicant"


class Radio(NamedTuple):
    """A radio that is present: its bond, the file with its networks, and its unit."""

    interface: str
    bond: str
    path: str
    unit: str

    @property
    def name(self) -> str:
        """Return its name in printable characters."""
        return escape.printable(self.interface)


class Fault(NamedTuple):
    """What is wrong with a radio, and what to do about it."""

    text: str
    remedy: str = ""


class Station(NamedTuple):
    """A radio whose wpa_supplicant answers."""

    radio: Radio
    control: Control
    socket: str


class Radios(NamedTuple):
    """The radios that are present, and the files that their networks are in.

    Without a radio, the files are those of the bonds; without a bond, it is wpa_supplicant's own.
    """

    present: list[Radio]
    files: list[str]


def find(machine: Machine, bond: str = "") -> Radios:
    """Return the radios of all bonds, or of one. Raises UserError for a bond that is not there."""
    config = unit_tree.read_config(machine.root)
    if bond:
        require_bonds([bond], [one.name for one in config.bonds])
    present = list(_present(machine, config, bond))
    files = [radio.path for radio in present] or [
        one.settings.get("supplicant_conf", SUPPLICANT_CONF)
        for one in config.bonds
        if bond in ("", one.name)
    ]
    return Radios(present, list(dict.fromkeys(files or [SUPPLICANT_CONF])))


def _present(machine: Machine, config: Config, wanted: str) -> Iterator[Radio]:
    for adapter, (bond, port) in gather(machine, config).places():
        name = adapter.facts.name
        if port.kind == WIRELESS and wanted in ("", bond.name):
            path = supplicant_file(machine, bond, port, name)
            yield Radio(name, bond.name, path, units.port(bond.name, units.SUPPLICANT, name))


def socket_path(machine: Machine, radio: Radio) -> str:
    """Return the place of a radio's control socket; nothing where its file asks for none.

    Source: wpa_supplicant.conf(5), ctrl_interface. Who may not read the file looks where
    wbond has it put.
    """
    text = machine.read(radio.path, "surrogateescape")
    value = network_file.setting(text, "ctrl_interface") if text else _DEFAULT_DIRECTORY
    words = [word for word in value.split() if not word.startswith("GROUP=")]
    directory = words[0].removeprefix("DIR=") if words else ""
    if not directory.startswith("/"):
        return ""
    return os.path.join(machine.root, directory.lstrip("/"), radio.interface)


@contextmanager
def opened(
    machine: Machine, present: Iterable[Radio]
) -> Iterator[tuple[list[Station], list[Fault]]]:
    """Give the radios whose wpa_supplicant answers, and what is wrong with the others."""
    stations, faults = [], []
    with ExitStack() as stack:
        for radio in present:
            try:
                stations.append(stack.enter_context(_opened(machine, radio)))
            except NotAllowed:
                faults.append(Fault(f"{radio.name}: only root may ask it", "Run it with sudo."))
            except ControlError as error:
                faults.append(Fault(f"{radio.name}: {error}", _remedy(radio)))
        yield stations, faults


@contextmanager
def _opened(machine: Machine, radio: Radio) -> Iterator[Station]:
    path = socket_path(machine, radio)
    if not path:
        name = escape.printable(radio.path)
        raise ControlError(f"{name} has no ctrl_interface, so wpa_supplicant cannot be reached")
    try:
        control = Control(path)
    except NotRunning:
        raise NotRunning("no wpa_supplicant runs for it") from None
    with control:
        control.request("PING")
        yield Station(radio, control, path)


def _remedy(radio: Radio) -> str:
    return (
        f"`systemctl status {radio.unit}` tells whether it runs, `wbond check` what is wrong with "
        "its file."
    )
