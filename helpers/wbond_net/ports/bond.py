# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-bond up|set|ports|down BOND: makes the bond as the unit's environment says, and removes it.

One netlink message sets every option, because the bonding module's parameters
are the defaults of all bonds and someone may have set them. `set` changes, of a
bond that is in use, what the kernel changes then. `ports` starts those that have stopped.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping

from wbond import escape

from wbond_net.clients import identity
from wbond_net.deployed import snapshot
from wbond_net.kernel import link, udev

USAGE = "usage: wbond-bond up|set|ports|down BOND"
RUNTIME = "/run/wbond"
JUST_MADE = "just-made"  # of a bond whose ports have been started; gone when its watch begins
REFUSED = 2
# What the kernel takes with ports in place (the table in bond_options.c), as ip calls it:
# the attribute in sysfs, and the unit's variable. The last three count in steps of miimon.
LIVE = {
    "miimon": ("miimon", "MIIMON"),
    "primary_reselect": ("primary_reselect", "PRIMARY_RESELECT"),
    "num_grat_arp": ("num_grat_arp", "PEER_NOTIF"),
    "updelay": ("updelay", "UPDELAY"),
    "downdelay": ("downdelay", "DOWNDELAY"),
    "peer_notify_delay": ("peer_notif_delay", "PEER_NOTIF_DELAY"),
}
DELAYS = ("updelay", "downdelay", "peer_notify_delay")


class Refused(Exception):
    """There is something else of that name; the text says what and what to do."""


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Entry point; returns 0, 1 when a command failed, 2 when refused or called wrongly."""
    if len(arguments) != 2 or arguments[0] not in ("up", "set", "ports", "down"):
        sys.stderr.write(USAGE + "\n")
        return REFUSED
    verb, bond = arguments
    try:
        if verb == "up":
            up(bond, environ)
        elif verb == "set":
            change(bond, environ)
        elif verb == "ports":
            ports(bond)
        else:
            down(bond)
    except (Refused, link.CommandFailed) as fault:
        sys.stderr.write(f"{fault}\n")
        return REFUSED if isinstance(fault, Refused) else 1
    return 0


def options(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words behind `type bond`: every option that wbond relies on.

    fail_over_mac=active also where addresses are aligned: an adapter that
    refuses the common one works all the same. use_carrier and the ARP monitor
    are left at what miimon implies.
    """
    return (
        *("mode", "active-backup"),
        *("miimon", environ["MIIMON"]),
        *("updelay", environ["UPDELAY"]),
        *("downdelay", environ["DOWNDELAY"]),
        *("peer_notify_delay", environ["PEER_NOTIF_DELAY"]),
        *("primary_reselect", environ["PRIMARY_RESELECT"]),
        *("fail_over_mac", "active"),
        *("num_grat_arp", environ["PEER_NOTIF"]),
        *("resend_igmp", "1"),
        *("all_slaves_active", "0"),
        *("min_links", "0"),
    )


def up(bond: str, environ: Mapping[str, str]) -> None:
    """Make or adopt the bond, bring it up, start the ports whose devices are there."""
    created = _create_or_adopt(bond, environ)
    try:
        _stable_addresses(bond)
        link.run("ip", "link", "set", "dev", bond, "up")
    except link.CommandFailed:
        if created:
            link.attempt("ip", "link", "delete", "dev", bond)
        raise
    _start_ports(bond)
    with contextlib.suppress(OSError), open(os.path.join(RUNTIME, bond, JUST_MADE), "w"):
        pass  # wbond-ports@ has nothing to do then
    snapshot.save_applied(bond)


def ports(bond: str) -> None:
    """Start the ports of a bond that was asked to start and is there already.

    It was asked to stop just before: its ports and clients have stopped first, and the start has
    cancelled its own stop. A watch that has stopped with them is to start the clients again.
    """
    watch = f"wbond-watch@{escape.unit_instance(bond)}.service"
    command = ("systemctl", "is-active", "--quiet", "--", watch)
    if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode:
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(RUNTIME, bond, "clients-started"))
    _start_ports(bond)


