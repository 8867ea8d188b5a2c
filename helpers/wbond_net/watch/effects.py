# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an effect has the host do, of those that are done at once."""

from __future__ import annotations

import os

from wbond_net import runtime
from wbond_net.watch.duty import (
    Addresses,
    Ask,
    BringUp,
    Confirm,
    Content,
    CountSent,
    Deprecate,
    Effect,
    Hasten,
    Listen,
    Outcome,
    ReadAddresses,
    ReadFile,
    ReadRouters,
    Reselect,
    Routers,
    Send,
    Sent,
    SetOption,
    SetPrio,
    Solicit,
    WriteFile,
)
from wbond_net.watch.host import Host

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from wbond_net.named_tuple import NamedTuple


class Where(NamedTuple):
    """The bond: its index, its present name, and its runtime directory."""

    ifindex: int
    name: str
    folder: str


def carry_out(effect: Effect, host: Host, bond: Where) -> Outcome:
    """Carry out an effect; returns what came of it. Raises OSError, Overrun."""
    match effect:
        case SetOption(option, value):
            host.set_option(bond.name, option, value)
        case Reselect():
            host.reselect(bond.name)
        case SetPrio(index, prio):
            host.set_prio(index, prio)
        case BringUp(index):
            host.bring_up(index)
        case Deprecate(addresses):
            host.deprecate(addresses)
        case WriteFile(name, text):
            host.write(os.path.join(bond.folder, name), text)
        case ReadAddresses() | ReadRouters() | CountSent() | ReadFile():
            return _read(effect, host, bond)
        case _:
            _ask(effect, host, bond)
    return None


def _ask(effect: Effect, host: Host, bond: Where) -> None:
    """Send and hear what an effect asks for. Raises OSError, Overrun."""
    match effect:
        case Send(frame):
            host.send(bond.name, frame)
        case Ask(index, name, frame):
            host.taps.send(index, name, frame)
        case Listen(ports):
            host.taps.listen(ports)
        case Confirm(family, octets):
            host.confirm(bond.ifindex, family, octets)
        case Hasten():
            host.hasten(bond.ifindex, os.path.join(bond.folder, runtime.TIMERS))
        case Solicit(mac):
            host.solicit(bond.ifindex, mac)


def _read(effect: Effect, host: Host, bond: Where) -> Outcome:
    """Read what an effect asks for. Raises OSError, Overrun."""
    match effect:
        case ReadAddresses():
            return Addresses(tuple(host.addresses()))
        case ReadRouters():
            note = os.path.join(bond.folder, runtime.DHCP_SERVER)
            routers, addressed, server = host.routers(bond.ifindex, note)
            return Routers(routers, addressed or host.has_upper(bond.name), server)
        case CountSent(name, _):
            return Sent(host.packets_sent(name))
        case ReadFile(name):
            return Content(*host.read(os.path.join(bond.folder, name)))
    return None
