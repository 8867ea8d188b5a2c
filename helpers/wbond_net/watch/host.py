# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the watch does to the machine on which it runs: all of it.

The one part that is elsewhere is how the journal is written, journal.py.
"""

from __future__ import annotations

import _socket  # socket: 0.3 MB in memory
import os
import time

from wbond_net import notify
from wbond_net.kernel import bonds, ndisc, neighbours, routers, rtnetlink, sysfs, taps, uapi
from wbond_net.kernel.routers import Router
from wbond_net.kernel.rtnetlink import Address
from wbond_net.watch import journal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# PATH may be missing or short.
SYSTEMCTL = ("systemctl", "/usr/bin/systemctl", "/bin/systemctl")
PUBLISHER = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../wbond-dns"))

_LONGEST = 1 << 16  # bytes, of a file in the runtime directory


class Host:
    """The machine; without systemd's library, what is written to the journal goes nowhere."""

    def __init__(self) -> None:
        """Load systemd's library, if it is there."""
        sendv = journal.sendv()
        self.has_journal = sendv is not None
        self._journal = journal.Journal(sendv)
        self._sender: _socket.socket | None = None
        self.taps = taps.Taps()
        self._printed: dict[int, int] = {}  # by descriptor of a process: that of its output

    # --- systemd --------------------------------------------------------------

    def notify(self, text: str) -> None:
        """Tell the service manager, as sd_notify(3), in bounded time. Raises OSError."""
        notify.tell(text, os.environ.get("NOTIFY_SOCKET", ""))

    def journal(self, message: str, fields: Mapping[str, object]) -> None:
        """Write to the journal; never waits. Raises OSError where the journal has no room."""
        own = {"MESSAGE": message, "CODE_FILE": __file__, "SYSLOG_IDENTIFIER": "wbond-watch"}
        self._journal.send(*(f"{name}={value}" for name, value in {**own, **fields}.items()))

    def spawn(self, arguments: list[str], captured: bool = False) -> int:
        """Run systemctl; returns a descriptor, readable when it has ended. Raises OSError.

        What it prints can be had by `output` if it is captured.
        """
        if not captured:
            return _spawned(SYSTEMCTL, arguments, ())
        # In memory, so that nobody has to read while it prints.
        printed = os.memfd_create("systemctl", os.MFD_CLOEXEC)
        try:
            descriptor = _spawned(SYSTEMCTL, arguments, [(os.POSIX_SPAWN_DUP2, printed, 1)])
        except OSError:
            os.close(printed)
            raise
        self._printed[descriptor] = printed
        return descriptor

    def publish(self, arguments: list[str]) -> int:
        """Run wbond-dns; returns a descriptor, readable when it has ended. Raises OSError."""
        return _spawned((PUBLISHER,), arguments, ())

    def output(self, descriptor: int) -> str:
        """Return what was captured of a process that has ended and is not reaped yet."""
        printed = self._printed.pop(descriptor, None)
        if printed is None:
            return ""
        try:
            return os.fsdecode(os.pread(printed, _LONGEST, 0))
        finally:
            os.close(printed)

    def reap(self, descriptor: int) -> int:
        """Return the exit status of what has ended."""
        result = os.waitid(os.P_PIDFD, descriptor, os.WEXITED)
        os.close(descriptor)
        return result.si_status if result else 0

    # --- the kernel -----------------------------------------------------------

    def is_radio(self, name: str) -> bool:
        """Tell a radio from a cable."""
        return sysfs.is_radio(name)

    def option(self, bond: str, option: str) -> str:
        """Return the first word of a bonding option. Raises OSError."""
        with open(os.path.join(sysfs.SYSFS, bond, "bonding", option), "rb") as file:
            return os.fsdecode(file.read()).partition(" ")[0].strip()

    def set_option(self, bond: str, option: str, value: str) -> None:
        """Set a bonding option. Raises OSError."""
        path = os.path.join(sysfs.SYSFS, bond, "bonding", option)
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, os.fsencode(value))
        finally:
            os.close(descriptor)

    def reselect(self, bond: str) -> None:
        """Have the kernel choose the active port by its own policy. Raises OSError.

        Setting the policy to what it is does that: bond_option_primary_reselect_set() calls
        bond_select_active_slave().
        """
        self.set_option(bond, "primary_reselect", self.option(bond, "primary_reselect"))

    def send(self, interface: str, frame: bytes) -> None:
        """Send an Ethernet frame. Raises OSError."""
        if self._sender is None:
            # Kept: to close one waits for an RCU grace period (packet_release(),
            # net/packet/af_packet.c), longer than from one announcement to the next.
            self._sender = _socket.socket(_socket.AF_PACKET, _socket.SOCK_RAW, 0)
        self._sender.sendto(frame, (interface, 0))

    def addresses(self) -> list[Address]:
        """Return all IP addresses. Raises OSError, Overrun."""
        with rtnetlink.Socket(0) as netlink:
            return netlink.addresses()

    def deprecate(self, addresses: Iterable[Address]) -> None:
        """Have IPv6 addresses used for no new connection. Raises OSError, Overrun."""
        with rtnetlink.Socket(0) as netlink:
            for address in addresses:
                netlink.deprecate(address)

    def solicit(self, index: int, mac: str) -> None:
        """Solicit the IPv6 routers behind an interface. Raises OSError."""
        ndisc.solicit(index, mac)

    def bring_up(self, index: int) -> None:
        """Set an interface administratively up. Raises OSError, Overrun."""
        with rtnetlink.Socket(0) as netlink:
            netlink.bring_up(index)

    def set_prio(self, index: int, prio: int) -> None:
        """Set what a port counts when the kernel chooses. Raises OSError, Overrun."""
        with rtnetlink.Socket(0) as netlink:
            netlink.request(uapi.RTM_NEWLINK, bonds.prio_of(index, prio))

    def hasten(self, index: int, note: str) -> None:
        """Have the kernel notice soon that a neighbour is silent. Raises OSError, Overrun.

        What its timers were is noted in a file, unless a watch has done so before.
        """
        with rtnetlink.Socket(0) as netlink:
            if not os.path.exists(note):
                self.write(note, neighbours.note(neighbours.read_timers(netlink, index)))
            neighbours.hasten(netlink, index)

    def routers(self, index: int, note: str) -> tuple[tuple[Router, ...], bool, Router | None]:
        """Return the routers of an interface's default routes, whether it has an address that
        reaches beyond its link, and who stands in for a router. Raises OSError, Overrun.

        `note` is the path of the file that has the address of the DHCP server.
        """
        try:
            server = self.read(note)[0].strip()
        except OSError:
            server = ""
        with rtnetlink.Socket(0) as netlink:
            return routers.read(netlink, index, server)

    def has_upper(self, name: str) -> bool:
        """Tell whether a bridge, a VLAN or the like stands on an interface. Raises OSError."""
        names = os.listdir(os.path.join(sysfs.SYSFS, name))
        return any(entry.startswith("upper_") for entry in names)

    def confirm(self, index: int, family: int, octets: bytes) -> None:
        """Have the kernel ask a neighbour. Raises OSError, Overrun."""
        with rtnetlink.Socket(0) as netlink:
            neighbours.confirm(netlink, index, family, octets)

    def packets_sent(self, name: str) -> int:
        """Return how many packets an interface has sent. Raises OSError."""
        path = os.path.join(sysfs.SYSFS, name, "statistics", "tx_packets")
        with open(path, "rb") as file:
            return int(file.read())

    # --- files ----------------------------------------------------------------

    def read(self, path: str) -> tuple[str, int]:
        """Return a file's text, and when it was written (ns). Raises OSError."""
        with open(path, "rb") as file:
            return os.fsdecode(file.read(_LONGEST)), os.fstat(file.fileno()).st_mtime_ns

    def write(self, path: str, text: str) -> None:
        """Replace a file: whoever reads it finds the former text or the new one. Raises OSError."""
        new = f"{path}.new"
        with open(new, "wb") as file:
            file.write(os.fsencode(text))
        os.replace(new, path)

    def unlink(self, path: str) -> None:
        """Remove a file. Raises OSError."""
        os.unlink(path)

    # --- time -----------------------------------------------------------------

    def now(self) -> float:
        """Return a time in seconds that only grows, also while the machine sleeps."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def time(self) -> float:
        """Return the time in seconds since 1970."""
        return time.time()


def _spawned(
    programs: Sequence[str], arguments: list[str], actions: Sequence[tuple[int, int, int]]
) -> int:
    for program in programs:
        try:
            process = os.posix_spawnp(
                program, [program, *arguments], os.environ, file_actions=actions
            )
        except FileNotFoundError:
            continue
        return os.pidfd_open(process)
    raise FileNotFoundError(f"{programs[0]} is not installed")
