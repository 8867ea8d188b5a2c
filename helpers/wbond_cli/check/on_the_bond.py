# SPDX-License-Identifier: LGPL-2.1-or-later
"""Addresses that other tools are to set on a bond itself, and the options that do it here."""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from wbond.message import WARNING
from wbond_net.ports import ifupdown

from wbond_cli.check.diagnostics import Diagnostic
from wbond_cli.check.keyfiles import Sections

# What ends a stanza of interfaces(5), beside allow-….
_STANZAS = (*ifupdown.KEYWORDS, *ifupdown.SOURCES, "mapping", "template", "rename", "no-scripts")


class Given(NamedTuple):
    """Static addresses with their prefix lengths, and gateways."""

    addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()


def diagnostic(tool: str, name: str, given: Given, file: str, line: int = 0) -> Diagnostic:
    """Tell of a tool that sets addresses of a bond."""
    text = f"{tool} sets addresses of {name}, which are wbond's to set: {' '.join(given.addresses)}"
    remedy = f"{options(name, given)}; then remove {name} from that file."
    return Diagnostic("address-elsewhere", WARNING, text, remedy, file, line)


def options(name: str, given: Given) -> str:
    """Return what to write into the configuration, as a beginning of a sentence."""
    lines = [f"`address = {' '.join(given.addresses)}`"]
    lines += [f"`gateway = {' '.join(given.gateways)}`"] if given.gateways else []
    return f"Write {' and '.join(lines)} below [{name}] in /etc/wbond.conf"


def checked(addresses: Iterable[str], gateways: Iterable[str]) -> Given:
    """Return those that are addresses, in the spelling that wbond.conf has."""
    return Given(tuple(_interfaces(addresses)), tuple(_hosts(gateways)))


def _interfaces(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        try:
            found = ipaddress.ip_interface(text)
        except ValueError:
            continue
        yield f"{found.ip}/{found.network.prefixlen}"


def _hosts(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        try:
            yield str(ipaddress.ip_address(text))
        except ValueError:
            continue


def of_ifupdown(root: str, name: str) -> dict[str, Given]:
    """Return what the stanzas of an interface set, by FILE:LINE below the root, as stanzas()."""
    found: dict[str, Given] = {}
    place = ""
    settings: dict[str, str] = {}
    for path, number, words in ifupdown.lines(root):
        keyword = words[0] if words else ""
        if keyword in _STANZAS or keyword.startswith("allow-"):
            is_own = keyword == "iface" and words[1:2] == [name] and words[3:4] == ["static"]
            place, settings = (f"{path}:{number}" if is_own else ""), {}
        elif place and len(words) > 1:
            settings[keyword] = words[1]
            found[place] = _of_stanza(settings)
    return {place: given for place, given in found.items() if given.addresses}


def _of_stanza(settings: dict[str, str]) -> Given:
    """Read `address`, with its prefix length or `netmask`, and `gateway` (interfaces(5))."""
    address = settings.get("address", "")
    if "/" not in address and "netmask" in settings:
        address = f"{address}/{settings['netmask']}"
    return checked([address], [settings.get("gateway", "")])


def of_networkd(sections: Sections) -> Given:
    """Return the static addresses and default gateways of a .network file."""
    network, address = sections.get("Network", {}), sections.get("Address", {})
    addresses = [*network.get("Address", []), *address.get("Address", [])]
    route = sections.get("Route", {})
    gateways = network.get("Gateway", []) + (
        [] if "Destination" in route else route.get("Gateway", [])
    )
    return checked(addresses, gateways)


def of_networkmanager(sections: Sections) -> Given:
    """Return the static addresses and gateways of a connection profile (nm-settings-keyfile(5)).

    `address1=192.0.2.10/24,192.0.2.1` has both.
    """
    addresses, gateways = [], []
    for family in ("ipv4", "ipv6"):
        for key, values in sections.get(family, {}).items():
            first, _, second = values[-1].partition(",")
            if key.startswith("address"):
                addresses.append(first.strip())
                gateways.append(second.strip())
            elif key == "gateway":
                gateways.append(values[-1])
    return checked(addresses, gateways)
