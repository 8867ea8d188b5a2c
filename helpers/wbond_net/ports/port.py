# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-port join|leave|supplicant BOND INTERFACE: a port goes into its bond and out again.
wbond-port rank BOND INTERFACE NUMBER [INTERFACE NUMBER]…: ports stay, and have other ranks.

`join` leaves a port alone that is already in. `supplicant` becomes
wpa_supplicant, after waiting for a radio that rfkill blocks.
"""

import os
import sys
from collections.abc import Mapping

from wbond_net.kernel import link, rfkill, udev_database
from wbond_net.ports import ifupdown, mac_policy, scan_frequencies

USAGE = """usage: wbond-port join|leave|supplicant BOND INTERFACE
       wbond-port rank BOND INTERFACE NUMBER [INTERFACE NUMBER]…"""
# All rates of the 2.4 GHz band but 802.11b's 1, 2, 5.5 and 11 Mb/s.
RATES = ("legacy-2.4", "6", "9", "12", "18", "24", "36", "48", "54")
NO_RANK = "0"  # the templates'; wbond-generator's begin above
OVERRIDES = os.path.join(os.path.dirname(__file__), "../../wpa_supplicant-port.conf")


class Refused(Exception):
    """The port cannot be taken; the text says why and what to do."""


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Entry point; returns 0, 1 when it could not be done, 2 when called wrongly.

    A port that is pulled half-way is no failure; its unit ends with its device.
    """
    verbs = {"join": join, "leave": leave, "supplicant": supplicant}
    ranks = _ranks(arguments[2:]) if arguments[:1] == ["rank"] else None
    if not ranks and (len(arguments) != 3 or arguments[0] not in verbs):
        sys.stderr.write(USAGE + "\n")
        return 2
    verb, bond, port = arguments[:3]
    try:
        if ranks:
            rank(bond, ranks)
        else:
            verbs[verb](bond, port, environ)
    except (Refused, link.CommandFailed) as fault:
        sys.stderr.write(f"{fault}\n")
        if ranks or link.exists(port):
            return 1
        link.say(f"{port} has gone")
    return 0


