# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the kernel reports of a bond and its ports: a dump makes a state, events make the next.

Everything here is pure.
"""

from __future__ import annotations

from wbond import escape

from wbond_net.kernel import rtnetlink
from wbond_net.kernel.rtnetlink import Event, Link, RouterFlags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import NamedTuple

    IsRadio = Callable[[str], bool]
else:
    from wbond_net.named_tuple import NamedTuple


_WIRED_OPERATIONAL = (rtnetlink.OPERSTATE_UP, rtnetlink.OPERSTATE_UNKNOWN)


class Port(NamedTuple):
    """A port of the bond; `is_radio` tells Wi-Fi from a cable."""

    link: Link
    is_radio: bool

    @property
    def label(self) -> str:
        """Return the kind and the name, safe in a line of text."""
        return f"{'radio' if self.is_radio else 'cable'} {escape.printable(self.link.name)}"

    @property
    def has_carrier(self) -> bool:
        """Tell whether the port is up with carrier, as miimon does (bond_check_dev_link())."""
        return self.link.has_carrier

    @property
    def is_operational(self) -> bool:
        """Tell whether frames get through: it has carrier and, if a radio, is authorised.

        Until then mac80211 drops all frames but those of the handshake, and operstate is not UP.
        The driver of a cable may not know its state: that of dummy(4) is UNKNOWN.
        """
        operational = (rtnetlink.OPERSTATE_UP,) if self.is_radio else _WIRED_OPERATIONAL
        return self.has_carrier and self.link.operstate in operational

    @property
    def can_take_over(self) -> bool:
        """Tell whether the port is operational, and up for the kernel, which refuses others
        (bond_option_active_slave_set()).
        """
        slave = self.link.slave
        return self.is_operational and slave is not None and slave.mii_status == rtnetlink.MII_UP


class State(NamedTuple):
    """The bond, and its ports by index in the order in which they joined.

    `bond` is None when the bond is gone. `active` is the kernel's active port, also for the
    moment after that has left and before the kernel has chosen another.
    """

    bond: Link | None
    ports: Mapping[int, Port]
    active: Port | None

    @property
    def address(self) -> str:
        """Return the bond's MAC address, empty when the bond is gone."""
        return self.bond.address if self.bond else ""

    @property
    def is_operational(self) -> bool:
        """Tell whether frames that the bond sends get through."""
        bond, active = self.bond, self.active
        if bond is None or active is None or active.link.ifindex not in self.ports:
            return False
        return bond.has_carrier and active.is_operational


def find_bond(links: Mapping[int, Link], name: str) -> Link:
    """Return the bond called `name`. Raises LookupError with a text that says what is wrong."""
    link = rtnetlink.link_by_name(links, name)
    if link is None:
        raise LookupError(f"{escape.printable(name)} does not exist")
    if link.bond is None:
        raise LookupError(f"{escape.printable(name)} is not a bond")
    return link


def begin(links: Mapping[int, Link], bond: int, former: State | None, is_radio: IsRadio) -> State:
    """Return the state of the bond with the index `bond` in a dump; `former` is the one before.

    Known ports keep their order, and are not looked up again.
    """
    known = former.ports if former else {}
    members = {link.ifindex: link for link in links.values() if link.master == bond}
    order = [index for index in known if index in members]
    order += [index for index in members if index not in known]
    ports = {index: _port(members[index], known, is_radio) for index in order}
    return _state(links.get(bond), ports, former)


def after(state: State, event: Event, is_radio: IsRadio) -> State:
    """Return the state after an event; the same object if the event does not concern the bond."""
    link = event.what
    if isinstance(link, RouterFlags):
        return _advertised(state, link)
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


def _advertised(state: State, said: RouterFlags) -> State:
    bond = state.bond
    if bond is None or bond.ifindex != said.ifindex or bond.router_flags == said.flags:
        return state
    return state._replace(bond=bond._replace(router_flags=said.flags))


def _port(link: Link, known: Mapping[int, Port], is_radio: IsRadio) -> Port:
    known_port = known.get(link.ifindex)
    return Port(link, known_port.is_radio if known_port else is_radio(link.name))


def _state(bond: Link | None, ports: Mapping[int, Port], former: State | None) -> State:
    """Make a state; a port leaves before the kernel chooses another active port."""
    if bond is None:
        return State(None, {}, None)
    index = bond.bond.active if bond.bond else 0
    active = ports.get(index)
    if active is None and index and former and former.active:
        active = former.active if former.active.link.ifindex == index else None
    return State(bond, ports, active)
