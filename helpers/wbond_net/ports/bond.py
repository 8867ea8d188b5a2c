# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-bond VERB BOND: makes the bond as the unit's environment says, changes and removes it.

One netlink message sets every option, because the bonding module's parameters
are the defaults of all bonds and someone may have set them. `set` changes, of a
bond that is in use, what the kernel changes then, its addresses and metrics as well. `solicit` asks
the routers, whose routes then have the metric. `ports` starts those that have stopped. `order`
gives the kernel the order of the ports back when the watch has ended.
"""

import errno
import os
import sys

from wbond import units
from wbond.values import MacPolicy

from wbond_net import files, runtime
from wbond_net.clients import identity
from wbond_net.deployed import named_ports, snapshot
from wbond_net.kernel import bonds, command, links, request, sysctl, sysfs, udev_database
from wbond_net.kernel.command import CommandError
from wbond_net.kernel.journal import say
from wbond_net.kernel.netlink import KernelError
from wbond_net.names import publisher
from wbond_net.names.sink import Unpublished, Unreachable
from wbond_net.ports import handover, order, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

UDEV = "/run/udev/control"  # its socket
USAGE = "usage: wbond-bond up|set|solicit|ports|order|down BOND"
JUST_MADE = "just-made"  # of a bond whose ports have been started; gone when its watch begins
ROUTER_METRIC = 1024  # IP6_RT_PRIO_USER, where nothing else is said
REFUSED = 2
VERBS = ("up", "set", "solicit", "ports", "order", "down")
# What the kernel takes with ports in place (the table in bond_options.c), as ip calls it, and as
# sysfs does. The last three count in steps of miimon.
LIVE = {
    "miimon": "miimon",
    "primary_reselect": "primary_reselect",
    "num_grat_arp": "num_grat_arp",
    "all_slaves_active": "all_slaves_active",
    "updelay": "updelay",
    "downdelay": "downdelay",
    "peer_notify_delay": "peer_notif_delay",
}
DELAYS = ("updelay", "downdelay", "peer_notify_delay")


class NameTaken(Exception):
    """Something else has the bond's name; the text says what and what to do."""


