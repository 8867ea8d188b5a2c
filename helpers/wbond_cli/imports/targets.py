# SPDX-License-Identifier: LGPL-2.1-or-later
"""Networks -> wpa_supplicant's files, by the writer that `wbond wifi add` uses.

A network of a name that is there stays as it is.
"""

from typing import NamedTuple

from wbond.config import Config
from wbond.message import ERROR
from wbond_udev.match import WIRELESS

from wbond_cli.check import supplicant
from wbond_cli.check.context import gather
from wbond_cli.check.machine import Machine
from wbond_cli.check.ports import SUPPLICANT_CONF, supplicant_file
from wbond_cli.errors import UserError
from wbond_cli.imports.record import Found, Given, Network
from wbond_cli.wifi import names, network_file, saved
from wbond_cli.wifi.saved import Saved


class Edit(NamedTuple):
    """A file, the text that it is to have, the networks that are new, and those that stay."""

    file: Saved
    text: str
    added: list[Network]
    present: list[Network]


def files(machine: Machine, config: Config) -> list[str]:
    """Return the files that the radios of a configuration read."""
    context = gather(machine, config)
    radios = [
        supplicant_file(machine, bond, port, adapter.facts.name)
        for adapter, (bond, port) in context.places()
        if port.kind == WIRELESS
    ]
    named = [
        supplicant_file(machine, bond, port, port.name if port.literal else "")
        for bond, port in context.ports()
        if port.kind == WIRELESS
    ]
    return list(dict.fromkeys(radios or named or [SUPPLICANT_CONF]))


def edits(found: Found, networks: list[Network], paths: list[str]) -> list[Edit]:
    """Return what is to be written. Raises UserError for a file that cannot be edited."""
    done = []
    for path in paths if networks else []:
        file = saved.read(found.machine, path)
        saved.require_editable(file)
        edit = Edit(file, file.text, [], [])
        for network in networks:
            edit = _with(edit, network)
        if edit.added and found.country:
            edit = edit._replace(text=_with_country(edit.text, found, found.country))
        _require_good(edit)
        done.append(edit)
    return done


def _with(edit: Edit, network: Network) -> Edit:
    if network_file.named(edit.text, network.ssid):
        return edit._replace(present=[*edit.present, network])
    text = network_file.with_network(edit.text, network.ssid, network.fields)
    return edit._replace(text=text, added=[*edit.added, network])


def _with_country(text: str, found: Found, country: Given) -> str:
    value = country.value.upper()
    if not (len(value) == 2 and value.isascii() and value.isalpha()):
        found.leave(country, "it is not the two letters of a country")
        return text
    present = network_file.setting(text, "country")
    return text if present else network_file.with_country(text, value)


def _require_good(edit: Edit) -> None:
    """Raise UserError for a text that wpa_supplicant would refuse as a whole."""
    for wrong in supplicant.diagnostics(edit.file.name, edit.text):
        if wrong.severity == ERROR:
            listed = ", ".join(names.shown(network.ssid) for network in edit.added)
            text = f"wpa_supplicant would refuse {edit.file.name} with {listed}: {wrong.text}"
            raise UserError(f"{text}; nothing is written", "`wbond wifi add` adds them by hand.")
