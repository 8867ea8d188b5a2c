# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-port join|leave|supplicant BOND INTERFACE: a port goes into its bond and out again.
wbond-port rank BOND INTERFACE PRIO [INTERFACE PRIO]…: ports stay, and the kernel prefers others.

`join` leaves a port alone that is already in. `supplicant` joins as well, a radio or a
cable with 802.1X, and becomes wpa_supplicant: one process, as Python's start takes longer
than all that it does. It waits for a radio that rfkill blocks.
"""

import errno
import os
import sys

from wbond import units
from wbond.values import MacPolicy

from wbond_net import notify, pauses, runtime
from wbond_net.kernel import (
    addresses,
    command,
    links,
    request,
    rfkill,
    sysfs,
    udev_database,
)
from wbond_net.kernel.command import CommandError
from wbond_net.kernel.journal import say
from wbond_net.kernel.netlink import KernelError
from wbond_net.ports import ifupdown, mac_policy, order, record, scan_frequencies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

USAGE = """usage: wbond-port join|leave|supplicant BOND INTERFACE
       wbond-port rank BOND INTERFACE PRIO [INTERFACE PRIO]…"""
REFUSED = 2
# All rates of the 2.4 GHz band but 802.11b's 1, 2, 5.5 and 11 Mb/s.
RATES = ("legacy-2.4", "6", "9", "12", "18", "24", "36", "48", "54")
# In PRIORITY: what the kernel calls prio. The templates'; wbond-generator's begin above.
NO_PRIO = "0"
OVERRIDES = os.path.join(os.path.dirname(__file__), "../../wpa_supplicant-port.conf")


class PortTaken(Exception):
    """The port is in another bond or bridge; the text says in which and what to do.

    To try again is of no use: its unit is not restarted (RestartPreventExitStatus=).
    """


def main(arguments: list[str], environ: "Mapping[str, str]") -> int:
    """Entry point; returns 0, 1 when it could not be done, 2 when refused or called wrongly.

    A port that is pulled half-way is no failure; its unit ends with its device.
    """
    verbs = {"join": join, "leave": leave, "supplicant": supplicant}
    prios = _prios(arguments[2:]) if arguments[:1] == ["rank"] else None
    if not prios and (len(arguments) != 3 or arguments[0] not in verbs):
        sys.stderr.write(USAGE + "\n")
        return REFUSED
    verb, bond, port = arguments[:3]
    unit = f"port-{port}"
    try:
        if prios:
            rank(bond, prios)
        elif verb == "leave":
            if environ.get("EXIT_STATUS") != str(REFUSED):  # which nobody tries again by itself
                pauses.ended(bond, unit, environ)
            leave(bond, port, environ)
        else:
            role = units.WIRED if verb == "join" else units.SUPPLICANT
            command.attempt(record.note_tried, bond, role, port)
            pauses.wait(bond, unit)
            verbs[verb](bond, port, environ)
    except PortTaken as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    except (CommandError, OSError, ValueError) as error:
        if prios or verb == "leave":
            sys.stderr.write(f"{error}\n")
        else:
            pauses.tell(bond, unit, str(error))
        if prios or _is_there(bond, port):
            return 1
        say(f"{port} has gone")
        notify.ready()  # else a unit that has not started yet would have failed
    return 0


def _is_there(bond: str, port: str) -> bool:
    """Tell whether the port is there, also by another name."""
    return sysfs.exists(port) or request.name(record.port_index(bond, port)) != ""


def settings(port: str, environ: "Mapping[str, str]") -> "Mapping[str, str]":
    """Return prio and settings: the unit's of a port named literally, else those udev holds."""
    literal = environ["PRIORITY"] != NO_PRIO
    return environ if literal else {**environ, **udev_database.settings(port)}