def _create_or_adopt(bond: str, environ: Mapping[str, str]) -> bool:
    """Set the bond up, down; tells whether it was made here. Raises Refused, CommandFailed."""
    # An address given at birth is one that udev's MACAddressPolicy= leaves alone.
    address = _address(bond, environ["MAC"])
    words = ("address", address) if address else ()
    if not link.exists(bond):
        link.run("ip", "link", "add", "dev", bond, *words, "type", "bond", *options(environ))
        return True
    if not link.is_bond(bond):
        raise Refused(f"{bond} is there and is no bond; it is left alone. Use another name for it")
    if ports := link.ports(bond):
        raise Refused(
            f"{bond} is there and has ports ({' '.join(ports)}) that wbond did not give it; it is "
            f"left alone. Stop what made it, or delete it with ip, then start this unit again"
        )
    link.say(f"{bond} is there, a bond without ports: adopted")
    link.run("ip", "link", "set", "dev", bond, "down")
    link.run("ip", "link", "set", "dev", bond, "type", "bond", *options(environ))
    if address:
        link.run("ip", "link", "set", "dev", bond, "address", address)
    return False


def _address(bond: str, policy: str) -> str:
    """Return the address for the time before any port is active; nothing without a machine id."""
    if ":" in policy:
        return policy
    try:
        return identity.mac(bond)
    except identity.NoMachineId as fault:
        link.say(str(fault))
        return ""


def _stable_addresses(bond: str) -> None:
    """Keep SLAAC's address across failovers: RFC 7217 hashes a secret, not the present MAC.

    Writing the secret selects the mode (net/ipv6/addrconf.c,
    addrconf_sysctl_stable_secret()). Without IPv6 there is nothing to keep.
    """
    path = f"/proc/sys/net/ipv6/conf/{bond}/stable_secret"
    try:
        secret = identity.ipv6_secret(bond)
        with open(path, "w", encoding="ascii") as file:
            file.write(secret)
    except FileNotFoundError:
        pass
    except (OSError, identity.NoMachineId) as fault:
        link.say(f"{bond}: IPv6 addresses will follow the MAC address: {fault}")


def _start_ports(bond: str) -> None:
    """Start the ports that stopped with the bond: a device that is there asks only once.

    Units that a present device wants are in systemd's memory, which is where
    `--all` and a pattern find them. A backslash in the pattern stands for
    itself (FNM_NOESCAPE, src/core/dbus-manager.c, list_units_filtered()).
    """
    prefix = escape.unit_instance(escape.unit_instance(bond) + "-")
    names = [f"wbond-plug@{prefix}*", *udev.units(bond)]
    command = ("systemctl", "start", "--no-block", "--all", "--", *names)
    subprocess.run(command, stdin=subprocess.DEVNULL, check=False)


def change(bond: str, environ: Mapping[str, str]) -> None:
    """Set what differs of the options that a bond in use can change. Raises Refused, CommandFailed.

    Only what differs: primary_reselect, set to what it is, makes the kernel choose a
    port anew. A new miimon takes all delays with it, as the kernel counts them in its
    steps; in one message it comes first (bond_changelink(), bond_netlink.c).
    """
    if not link.is_bond(bond):
        raise Refused(f"{bond} is no bond, or not there; start its unit first")
    wanted = {word: environ[variable] for word, (_, variable) in LIVE.items()}
    present = {word: _option(bond, attribute) for word, (attribute, _) in LIVE.items()}
    changed = [word for word in LIVE if wanted[word] != present[word]]
    if "miimon" in changed:
        changed = [word for word in LIVE if word in (*changed, *DELAYS)]
    if not changed:
        link.say(f"{bond} has these options already")
        return
    words = [text for word in changed for text in (word, wanted[word])]
    link.run("ip", "link", "set", "dev", bond, "type", "bond", *words)


def _option(bond: str, attribute: str) -> str:
    """Return an option by its name, where sysfs shows name and number; empty if unknown."""
    return link.attribute(bond, f"bonding/{attribute}").partition(" ")[0]


def down(bond: str) -> None:
    """Remove the bond, with its addresses and routes; nothing to do where it is gone."""
    if link.is_bond(bond):
        link.run("ip", "link", "delete", "dev", bond)
