# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a bond is like, by the kernel's reports, and what follows from it; all of it pure.

Events make a state, two states make changes, a state decides what is due.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from wbond import escape

from wbond_net.kernel import rtnetlink
from wbond_net.kernel.rtnetlink import Event, Link

_CABLE_SERVES = (rtnetlink.OPERSTATE_UP, rtnetlink.OPERSTATE_UNKNOWN)


class Port(NamedTuple):
    """A port of the bond, and whether it is a radio or a cable."""

    link: Link
    radio: bool

    @property
    def label(self) -> str:
        """Return kind and name, fit for a line of text."""
        return f"{'radio' if self.radio else 'cable'} {escape.printable(self.link.name)}"

    @property
    def serves(self) -> bool:
        """Tell whether frames get through: it carries and, a radio, is authorised.

        Until then mac80211 drops all but the handshake, and operstate is not
        UP. A cable's driver may not know its state: dummy(4)'s is UNKNOWN.
        """
        known = (rtnetlink.OPERSTATE_UP,) if self.radio else _CABLE_SERVES
        return self.link.carries and self.link.operstate in known


class State(NamedTuple):
    """The bond and its ports by index, in the order in which they were seen to join.

    `bond` is None when it is gone. `active` is the kernel's active port, also
    for the moment in which it has left and no other has been chosen.
    """

    bond: Link | None
    ports: Mapping[int, Port]
    active: Port | None

    @property
    def address(self) -> str:
        """Return the bond's MAC address."""
        return self.bond.address if self.bond else ""


class Change(NamedTuple):
    """A difference between two states: what happened, a text, and journal fields."""

    event: str
    text: str
    fields: Mapping[str, str] = {}


class Note(NamedTuple):
    """The MAC address that dhclient started with, and when that was written (ns)."""

    address: str
    written: int


IsRadio = Callable[[str], bool]


# --- events make a state ------------------------------------------------------


def find_bond(links: Mapping[int, Link], name: str) -> Link:
    """Return the bond called `name`. Raises LookupError with a text that says what is wrong."""
    link = next((link for link in links.values() if link.name == name), None)
    if link is None:
        raise LookupError(f"{escape.printable(name)} does not exist")
    if link.bond is None:
        raise LookupError(f"{escape.printable(name)} is not a bond")
    return link


def begin(links: Mapping[int, Link], bond: int, former: State | None, is_radio: IsRadio) -> State:
    """Return the state that a dump shows; `former` is the state before, if any.

    Ports that were known keep their rank in order and are not looked up again.
    """
    known = former.ports if former else {}
    members = {link.ifindex: link for link in links.values() if link.master == bond}
    order = [index for index in known if index in members]
    order += [index for index in members if index not in known]
    ports = {index: _port(members[index], known, is_radio) for index in order}
    return _state(links.get(bond), ports, former)


def after(state: State, event: Event, is_radio: IsRadio) -> State:
    """Return the state after an event; the same object where it says nothing about the bond."""
    link = event.what
    if state.bond is None or not isinstance(link, Link):
        return state
    if link.ifindex == state.bond.ifindex:
        return _state(None if event.gone else link, state.ports, state)
    joined = link.master == state.bond.ifindex and not event.gone
    if not joined and link.ifindex not in state.ports:
        return state
    ports = dict(state.ports)
    if joined:
        ports[link.ifindex] = _port(link, ports, is_radio)
    else:
        del ports[link.ifindex]
    return _state(state.bond, ports, state)


def _port(link: Link, known: Mapping[int, Port], is_radio: IsRadio) -> Port:
    radio = known[link.ifindex].radio if link.ifindex in known else is_radio(link.name)
    return Port(link, radio)


def _state(bond: Link | None, ports: Mapping[int, Port], former: State | None) -> State:
    """Put a state together; a port that leaves does so before the kernel chooses another."""
    if bond is None:
        return State(None, {}, None)
    index = bond.bond.active if bond.bond else 0
    active = ports.get(index)
    if active is None and index and former and former.active:
        active = former.active if former.active.link.ifindex == index else None
    return State(bond, ports, active)


# --- two states make changes --------------------------------------------------


def changes(former: State, state: State) -> list[Change]:
    """Return what a person may want to know about the way from one state to the next."""
    if state.bond is None:
        return [Change("bond-removed", "is gone")] if former.bond else []
    found = []
    for index in {**former.ports, **state.ports}:
        found += _port_changes(former.ports.get(index), state.ports.get(index))
    found += _active_changes(former.active, state.active)
    if former.bond and former.address != state.address:
        found.append(_address_change(former.address, state.address))
    return found


def _port_changes(former: Port | None, port: Port | None) -> list[Change]:
    if port is None:
        return [_about("port-left", former, "has left")] if former else []
    if former is None:
        return [_about("port-joined", port, "has joined")]
    found = []
    if former.link.name != port.link.name:
        found.append(_about("port-renamed", port, f"was {former.label} before", former))
    if former.link.carries and not port.link.carries:
        found.append(_about("carrier-lost", port, "has lost its carrier"))
    if port.link.carries and not former.link.carries:
        found.append(_about("carrier-gained", port, "has carrier"))
    if port.radio and port.serves and not former.serves:
        found.append(_about("authorised", port, "is authorised"))
    return found


def _active_changes(former: Port | None, active: Port | None) -> list[Change]:
    if active is None:
        return [_nothing_carries(former)] if former else []
    if former is None:
        return [_about("active", active, "is the active port")]
    if former.link.ifindex == active.link.ifindex:
        return []
    return [_about("failover", active, f"is the active port, instead of {former.label}", former)]