def join(bond: str, port: str, environ: "Mapping[str, str]", role: str = units.WIRED) -> None:
    """Put the port into the bond: down, its MAC, flushed, enslaved (the kernel opens it), ranked.

    A radio that rfkill blocks cannot be opened and so not be enslaved; it is
    left to `supplicant`, which waits. `role` is its unit's. Raises PortTaken,
    KernelError, OSError.
    """
    if rfkill.blocked(port):
        say(f"{port} is blocked by rfkill; it joins {bond} when it is unblocked")
        return
    # A port that has been renamed leaves by its former name and joins by its new one, both at once.
    with runtime.locked(bond, f"port-{request.index(port)}"):
        owner = _owner(bond, port, role)
        for stanza in ifupdown.stanzas(port):
            say(f"{stanza}: ifupdown configures {port} as well; take it out there")
        prio = int(settings(port, environ)["PRIORITY"])
        record.note_port(bond, port, prio)
        if not owner:
            _enslave(bond, port, MacPolicy.parse(environ["MAC"]))
        with runtime.locked(bond):  # of two that join at once, the second sees the first's prio
            order.rank(bond, {port: prio})
        if not sysfs.is_up(port):
            links.set_up(port)


def _owner(bond: str, port: str, role: str) -> str:
    """Return the bond where the port is in it, and nothing where it is free. Raises PortTaken."""
    owner = sysfs.master(port)
    if owner in ("", bond):
        return owner
    raise PortTaken(
        f"{port} is a port of {owner}; it is left alone. "
        f"Take it out there, and start {units.port(bond, role, port)}"
    )


def _enslave(bond: str, port: str, policy: MacPolicy) -> None:
    links.set_down(port)
    mac_policy.apply(bond, port, policy)
    addresses.flush(port)
    with runtime.locked(bond):  # else another port, made the primary meanwhile, would be forgotten
        order.forget_primary(bond)
        _fit_mtu(bond, port)
    links.enslave(port, bond)
    if policy.interface == port:
        mac_policy.remember(bond, port)


def _fit_mtu(bond: str, port: str) -> None:
    """Give the bond the port's MTU if the port cannot have the bond's.

    It would not get in (bond_enslave() sets it): a server may have told dhclient of jumbo frames,
    which no radio can send. Once it is in, the kernel refuses the bond an MTU beyond it.
    """
    wanted, (own, lowest, highest) = links.mtu(bond)[0], links.mtu(port)
    if lowest <= wanted <= (highest or wanted):
        return
    say(f"{port} cannot have the MTU of {bond}, {wanted}; all ports have {own} from now on")
    command.attempt(links.set_mtu, bond, own)


def _prios(words: list[str]) -> dict[str, int] | None:
    """Return prios by interface, from the command line; None for no such line."""
    numbers = dict(zip(words[::2], words[1::2], strict=False))
    valid = all(number.isascii() and number.isdigit() for number in numbers.values())
    if len(words) % 2 or not valid:
        return None
    return {port: int(number) for port, number in numbers.items()}


def rank(bond: str, prios: dict[str, int]) -> None:
    """Give ports that are in the bond other prios, and only then make the best the primary.

    One after the other, the active port might change more than once. Ports that
    are not in get theirs when they join. Raises KernelError, OSError.
    """
    with runtime.locked(bond):
        members = {port: prios[port] for port in prios if sysfs.master(port) == bond}
        for port, prio in members.items():
            record.note_port(bond, port, prio)
        if members:
            order.rank(bond, members)


def leave(bond: str, port: str, environ: "Mapping[str, str]") -> None:
    """Take the port out, whatever it is called now, and give it its own address back.

    Also where the bond has been deleted, which takes its ports out and leaves them as they are.
    Nothing is done to a port that has gone, never was in, or is another's by now. Raises
    KernelError, OSError.
    """
    record.forget_tried(bond, port, _index(port))
    index = record.port_index(bond, port) or _index(port)
    if index == record.NONE or not os.path.isdir(runtime.path(bond)):
        return
    with runtime.locked(bond, f"port-{index}"):
        now, noted = request.name(index), record.port_index(bond, port) == index
        if now and (noted or now == port):
            _take_out(bond, now, noted, environ)
        if noted:
            record.forget_port(bond, index)


