# SPDX-License-Identifier: LGPL-2.1-or-later
"""One MAC address for all ports of a bond, where `mac` asks for it.

A radio's address can be set only while it is down, or up and idle
(ieee80211_change_mac(), net/mac80211/iface.c), and any driver may refuse.
"""

import os

from wbond.values import MacPolicy

from wbond_net.clients import identity
from wbond_net.kernel import command, links, sysfs
from wbond_net.kernel.journal import say

STATE = "/var/lib/wbond"


def apply(bond: str, port: str, policy: MacPolicy) -> None:
    """Give a port that is down the shared address; a refusal is said and is no failure."""
    wanted = shared_mac(bond, policy)
    if not wanted or sysfs.attribute(port, "address") == wanted:
        return
    if not command.attempt(links.set_address, port, wanted):
        say(f"{port} refuses the address {wanted}; it works with its own")


def shared_mac(bond: str, policy: MacPolicy) -> str:
    """Return the address that all ports are to have; nothing where each keeps its own.

    That of an interface is remembered for when it is absent: a dock's.
    """
    if policy.stable:
        return identity.mac(bond)
    if policy.interface:
        return links.permanent_address(policy.interface) or _remembered(bond, policy.interface)
    return policy.address


def remember(bond: str, interface: str) -> None:
    """Note the address of the interface that `mac` names, for boots and plugs without it."""
    address = links.permanent_address(interface)
    if not address or address == _remembered(bond, interface):
        return
    try:
        os.makedirs(os.path.join(STATE, bond), exist_ok=True)
        with open(_note(bond), "w", encoding="utf-8") as file:
            file.write(f"{interface} {address}\n")
    except OSError as error:
        say(f"{_note(bond)}: {error.strerror}; without {interface}, ports keep their addresses")


def _remembered(bond: str, interface: str) -> str:
    try:
        with open(_note(bond), encoding="utf-8", errors="replace") as file:
            name, _, address = file.read().strip().rpartition(" ")
    except OSError:
        return ""
    return address if name == interface else ""


def _note(bond: str) -> str:
    return os.path.join(STATE, bond, "address")
