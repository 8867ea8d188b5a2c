# SPDX-License-Identifier: LGPL-2.1-or-later
"""One MAC address for all ports of a bond, where `mac` asks for it.

A radio's address can be set only while it is down, or up and idle
(ieee80211_change_mac(), net/mac80211/iface.c), and any driver may refuse.
"""

import os

from wbond_net.kernel import link

STATE = "/var/lib/wbond"


def align(bond: str, port: str, policy: str) -> None:
    """Give a port that is down the bond's common address; a refusal is told and is no failure."""
    wanted = common_address(bond, policy)
    if not wanted or link.attribute(port, "address") == wanted:
        return
    if not link.attempt("ip", "link", "set", "dev", port, "address", wanted):
        link.say(f"{port} refuses the address {wanted}; it works with its own")


def common_address(bond: str, policy: str) -> str:
    """Return the address that all ports are aligned to; nothing where each keeps its own.

    That of an interface is remembered for when it is absent: a dock's.
    """
    if policy == "active":
        return ""
    if policy == "stable":
        from wbond_net.clients import (
            identity,  # hashing costs start-up time that a plug need not pay
        )

        return identity.mac(bond)
    if ":" in policy:
        return policy
    return permanent_address(policy) or _remembered(bond, policy)


def permanent_address(port: str) -> str:
    """Return the address that the adapter was made with, as `ip -d link` shows it.

    The kernel names it (IFLA_PERM_ADDRESS) only where the driver knows one;
    iproute2 shows it only where the present one differs.
    """
    shown = link.details("dev", port)
    return str(shown[0].get("permaddr") or shown[0].get("address", "")) if shown else ""


def remember(bond: str, policy: str) -> None:
    """Note the address of the interface that `mac` names, for boots and plugs without it."""
    address = permanent_address(policy)
    if not address or address == _remembered(bond, policy):
        return
    try:
        os.makedirs(os.path.join(STATE, bond), exist_ok=True)
        with open(_note(bond), "w", encoding="utf-8") as file:
            file.write(f"{policy} {address}\n")
    except OSError as fault:
        link.say(f"{_note(bond)}: {fault.strerror}; without {policy}, ports keep their addresses")


def _remembered(bond: str, policy: str) -> str:
    try:
        with open(_note(bond), encoding="utf-8", errors="replace") as file:
            name, _, address = file.read().strip().rpartition(" ")
    except OSError:
        return ""
    return address if name == policy else ""


def _note(bond: str) -> str:
    return os.path.join(STATE, bond, "address")
