# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a duty of the watch is: it sees states, and returns what has to be done about them.

A duty does nothing to the machine itself. Its effects are data; the loop carries them out and
hands back what came of each that can fail. Whether a duty is due by itself is data too.
"""

from __future__ import annotations

# What collections.abc is, without the package around it, which is loaded for nothing else.
import math
from _collections_abc import Iterable

from wbond_net.kernel.bond_state import State
from wbond_net.kernel.frames import Answer, Success
from wbond_net.kernel.neighbours import Neighbour
from wbond_net.kernel.routers import Router
from wbond_net.kernel.rtnetlink import Address, Overrun

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NamedTuple
else:
    from wbond_net.named_tuple import NamedTuple


class SetOption(NamedTuple):
    """Set an option of the bond."""

    option: str
    value: str


class Reselect(NamedTuple):
    """Have the kernel choose the active port by its own policy."""


class Systemctl(NamedTuple):
    """Run systemctl; its outcome is Ended."""

    verb: str
    units: tuple[str, ...]


class Publish(NamedTuple):
    """Have wbond-dns publish what routers advertise, all of it; the outcome is Ended."""

    servers: tuple[str, ...]
    domains: tuple[str, ...]


class Send(NamedTuple):
    """Send an Ethernet frame through the bond."""

    frame: bytes


class ReadAddresses(NamedTuple):
    """Read the IP addresses of all interfaces; the outcome is Addresses."""


class Deprecate(NamedTuple):
    """Have IPv6 addresses used for no new connection."""

    addresses: tuple[Address, ...]


class Solicit(NamedTuple):
    """Solicit the IPv6 routers behind the bond, from the MAC address `mac`."""

    mac: str


class BringUp(NamedTuple):
    """Set an interface administratively up."""

    ifindex: int


class ReadFile(NamedTuple):
    """Read a file of the bond's runtime directory; the outcome is Content."""

    name: str


class WriteFile(NamedTuple):
    """Replace a file of the bond's runtime directory."""

    name: str
    text: str


class Journal(NamedTuple):
    """Write to the journal: an event of journal_events.EVENTS, a text, and further fields."""

    event: str
    text: str
    fields: Mapping[str, str] = {}


class Notify(NamedTuple):
    """Tell the service manager, as sd_notify(3)."""

    text: str


class SetPrio(NamedTuple):
    """Set what a port counts when the kernel chooses the active one."""

    ifindex: int
    prio: int


class Hasten(NamedTuple):
    """Have the kernel notice within a second that a neighbour of the bond is silent."""


class ReadRouters(NamedTuple):
    """Read the routers of the bond's default routes; the outcome is Routers."""


class Confirm(NamedTuple):
    """Have the kernel ask a neighbour of the bond at once."""

    family: int
    octets: bytes


class Listen(NamedTuple):
    """Hear the answers that come in by these ports, names by index, and by no others."""

    ports: Mapping[int, str]


class Ask(NamedTuple):
    """Send a frame out of one port, which need not be the active one."""

    ifindex: int
    name: str
    frame: bytes


class CountSent(NamedTuple):
    """Count the packets that a port has sent; the outcome is Sent. `state` is what it is for."""

    name: str
    state: int


class OtherNetwork(NamedTuple):
    """Take it that the bond is in another network than before."""


Effect = (
    SetOption
    | Reselect
    | Systemctl
    | Publish
    | Send
    | ReadAddresses
    | Deprecate
    | Solicit
    | BringUp
    | ReadFile
    | WriteFile
    | Journal
    | Notify
    | SetPrio
    | Hasten
    | ReadRouters
    | Confirm
    | Listen
    | Ask
    | CountSent
    | OtherNetwork
)
Effects = Iterable[Effect]


class Ended(NamedTuple):
    """A program has ended: its exit status, and what systemctl printed if it was to show."""

    status: int
    output: str = ""


class Addresses(NamedTuple):
    """The IP addresses of all interfaces."""

    addresses: tuple[Address, ...]


class Content(NamedTuple):
    """A file: its text, and when it was written (ns)."""

    text: str
    written: int


class Routers(NamedTuple):
    """The routers of the bond's default routes; `addressed`: it has an address that reaches beyond
    its link, or something stands on it that may have one. `server` is the DHCP server, where that
    is on the link.
    """

    routers: tuple[Router, ...]
    addressed: bool
    server: Router | None = None


class Sent(NamedTuple):
    """How many packets have been sent since the port was made."""

    packets: int


Failure = OSError | Overrun
Outcome = Ended | Addresses | Content | Routers | Sent | Failure | None


class View(NamedTuple):
    """What a duty sees.

    `states` are those since the last look, oldest first: the last is the present one. The first
    is the one before, but at the very first look, where it is the only one. `network` is the
    number of the network that the bond is in, see network.Network; `now` is in seconds, of a
    clock that only grows, `time` in seconds since 1970. `ifindex` is the bond's.
    """

    ifindex: int
    states: Sequence[State]
    network: int
    now: float
    time: float = 0.0

    @property
    def state(self) -> State:
        """Return the present state."""
        return self.states[-1]


class Duty:
    """One duty; the loop calls these methods, and one that a duty does not need does nothing."""

    @property
    def due(self) -> float:
        """Return when to call `tick`, in seconds as View.now; infinity for never."""
        return math.inf

    def changed(self, view: View) -> Effects:
        """The state has changed, or this is the first one."""
        return ()

    def tick(self, view: View) -> Effects:
        """`due` has come."""
        return ()

    def done(self, effect: Effect, outcome: Outcome, view: View) -> Effects:
        """An effect of this duty has come to an outcome; None where there is nothing to tell."""
        return ()

    def advertised(self, view: View, options: Sequence[bytes]) -> Effects:
        """Routers have advertised what the kernel leaves to others: options of RFC 4861, 4.6."""
        return ()

    def rfkill_changed(self, view: View) -> Effects:
        """A radio switch has changed."""
        return ()

    def neighbours_changed(self, neighbours: Sequence[Neighbour], view: View) -> Effects:
        """The kernel has reported on neighbours of the bond, oldest first."""
        return ()

    def routes_changed(self, view: View) -> Effects:
        """A default route of the bond is new or gone."""
        return ()

    def addresses_changed(self, view: View) -> Effects:
        """An IPv4 address of the bond is new, other than before, or gone."""
        return ()

    def ipv6_changed(self, view: View) -> Effects:
        """A router has changed IPv6's parameters of the bond."""
        return ()

    def heard(self, port: int, answers: Sequence[Answer | Success], view: View) -> Effects:
        """Answers have come in by a port, which is told by its index."""
        return ()


def reason(error: Exception) -> str:
    """Return in words why something failed."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
