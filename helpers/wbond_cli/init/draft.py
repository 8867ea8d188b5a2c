# SPDX-License-Identifier: LGPL-2.1-or-later
"""Adapters -> a commented wbond.conf: what was found, what was chosen, and why; pure."""

import textwrap
from fnmatch import fnmatchcase
from typing import NamedTuple

from wbond import ConfigError, config, escape, values
from wbond.plan import FIRST_BOND
from wbond_udev import look_alikes
from wbond_udev.match import WIRED, WIRELESS, Facts

from wbond_cli.check.hardware import Adapter

_WIDTH = 78  # columns, as in wbond.conf.example
_ABOUT = (
    "wbond: one network interface of a cable and a radio. Written by wbond init; "
    "wbond.conf(5) and wbond.conf.example, in share/doc/wbond, tell every option."
)
_MAC = (
    "The bond has the MAC address of the port in use. `stable` gives all ports one address, "
    "for a network that admits hosts by it; some radios refuse."
)
_DHCP6 = (
    "Neither dhcp6c nor dhcpcd is installed: no DHCPv6. Addresses by router advertisements come "
    "all the same."
)
_AUTHENTICATION = (
    "A switch that lets nothing through before it knows who is there (802.1X): take the cable's "
    "name out of `wired`, and describe the cable here. The page 802.1x.md shows the other file."
)
_OLD_RADIO = (
    "A radio has wireless extensions alone: wpa_supplicant needs its old driver for it, wext."
)


class Choice(NamedTuple):
    """The ports of one kind, in order, and why."""

    names: list[str]
    reason: str


def text(adapters: list[Adapter], has_dhcp6: bool) -> str:
    """Return the file's text for a machine's adapters; `has_dhcp6`: a DHCPv6 client is there."""
    wired, wireless = choose(adapters, WIRED), choose(adapters, WIRELESS)
    blocks = [
        comment(_ABOUT) + "\n",
        _hardware(adapters),
        f"[{FIRST_BOND}]\n",
        comment(f"Cables, the most preferred first. {wired.reason}"),
        f"wired = {' '.join(wired.names)}\n",
        comment(f"Radios, used when no cable has a link. {wireless.reason}"),
        f"wireless = {' '.join(wireless.names)}\n",
        *_supplicant_driver(adapters),
        *_dhcp6(has_dhcp6),
        comment(_MAC),
        "#mac = stable\n",
        comment(_AUTHENTICATION),
        f"#[{FIRST_BOND}/authenticated]",
        "#kind = wired",
        f"#match_name = {wired.names[0]}",
        "#supplicant_conf = /etc/wpa_supplicant/cable.conf",
    ]
    return "\n".join(blocks) + "\n"


def choose(adapters: list[Adapter], kind: str) -> Choice:
    """Choose names for what stays in the machine, globs behind for what may be plugged in."""
    globs = list(config.DEFAULT_PORTS[kind])
    of_kind = [a for a in adapters if a.facts.kind == kind and not _look_alike(a.facts)]
    built_in = [a.facts.name for a in of_kind if not a.plugged and usable(a.facts.name)]
    plugged = [a.facts.name for a in of_kind if a.plugged and usable(a.facts.name)]
    # What no glob takes must be named.
    odd = [name for name in plugged if not any(fnmatchcase(name, glob) for glob in globs)]
    globbed = f"{' '.join(globs)} {'takes' if len(globs) == 1 else 'take'}"
    what = "cable" if kind == WIRED else "radio"
    reason = f"None is built in: {globbed} any that is plugged in."
    if built_in:
        reason = f"What is built in stands by name; {globbed} any {what} that is plugged in."
    return Choice([*built_in, *odd, *globs], reason)


def usable(name: str) -> bool:
    """Tell whether a name can be written into the file and means this interface alone."""
    try:
        values.port_name(name)
    except ConfigError:
        return False
    if name == FIRST_BOND or escape.is_glob(name):
        return False
    return name.isprintable() and name[0] not in "#;"


def _look_alike(facts: Facts) -> str:
    """Return what only looks like a cable, nothing for anything else."""
    return look_alikes.name(facts.driver, facts.usb) if facts.kind == WIRED else ""


def _hardware(adapters: list[Adapter]) -> str:
    lines = ["# Found on this machine:"]
    for adapter in adapters:
        facts = adapter.facts
        what = "cable" if facts.kind == WIRED else "radio"
        where = "can be unplugged" if adapter.plugged else "built in"
        parts = [f"{facts.name}: {what}", where, facts.driver, facts.usb]
        lines.append(f"#   {escape.printable(', '.join(filter(None, parts)))}")
        if seeming := _look_alike(facts):
            lines += _indented(f"(left out, as it only looks like a cable: {seeming})")
        elif not usable(facts.name):
            lines += _indented("(such a name cannot be written here; a glob or match_ takes it)")
    if not adapters:
        lines.append("#   neither a cable nor a radio")
    return "\n".join(lines) + "\n"


def _indented(text: str) -> list[str]:
    """Return the lines of a comment on the adapter above."""
    begin = "#     "
    return textwrap.wrap(text, _WIDTH, initial_indent=begin, subsequent_indent=begin)


def _supplicant_driver(adapters: list[Adapter]) -> list[str]:
    if not any(adapter.old_radio for adapter in adapters):
        return []
    return [comment(_OLD_RADIO), "supplicant_driver = nl80211,wext\n"]


def _dhcp6(has_dhcp6: bool) -> list[str]:
    return [] if has_dhcp6 else [comment(_DHCP6), "dhcp6 = none\n"]


def comment(text: str) -> str:
    """Return a text as the lines of a comment."""
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent="# ",
        subsequent_indent="# ",
        break_long_words=False,
        break_on_hyphens=False,
    )