def main(arguments: list[str], environ: "Mapping[str, str]") -> int:
    """Entry point; returns 0, 1 when it could not be done, 2 when refused or called wrongly."""
    if len(arguments) != 2 or arguments[0] not in VERBS:
        sys.stderr.write(USAGE + "\n")
        return REFUSED
    verb, bond = arguments
    try:
        if verb == "up":
            up(bond, environ)
        elif verb == "set":
            change(bond, environ)
        elif verb == "solicit":
            command.attempt(solicit, bond)
        elif verb == "ports":
            ports(bond)
        elif verb == "order":
            handover.give_back(bond, environ)
        else:
            down(bond)
    except (NameTaken, CommandError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED if isinstance(error, NameTaken) else 1
    return 0


def options(environ: "Mapping[str, str]") -> dict[str, str]:
    """Return every option that wbond relies on, by ip's names.

    fail_over_mac=active also where the ports share an address: an adapter that
    refuses it works all the same. Only with such an address the bond also takes what comes in by
    ports that stand by: an access point has what its other stations send to that address go to
    the radio that is associated with it, never to the wire (ieee80211_deliver_skb()). IPv6 knows
    its own duplicate address detection by a nonce when it comes back (RFC 7527). use_carrier and
    the ARP monitor are left at what miimon implies.
    """
    shared = not MacPolicy.parse(environ["MAC"]).active
    return {
        "mode": "active-backup",
        "miimon": environ["MIIMON"],
        "updelay": environ["UPDELAY"],
        "downdelay": environ["DOWNDELAY"],
        "peer_notify_delay": environ["PEER_NOTIF_DELAY"],
        "primary_reselect": environ["PRIMARY_RESELECT"],
        "fail_over_mac": "active",
        "num_grat_arp": environ["PEER_NOTIF"],
        "resend_igmp": "1",
        "all_slaves_active": "1" if shared else "0",
        "min_links": "0",
    }


def up(bond: str, environ: "Mapping[str, str]") -> None:
    """Make or adopt the bond, bring it up, start the ports whose devices are there."""
    command.attempt(record.note_bond, bond, record.NONE)
    created = _create_or_adopt(bond, environ)
    command.attempt(record.note_bond, bond, request.index(bond))
    try:
        _stable_addresses(bond)
        _routes_while_it_carries(bond)
        _routes_while_forwarding(bond)
        command.attempt(_metrics, bond, environ)
        links.set_up(bond)
        _static_addresses(bond, environ)
    except OSError:
        if created:
            command.attempt(links.delete, bond)
        raise
    _start_ports(bond)
    _note_just_made(bond)
    _configure_names(bond, environ)
    snapshot.save_applied(bond)


def ports(bond: str) -> None:
    """Start the ports of a bond that was asked to start and is there already.

    It was asked to stop just before: some of its ports and clients have stopped, and the start has
    cancelled the other stops, its own among them. A watch that begins again starts the clients.
    """
    try:
        os.unlink(runtime.path(bond, "clients-started"))
    except OSError:
        pass
    watch = units.instance(units.WATCH, bond)
    command.attempt(command.run, "systemctl", "try-restart", "--no-block", "--", watch)
    _start_ports(bond)


def _create_or_adopt(bond: str, environ: "Mapping[str, str]") -> bool:
    """Set the bond up, down; tells whether it was made here. Raises NameTaken, KernelError."""
    # An address given at birth is one that udev's MACAddressPolicy= leaves alone.
    address = _address(bond, MacPolicy.parse(environ["MAC"]))
    if not sysfs.exists(bond) and _create(bond, address, options(environ)):
        return True
    if not sysfs.is_bond(bond):
        raise NameTaken(
            f"{bond} is there and is no bond; it is left alone. Use another name for it"
        )
    if members := sysfs.ports(bond):
        raise NameTaken(
            f"{bond} is there and has ports ({' '.join(members)}) that wbond did not give it; it "
            f"is left alone. Stop what made it, or delete it with ip, then start this unit again"
        )
    say(f"{bond} is there, a bond without ports: adopted")
    links.set_down(bond)
    bonds.change(bond, options(environ))
    if address:
        links.set_address(bond, address)
    return False


def _create(bond: str, address: str, wanted: dict[str, str]) -> bool:
    """Make the bond; False where it has just come to be there. Raises KernelError.

    The kernel loads the bonding module for that (rtnl_newlink()), as it could not be from within
    the unit's sandbox. systemd has the module make no bond of its own (modprobe.d/systemd.conf),
    but where that is masked, a round-robin bond0 comes with it.
    """
    try:
        bonds.create(bond, address, wanted)
    except KernelError as error:
        if error.errno != errno.EEXIST:
            raise
        return False
    return True


def _address(bond: str, policy: MacPolicy) -> str:
    """Return the address for the time before any port is active; nothing without a machine id."""
    if policy.address:
        return policy.address
    try:
        return identity.mac(bond)
    except identity.NoMachineId as error:
        say(str(error))
        return ""


def _stable_addresses(bond: str) -> None:
    """Keep SLAAC's address across failovers: RFC 7217 hashes a secret, not the present MAC.

    Writing the secret selects the mode (net/ipv6/addrconf.c,
    addrconf_sysctl_stable_secret()). Without IPv6 there is nothing to keep.
    """
    try:
        sysctl.write("ipv6", bond, "stable_secret", identity.ipv6_secret(bond))
    except (OSError, identity.NoMachineId) as error:
        say(f"{bond}: IPv6 addresses will follow the MAC address: {error}")


def _routes_while_it_carries(bond: str) -> None:
    """Have the bond's routes hide no other uplink while no port carries.

    A route through an interface without carrier is used all the same, unless this is set
    (fib_lookup_good_nhc(), rt6_score_route()).
    """
    for family in sysctl.FAMILIES:
        command.attempt(sysctl.write, family, bond, "ignore_routes_with_linkdown", "1")


def _routes_while_forwarding(bond: str) -> None:
    """Heed router advertisements also where the host forwards, as for containers it does.

    1 does so only where it does not forward, and has the default route removed as soon as it does
    (ipv6_accept_ra(), rt6_purge_dflt_routers()). Who has set 0 wants none.
    """
    if sysctl.read("ipv6", bond, "accept_ra") == "1":
        command.attempt(sysctl.write, "ipv6", bond, "accept_ra", "2")


def _metrics(bond: str, environ: "Mapping[str, str]", in_use: bool = False) -> None:
    """Give the default routes of routers, and of a lease if the bond is in use, its metric.

    A router's goes behind an IPv6 `gateway`: its metric is one more. The kernel gives it to the
    route at the router's next advertisement (ndisc_router_discovery(); before 5.12 it is always
    1024). Without `metric` it is the administrator's. Raises OSError.
    """
    metric, setting = environ.get("METRIC", ""), "ra_defrtr_metric"
    by_routers = int(metric or sysctl.read("ipv6", "default", setting) or ROUTER_METRIC)
    by_routers += ":" in environ.get("GATEWAY", "")
    if sysctl.read("ipv6", bond, setting) not in ("", str(by_routers)):
        sysctl.write("ipv6", bond, setting, str(by_routers))
    former = record.text(runtime.path(bond, runtime.METRIC))
    if former == metric:
        return
    files.write(runtime.path(bond, runtime.METRIC), f"{metric}\n")
    if in_use:
        from wbond_net.kernel import routes  # as in _static_addresses()

        routes.renumber(bond, int(former or 0), int(metric or 0))


def _static_addresses(bond: str, environ: "Mapping[str, str]") -> None:
    """Set the addresses and gateways of the configuration, and take former ones away."""
    given = environ.get("ADDRESS") or environ.get("GATEWAY")
    if not given and not os.path.exists(runtime.path(bond, runtime.STATIC)):
        return
    from wbond_net.ports import static_addresses  # 1 ms, which a bond without any does without

    try:
        static_addresses.settle(bond, environ)
    except (OSError, ValueError) as error:
        say(f"static addresses: {error}")


def _start_ports(bond: str) -> None:
    """Start the ports whose devices are there: a device asks for its port only when it appears.

    udev's database lacks the virtual devices that are named literally, and those whose events
    came before the bond was configured. Without udev, as in a container, systemd takes no device
    for present, and the ports' units wait in vain.
    """
    if not os.path.exists(UDEV):
        say(f"udev does not run ({UDEV} is missing): no port can start, as systemd sees no device")
    names = sorted({*udev_database.ports(bond), *named_ports.present(bond)})
    if names:
        command.attempt(command.run, "systemctl", "start", "--no-block", "--", *names)


def _note_just_made(bond: str) -> None:
    """Say that the ports have been started, so that wbond-ports@ has nothing to do."""
    try:
        with open(runtime.path(bond, JUST_MADE), "w", encoding="ascii"):
            pass
    except OSError:
        pass


def _configure_names(bond: str, environ: "Mapping[str, str]") -> None:
    """Publish the servers that the file names; without them, the bond is there all the same."""
    try:
        publisher.configure(bond, environ)
    except Unpublished as error:
        say(f"{bond}: {error}")
        if isinstance(error, Unreachable):
            publisher.try_again_later(bond)
    except OSError as error:
        say(f"{bond}: names are not published: {error}")


def change(bond: str, environ: "Mapping[str, str]") -> None:
    """Set what differs of the options that a bond in use can change.

    Only what differs: primary_reselect, set to what it is, makes the kernel choose a
    port again. A new miimon takes all delays with it, as the kernel counts them in its
    steps; in one message it comes first (bond_changelink(), bond_netlink.c).
    Raises NameTaken, KernelError, and ValueError for a value that is none.
    """
    if not sysfs.is_bond(bond):
        raise NameTaken(f"{bond} is no bond, or not there; start its unit first")
    command.attempt(_metrics, bond, environ, in_use=True)
    _static_addresses(bond, environ)
    _configure_names(bond, environ)
    wanted = options(environ)
    present = {word: _option(bond, attribute) for word, attribute in LIVE.items()}
    changed = [word for word in LIVE if wanted[word] != present[word]]
    if order.is_the_watch_s(bond):  # which has another policy, and gives this one back at its end
        changed = [word for word in changed if word != "primary_reselect"]
    if "miimon" in changed:
        changed = [word for word in LIVE if word in (*changed, *DELAYS)]
    if not changed:
        say(f"{bond} has these options already")
        return
    bonds.change(bond, {word: wanted[word] for word in changed})


def solicit(bond: str) -> None:
    """Ask the IPv6 routers for an advertisement, from outside of the unit. Raises OSError."""
    from wbond_net.kernel import ndisc  # 2 ms, and for no other verb

    ndisc.solicit(request.index(bond), sysfs.attribute(bond, "address"))


def _option(bond: str, attribute: str) -> str:
    """Return an option by its name, where sysfs shows name and number; empty if unknown."""
    return sysfs.attribute(bond, f"bonding/{attribute}").partition(" ")[0]


def down(bond: str) -> None:
    """Remove the bond, whatever it is called now, and stop the ports that are still active.

    Its addresses and routes go with it. What `up` has refused, or was stopped before it could
    look at, is left alone.

    A port that is asked to start while its stop waits for its turn does not stop: the later job
    replaces the earlier one (systemctl(1), --job-mode=replace). Without this it would stay active
    without a bond, and never join the next one, because starting an active unit does nothing.
    """
    try:
        name = record.taken_bond(bond)
        if name and sysfs.is_bond(name):
            links.delete(name)
    finally:
        command.attempt(_withdraw_names, bond)
        names = [units.port_template(bond, role).replace("@", "@*") for role in units.ROLES]
        command.attempt(command.run, "systemctl", "stop", "--no-block", "--", *names)


def _withdraw_names(bond: str) -> None:
    """Take back the bond's names. Raises OSError where they stay in resolv.conf."""
    try:
        publisher.withdraw(bond)
    except Unpublished as error:
        raise OSError(str(error)) from None