def _index(port: str) -> int:
    try:
        return request.index(port)
    except KernelError:
        return record.NONE


def _take_out(bond: str, port: str, noted: bool, environ: "Mapping[str, str]") -> None:
    """Take a port out by its present name; `noted`: wbond has put it in."""
    owner = sysfs.master(port)
    inside = owner != "" and owner == record.bond_name(bond)
    if not inside and (owner or not noted):
        return
    policy = MacPolicy.parse(environ.get("MAC", "active"))
    own = "" if policy.active else links.permanent_address(port)
    if inside:
        links.release(port)
    if environ.get("LEGACY_RATES") == "no" and sysfs.is_radio(port):
        _allow_all_rates(port)
    links.set_down(port)
    if own and sysfs.attribute(port, "address") != own:
        command.attempt(links.set_address, port, own)


def _allow_all_rates(port: str) -> None:
    """Take back what `supplicant` has set: the kernel keeps it for whoever has the radio next.

    Possible only while it is up (ieee80211_set_bitrate_mask()), and wpa_supplicant
    has set it down at its end.
    """
    if not rfkill.blocked(port) and command.attempt(links.set_up, port):
        command.attempt(command.run, "iw", "dev", port, "set", "bitrates")


def supplicant(bond: str, port: str, environ: "Mapping[str, str]") -> None:
    """Put the port into the bond and become wpa_supplicant for it. Does not return.

    A radio that rfkill blocks joins as soon as nothing blocks it; its unit has started before.
    Raises what `join` raises, and CommandError.
    """
    joined = _join_unless_blocked(bond, port, environ)
    notify.ready()
    while not joined:
        rfkill.wait_unblocked(port)
        joined = _join_unless_blocked(bond, port, environ)
    environ = settings(port, environ)
    if sysfs.is_radio(port):
        # Possible only while up and not yet associated; a driver may refuse. None stands for all.
        rates = () if environ["LEGACY_RATES"] == "yes" else RATES
        command.attempt(command.run, "iw", "dev", port, "set", "bitrates", *rates)
    words = supplicant_command(bond, port, environ)
    say(" ".join(words))
    try:
        os.execvp(words[0], words)
    except FileNotFoundError:
        raise CommandError("wpa_supplicant is not installed") from None


def _join_unless_blocked(bond: str, port: str, environ: "Mapping[str, str]") -> bool:
    """Put the port into the bond; tells whether rfkill has let it, also where it blocks meanwhile.

    Raises what `join` raises.
    """
    try:
        join(bond, port, environ, units.SUPPLICANT)
    except KernelError as error:
        if error.errno != errno.ERFKILL or not rfkill.blocked(port):
            raise
        say(str(error))
        return False
    return sysfs.master(port) == bond


def supplicant_command(bond: str, port: str, environ: "Mapping[str, str]") -> list[str]:
    """Return the command line; the interface's own configuration wins where it exists.

    Raises CommandError for a FIFO or a device, which wpa_supplicant would read for ever.
    """
    shared = environ["SUPPLICANT_CONF"]
    own = os.path.join(os.path.dirname(shared), f"wpa_supplicant-{port}.conf")
    configuration = own if os.path.exists(own) else shared
    if os.path.exists(configuration) and not os.path.isfile(configuration):
        raise CommandError(f"{configuration}: no regular file; wpa_supplicant is not started")
    words = ["wpa_supplicant", "-i", port, "-D", environ["SUPPLICANT_DRIVER"]]
    common = os.path.realpath(OVERRIDES)
    words += ["-c", configuration, "-I", scan_frequencies.overrides(bond, port, common)]
    return words + (["-b", bond] if environ["SUPPLICANT_BRIDGE"] == "yes" else [])