def _nothing_carries(former: Port) -> Change:
    return Change(
        "no-carrier",
        f"no port carries; the last was {former.label}",
        {"WBOND_FORMER": escape.printable(former.link.name)},
    )


def _address_change(former: str, address: str) -> Change:
    return Change(
        "address-changed",
        f"the MAC address is {address}, it was {former}",
        {"WBOND_ADDRESS": address, "WBOND_FORMER_ADDRESS": former},
    )


def _about(event: str, port: Port, text: str, former: Port | None = None) -> Change:
    """Make a change that concerns a port."""
    fields = {
        "WBOND_PORT": escape.printable(port.link.name),
        "WBOND_ADDRESS": port.link.address,
    }
    if former:
        fields["WBOND_FORMER"] = escape.printable(former.link.name)
    return Change(event, f"{port.label} {text}", fields)


def status(state: State) -> str:
    """Return the state in one line for `systemctl status`, the active port first."""
    if not state.ports:
        return "no ports"
    active = state.active.link.ifindex if state.active else 0
    ports = sorted(state.ports.values(), key=lambda port: port.link.ifindex != active)
    parts = [f"{port.label} {_condition(port, port.link.ifindex == active)}" for port in ports]
    carries = state.active is not None and state.active.link.carries
    return "; ".join(parts if carries else ["no port carries", *parts])


def _condition(port: Port, active: bool) -> str:
    """Say in a few words how a port fares."""
    if not port.link.carries:
        return "has no carrier" if port.link.up else "is down"
    if not port.serves:
        waits = "is not authorised yet" if port.radio else "is not operational yet"
        return f"carries, but {waits}" if active else waits
    return "carries" if active else "stands by"


# --- a state decides what is due ----------------------------------------------


def successor(state: State) -> Port | None:
    """Return the port to move to at once; None when all is left to the kernel.

    Only when the active port carries no longer, which miimon sees up to
    100 ms later, and only to a port that serves and that the kernel itself
    takes for up: it refuses others (bond_option_active_slave_set()). Not with
    a downdelay, which asks for patience. Ranked as the kernel ranks: the
    primary, then priority, then the order of joining (bond_find_best_slave()).
    """
    bond, active = state.bond, state.active
    if bond is None or bond.bond is None or active is None:
        return None
    if active.link.carries or bond.bond.downdelay:
        return None
    candidates = [port for port in state.ports.values() if _may_take_over(port)]
    primary = bond.bond.primary
    return max(candidates, key=lambda port: _rank(port, primary), default=None)


def _may_take_over(port: Port) -> bool:
    slave = port.link.slave
    return port.serves and slave is not None and slave.mii_status == rtnetlink.MII_UP


def _rank(port: Port, primary: int) -> tuple[bool, int]:
    return (port.link.ifindex == primary, port.link.slave.prio if port.link.slave else 0)


class Left(NamedTuple):
    """What has become of the port that was moved away from."""

    settled: bool
    reselect: bool


def returned(state: State, left: int) -> Left:
    """Tell whether the kernel has to be asked to reselect, after moving away from port `left`.

    A carrier that is back before miimon has looked never was away for the
    kernel, so nothing would make it return to a better port.
    """
    port = state.ports.get(left)
    if port is None or port.link.slave is None:
        return Left(settled=True, reselect=False)
    if port.link.slave.mii_status == rtnetlink.MII_DOWN:
        return Left(settled=True, reselect=False)
    if not port.link.carries or port.link.slave.mii_status != rtnetlink.MII_UP:
        return Left(settled=False, reselect=False)
    active = state.active is not None and state.active.link.ifindex == left
    return Left(settled=True, reselect=not active)


def online(state: State) -> bool:
    """Tell whether what the bond sends gets out."""
    bond, active = state.bond, state.active
    if bond is None or active is None or active.link.ifindex not in state.ports:
        return False
    return bond.carries and active.serves


def refresh_due(note: Note | None, address: str, asked: tuple[Note, str] | None) -> bool:
    """Tell whether dhclient is to confirm its lease: once for each address and each of its starts.

    `note` is None when dhclient has not been started.
    """
    if note is None or note.address == address:
        return False
    return asked != (note, address)


def misaligned(state: State, policy: str) -> list[Port]:
    """Return the standby ports that have another address than the port that `mac` names.

    They joined before that one was there, a dock's. The active port is left
    until it stands by: it would have to leave the bond.
    """
    named = next((port for port in state.ports.values() if port.link.name == policy), None)
    if named is None or state.active is None or not state.active.serves:
        return []
    common = named.link.perm_address or named.link.address
    active = state.active.link.ifindex
    return [
        port
        for index, port in state.ports.items()
        if index != active and port.link.address != common
    ]


def claimed(former: State, state: State) -> Port | None:
    """Return the standby radio that has just got carrier, or been authorised, with bond's address.

    Its access point then tells the switch that the address is behind itself
    (cfg80211_send_layer2_update(), net/wireless/util.c), and what is meant for
    the active port goes astray.
    """
    if state.active is None or state.active.radio or not state.active.serves:
        return None
    for index, port in state.ports.items():
        before = former.ports.get(index)
        if before is None or not port.radio or port.link.address != state.address:
            continue
        if (port.link.carries, port.serves) > (before.link.carries, before.serves):
            return port
    return None