def settings(port: str, environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return rank and settings: the unit's of a port named literally, else those udev holds."""
    return (
        environ if environ["PRIORITY"] != NO_RANK else {**environ, **udev_database.settings(port)}
    )


def join(bond: str, port: str, environ: Mapping[str, str]) -> None:
    """Put the port into the bond: down, aligned, flushed, enslaved (the kernel opens it), ranked.

    A radio that rfkill blocks cannot be opened and so not be enslaved; it is
    left to `supplicant`, which waits. Raises Refused, CommandFailed.
    """
    if rfkill.blocked(port):
        link.say(f"{port} is blocked by rfkill; it joins {bond} when it is unblocked")
        return
    owner = link.master(port)
    if owner and owner != bond:
        raise Refused(f"{port} is a port of {owner}; it is left alone. Take it out there first")
    for stanza in ifupdown.stanzas(port):
        link.say(f"{stanza}: ifupdown configures {port} as well; take it out there")
    if not owner:
        link.run("ip", "link", "set", "dev", port, "down")
        mac_policy.align(bond, port, environ["MAC"])
        link.run("ip", "address", "flush", "dev", port)
        _forget_primary(bond)
        link.run("ip", "link", "set", "dev", port, "master", bond)
        if environ["MAC"] == port:
            mac_policy.remember(bond, port)
    number = settings(port, environ)["PRIORITY"]
    with link.locked(bond):  # of two that join at once, the second is to see the first's rank
        _rank(bond, {port: number})
    if not link.is_up(port):
        link.run("ip", "link", "set", "dev", port, "up")


def _ranks(words: list[str]) -> dict[str, str] | None:
    """Return numbers by interface, from the command line; None for no such line."""
    ranks = dict(zip(words[::2], words[1::2], strict=False))
    numbers = all(number.isascii() and number.isdigit() for number in ranks.values())
    return ranks if len(words) % 2 == 0 and numbers else None


def rank(bond: str, ranks: Mapping[str, str]) -> None:
    """Give ports that are in the bond other ranks, and only then make the best the primary.

    One after the other, the active port might change more than once. Ports that
    are not in get theirs when they join. Raises CommandFailed.
    """
    with link.locked(bond):
        members = {port: ranks[port] for port in ranks if link.master(port) == bond}
        if members:
            _rank(bond, members)


def _forget_primary(bond: str) -> None:
    """Have the kernel forget a primary that has left, before a port joins.

    It keeps the name and makes a port of that name the primary and active at once
    (bond_enslave()), also one that has been ranked down since. An empty name clears
    it (bond_option_primary_set()), which ip cannot say.
    """
    if link.attribute(bond, "bonding/primary"):
        return
    try:
        with open(os.path.join(link.SYSFS, bond, "bonding/primary"), "w") as file:
            file.write("\n")
    except OSError as fault:
        link.say(f"{bond}: cannot clear the primary: {fault.strerror}")


def _rank(bond: str, numbers: Mapping[str, str]) -> None:
    """Set the ranks of these ports, and make the best-ranked of all the primary.

    The kernel's rank counts when the primary is down (bond_choose_primary_or_current(),
    since 6.0); on older kernels it is refused, and only the primary counts. Raises
    CommandFailed.
    """
    for port, number in numbers.items():
        link.attempt("ip", "link", "set", "dev", port, "type", "bond_slave", "prio", number)
    ranks = {str(entry["ifname"]): _priority(entry) for entry in link.details("master", bond)}
    ranks |= {port: int(number) for port, number in numbers.items()}
    best = max(ranks, key=lambda name: (ranks[name], name not in numbers))
    if link.attribute(bond, "bonding/primary") != best:
        link.run("ip", "link", "set", "dev", bond, "type", "bond", "primary", best)
    elif [best] != list(numbers):
        _reselect(bond)


def _reselect(bond: str) -> None:
    """Have the kernel choose once more by the policy that the bond has.

    It chose when the port was enslaved, without its rank yet; and the rank alone
    makes it choose only in a bond without a primary (bond_option_prio_set()).
    """
    policy, *_ = link.attribute(bond, "bonding/primary_reselect").split() or ["always"]
    link.attempt("ip", "link", "set", "dev", bond, "type", "bond", "primary_reselect", policy)


def _priority(entry: dict[str, object]) -> int:
    """Return a port's rank from ip's JSON, 0 where the kernel knows none."""
    details = entry.get("linkinfo")
    data = details.get("info_slave_data") if isinstance(details, dict) else None
    return int(data.get("prio", 0)) if isinstance(data, dict) else 0


def leave(bond: str, port: str, environ: Mapping[str, str]) -> None:
    """Take the port out and give it its own address back; a port that is gone or not in is left."""
    if link.master(port) != bond:
        return
    aligned = environ.get("MAC", "active") != "active"
    own = mac_policy.permanent_address(port) if aligned else ""
    link.run("ip", "link", "set", "dev", port, "nomaster")
    if environ.get("LEGACY_RATES") == "no":
        _allow_all_rates(port)
    link.run("ip", "link", "set", "dev", port, "down")
    if own and link.attribute(port, "address") != own:
        link.attempt("ip", "link", "set", "dev", port, "address", own)


def _allow_all_rates(port: str) -> None:
    """Take back what `supplicant` has set: the kernel keeps it for whoever has the radio next.

    Possible only while it is up (ieee80211_set_bitrate_mask()), and wpa_supplicant
    has set it down at its end.
    """
    if not rfkill.blocked(port) and link.attempt("ip", "link", "set", "dev", port, "up"):
        link.attempt("iw", "dev", port, "set", "bitrates")


def supplicant(bond: str, port: str, environ: Mapping[str, str]) -> None:
    """Become wpa_supplicant for the port, as soon as nothing blocks it. Does not return."""
    if link.master(port) != bond:
        rfkill.wait_unblocked(port)
        join(bond, port, environ)
    environ = settings(port, environ)
    # Possible only while up and not yet associated; a driver may refuse. None stands for all.
    rates = () if environ["LEGACY_RATES"] == "yes" else RATES
    link.attempt("iw", "dev", port, "set", "bitrates", *rates)
    command = supplicant_command(bond, port, environ)
    link.say(" ".join(command))
    try:
        os.execvp(command[0], command)
    except FileNotFoundError:
        raise link.CommandFailed("wpa_supplicant is not installed") from None


def supplicant_command(bond: str, port: str, environ: Mapping[str, str]) -> list[str]:
    """Return the command line; the interface's own configuration wins where it exists."""
    shared = environ["SUPPLICANT_CONF"]
    own = os.path.join(os.path.dirname(shared), f"wpa_supplicant-{port}.conf")
    configuration = own if os.path.exists(own) else shared
    command = ["wpa_supplicant", "-i", port, "-D", environ["SUPPLICANT_DRIVER"]]
    common = os.path.realpath(OVERRIDES)
    command += ["-c", configuration, "-I", scan_frequencies.overrides(bond, port, common)]
    return command + (["-b", bond] if environ["SUPPLICANT_BRIDGE"] == "yes" else [])
