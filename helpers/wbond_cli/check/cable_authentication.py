# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks: 802.1X on cables, which a section with `supplicant_conf` asks for."""

from collections.abc import Iterator

from wbond.message import NOTE, WARNING
from wbond_udev import match

from wbond_cli.check import supplicant
from wbond_cli.check.context import Context
from wbond_cli.check.diagnostics import Diagnostic
from wbond_cli.check.ports import supplicant_file

KEY_MANAGEMENT = "IEEE8021X"  # of 802.1X without a radio's keys, wpa_supplicant.conf(5)


def sections_without_effect(context: Context) -> Iterator[Diagnostic]:
    """A section whose device is named literally: that goes before all that a section says."""
    for adapter, (bond, port) in context.places():
        if not port.literal:
            continue
        for owner, other in match.candidates(context.config, adapter.facts):
            if other.matches:
                text = f"has no effect on {port.name}, which {bond.name} names in `{port.kind}`"
                where = (other.place.file, other.place.line, f"{owner.name}/{other.name}")
                remedy = f"Take {port.name} out of `{port.kind}`."
                yield Diagnostic("section-without-effect", WARNING, text, remedy, *where)


def carriers_that_are_trusted(context: Context) -> Iterator[Diagnostic]:
    """With `path = link` a cable carries the traffic before the switch has let it in."""
    for bond, port in context.authenticated_cables():
        if bond.settings.get("path") == "link":
            text = "carries the traffic as soon as it has a link, before the switch has let it in"
            remedy = f"Remove `path = link` from {bond.name}: the answers of a router then decide."
            where = (port.place.file, port.place.line, f"{bond.name}/{port.name}")
            yield Diagnostic("authentication-unproven", NOTE, text, remedy, *where)


def networks(context: Context) -> Iterator[Diagnostic]:
    """wpa_supplicant authenticates a cable by a network that is none of a radio's."""
    present = {id(port): adapter.facts.name for adapter, (_, port) in context.places()}
    for bond, port in context.authenticated_cables():
        path = supplicant_file(context.machine, bond, port, present.get(id(port), ""))
        text = context.machine.read(path, "surrogateescape")
        if text and not _has_network_of_a_cable(text):
            said = f"has no network with key_mgmt={KEY_MANAGEMENT}: no cable is authenticated"
            remedy = "Write a network as the page 802.1x.md of the documentation shows."
            yield Diagnostic("no-network-of-a-cable", WARNING, said, remedy, path)


def _has_network_of_a_cable(text: str) -> bool:
    given = (line.partition("=") for _, line in supplicant.lines(text))
    return any(name == "key_mgmt" and KEY_MANAGEMENT in value.split() for name, _, value in given)
