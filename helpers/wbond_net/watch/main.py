# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-watch [OPTION VALUE]… BOND: reports on a bond, and hurries what the kernel does anyway.

Options, each may be given more than once but --runtime:
  --start UNIT     started when the bond first has a port that carries; reloaded when one does
                   again, after a time without, and the IPv6 routers are asked
  --refresh UNIT   reloaded when the bond's MAC address is no longer the one dhclient knows
  --dhcp4 CLIENT   --start and --refresh for CLIENT@BOND.service, or `none`
  --dhcp6 CLIENT   --start for CLIENT@BOND.service, or `none`
  --mac POLICY     the bond's `mac`; where it names an interface, the ports are aligned to that
  --runtime DIR    holds DIR/BOND/clients-started and DIR/BOND/dhclient.address; /run/wbond

`state` says what is due; `Watch` carries it out, by way of `Host`. Sleeps in
poll(2) between the kernel's reports. Memory counts: imports are few.
"""

import math
import os
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from wbond import escape

from wbond_net.kernel import ndisc, rtnetlink
from wbond_net.kernel.bond_state import (
    Change,
    Note,
    State,
    after,
    begin,
    changes,
    claimed,
    find_bond,
    misaligned,
    online,
    refresh_due,
    returned,
    status,
    successor,
)
from wbond_net.kernel.rtnetlink import Address, Event, Link
from wbond_net.watch.reopen import Reopen

USAGE = "usage: wbond-watch [--start UNIT] [--refresh UNIT] [--dhcp4 CLIENT] [--dhcp6 CLIENT]…"
RUNTIME = "/run/wbond"
SYSFS = "/sys/class/net"
JUST_MADE = "just-made"  # written by wbond-bond; see wbond-ports@.service
RFKILL, RFKILL_EVENT = "/dev/rfkill", 8  # bytes, struct rfkill_event, linux/rfkill.h
# PATH may be missing or short.
SYSTEMCTL = ("systemctl", "/usr/bin/systemctl", "/bin/systemctl")

# What systemctl is told for dhclient alone, and for all clients, of which some may be stopped or
# not installed.
CONFIRM, ASK_ANEW = "reload", "try-reload-or-restart"

# syslog(3) priorities
ERROR, WARNING, NOTICE, INFO = 3, 4, 5, 6

# WBOND_EVENT, the MESSAGE_ID that goes with it (journalctl MESSAGE_ID=…), and PRIORITY.
EVENTS = {
    "watching": ("e92675a14b084882bdffb67c0e558a91", INFO),
    "failover": ("ad157779b4634a8680b5b293306886f0", NOTICE),
    "active": ("7fd6f27ad7394b8e90ad4ef30e4d6f67", NOTICE),
    "no-carrier": ("cfa7c0beb2194d53baad6ff07b475fe9", WARNING),
    "port-joined": ("862abd1cf8a44c9f810c8ce0d57d96b1", INFO),
    "port-left": ("ef0efa0659c7466e869d26c8b80288b3", INFO),
    "port-renamed": ("46e0d6c29f7d462db85d9e3d6a8d2c32", INFO),
    "carrier-gained": ("bdaf9cc68c6448c1bad1cc84af437122", INFO),
    "carrier-lost": ("8d94c28ae0544f3581267f6cf4f87ac8", INFO),
    "authorised": ("0a8d15c7bfaf4c419a418c3c51dfb691", INFO),
    "address-changed": ("3b1a6391de9a40dd86b00f0857cad5c7", INFO),
    "bond-removed": ("94bab5dc79e94170bda83fb79f096105", NOTICE),
    "claimed": ("c9dffb3d7a834c289243b7cbf9776be2", INFO),
    "realigned": ("d2d185e4926842ffa5c750e67b4ac245", INFO),
    "clients-started": ("0e8d347db93f4883952dcf36affa9e1b", INFO),
    "reopened": ("e064527741eb4427ad02195af6bda82c", INFO),
    "routers-asked": ("4ab12b87d4fc4e14a4cbc2420faddc7c", INFO),
    "start-failed": ("4ed91f61b8974d6ea897efb27ba05b0a", ERROR),
    "refresh-refused": ("3bbd3dca727046e39f21256cde3b7ecb", INFO),
    "write-failed": ("d4e44888691a4d529f49999603f89d9b", WARNING),
}

# When to say, after a standby radio has come back, where the common address really is: its access
# point's word comes at some time within this second. In seconds.
ANNOUNCEMENTS = tuple(n / 100 for n in (*range(20), *range(20, 50, 2), *range(50, 101, 5)))

# When to ask the IPv6 routers again, while none has answered (RFC 4861, MAX_RTR_SOLICITATIONS and
# RTR_SOLICITATION_INTERVAL). In seconds.
SOLICITATIONS = (4.0, 8.0)


def announcement(address: str) -> bytes:
    """Return the frame by which switches learn an address, as access points send it.

    To all, from `address`: an IEEE 802.2 XID response, which asks nothing of anyone.
    """
    payload = bytes((0x00, 0x01, 0xAF, 0x81, 0x01, 0x00))
    source = bytes.fromhex(address.replace(":", ""))
    return b"\xff" * 6 + source + struct.pack("!H", len(payload)) + payload


# --- the world ----------------------------------------------------------------


class Host:
    """What the watch does to the machine it runs on; systemd's library is loaded here alone."""

    def __init__(self, sysfs: str = SYSFS) -> None:
        """Load systemd's library. Raises ImportError."""
        from systemd import daemon, journal

        self._notify: Callable[[str], object] = daemon.notify
        self._send: Callable[..., object] = journal.send
        self._sysfs = sysfs
        self._sender: socket.socket | None = None

    def notify(self, text: str) -> None:
        """Tell the service manager, as sd_notify(3)."""
        self._notify(text)

    def journal(self, message: str, fields: Mapping[str, object]) -> None:
        """Write to the journal; where there is none, nowhere."""
        self._send(message, CODE_FILE=__file__, SYSLOG_IDENTIFIER="wbond-watch", **fields)

    def is_radio(self, name: str) -> bool:
        """Tell a radio from a cable."""
        folder = os.path.join(self._sysfs, name)
        return any(os.path.exists(os.path.join(folder, what)) for what in ("phy80211", "wireless"))

    def option(self, bond: str, option: str) -> str:
        """Return the first word of a bonding option. Raises OSError."""
        with open(os.path.join(self._sysfs, bond, "bonding", option), "rb") as file:
            return os.fsdecode(file.read()).partition(" ")[0].strip()

    def set_option(self, bond: str, option: str, value: str) -> None:
        """Set a bonding option. Raises OSError."""
        path = os.path.join(self._sysfs, bond, "bonding", option)
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, os.fsencode(value))
        finally:
            os.close(descriptor)

    def spawn(self, arguments: list[str]) -> int:
        """Run systemctl; returns a descriptor, readable when it has ended. Raises OSError."""
        for program in SYSTEMCTL:
            try:
                process = os.posix_spawnp(program, [program, *arguments], os.environ)
            except FileNotFoundError:
                continue
            return os.pidfd_open(process)
        raise FileNotFoundError("systemctl is not installed")

    def reap(self, descriptor: int) -> int:
        """Return the exit code of what has ended."""
        result = os.waitid(os.P_PIDFD, descriptor, os.WEXITED)
        os.close(descriptor)
        return result.si_status if result else 0

    def now(self) -> float:
        """Return a time in seconds that only grows."""
        return time.monotonic()

    def send(self, interface: str, frame: bytes) -> None:
        """Send a frame. Raises OSError."""
        if self._sender is None:
            # Kept: to close one waits for an RCU grace period (packet_release(),
            # net/packet/af_packet.c), longer than from one announcement to the next.
            self._sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._sender.sendto(frame, (interface, 0))

    def addresses(self) -> list[Address]:
        """Return all IP addresses. Raises OSError."""
        with rtnetlink.Socket(0) as netlink:
            return netlink.addresses()

    def deprecate(self, addresses: Iterable[Address]) -> None:
        """Have IPv6 addresses used for nothing new. Raises OSError."""
        with rtnetlink.Socket(0) as netlink:
            for address in addresses:
                netlink.deprecate(address)

    def solicit(self, index: int, mac: str) -> None:
        """Ask the IPv6 routers behind an interface. Raises OSError."""
        ndisc.solicit(index, mac)

    def bring_up(self, index: int) -> None:
        """Set an interface administratively up. Raises OSError."""
        with rtnetlink.Socket(0) as netlink:
            netlink.bring_up(index)


# --- the watch ----------------------------------------------------------------


class Options(NamedTuple):
    """The command line."""

    bond: str
    start: tuple[str, ...] = ()
    refresh: tuple[str, ...] = ()
    runtime: str = RUNTIME
    mac: str = "active"


class Watch:
    """Carries out what the states decide."""

    def __init__(self, options: Options, host: Host) -> None:
        """Take the options; nothing happens yet."""
        self._options = options
        self._host = host
        self._folder = os.path.join(options.runtime, options.bond)
        self._index = 0
        self._state: State | None = None
        self._status = ""
        self._tried = 0  # the port for whose loss the move has been tried
        self._left = 0  # the port that was moved away from
        self._started = os.path.exists(self._marker)
        self._asked: tuple[Note, str] | None = None
        self._cut = False  # no port has carried at some time since the clients were asked
        self._served = self._started  # a port has carried before
        self._questions: list[float] = []  # times at which routers are asked again
        self._realigned: set[tuple[int, str]] = set()  # ports and addresses that were tried
        self._due: list[float] = []  # times of announcements to come
        self._reopen = Reopen()
        self.children: dict[int, tuple[str, tuple[str, ...]]] = {}  # descriptor: verb, units

    @property
    def _marker(self) -> str:
        return os.path.join(self._folder, "clients-started")

    @property
    def ended(self) -> bool:
        """Tell whether the bond is gone."""
        return self._state is not None and self._state.bond is None

    def synchronise(self, links: Mapping[int, Link]) -> None:
        """Take a dump: the first one, or one after lost events. Raises LookupError at the first."""
        former = self._state
        if former is None:
            self._index = find_bond(links, self._options.bond).ifindex
        state = begin(links, self._index, former, self._host.is_radio)
        if former:
            self._act(state, changes(former, state))
            return
        try:
            os.unlink(os.path.join(self._folder, JUST_MADE))
        except OSError:
            pass
        self._act(state, [Change("watching", status(state))])
        self._host.notify("READY=1")

    def take(self, events: list[Event]) -> None:
        """Take the events that have come together; only their outcome is acted upon."""
        state = self._state
        if state is None:
            return
        found = []
        for event in events:
            former, state = state, after(state, event, self._host.is_radio)
            if state is not former:
                found += changes(former, state)
        if state is not self._state:
            self._act(state, found)

    def child_ended(self, descriptor: int) -> None:
        """Take note of how systemctl ended."""
        verb, units = self.children.pop(descriptor)
        code = self._host.reap(descriptor)
        if verb == "start":
            self._clients_started(code)
        elif code and verb in (CONFIRM, ASK_ANEW):
            self._say("refresh-refused", f"{' '.join(units)}: not reloaded, may be stopped")

    def patience(self) -> float | None:
        """Return the time in ms until something is due by itself; None when nothing is."""
        first = min(self._due[:1] + self._questions[:1] + [self._reopen.next])
        return None if first == math.inf else max(0.0, first - self._host.now()) * 1000

    def announce(self) -> None:
        """Say on the active port where the bond's address is, if that is due."""
        now, state = self._host.now(), self._state
        if not self._due or self._due[0] > now or state is None:
            return
        self._due = [due for due in self._due if due > now]
        try:
            self._host.send(self._name, announcement(state.address))
        except OSError as error:
            self._due = []
            self._say("write-failed", f"cannot announce its address: {error.strerror}")

    def solicit(self) -> None:
        """Ask the routers once more, if that is due and none has answered yet."""
        now, state = self._host.now(), self._state
        if not self._questions or self._questions[0] > now or state is None:
            return
        self._questions = [due for due in self._questions if due > now]
        told = ndisc.slaac_addresses(self._host.addresses(), self._index)
        if online(state) and all(address.deprecated for address in told):
            self._ask_routers(state)
        else:
            self._questions = []

    def switched(self) -> None:
        """Take note that a radio switch has changed."""
        self._reopen.switched(self._host.now())

    def reopen(self) -> None:
        """Bring up the radios that are down without being blocked, those whose turn it is."""
        state = self._state
        for index in self._reopen.due(self._host.now()) if state else ():
            try:
                self._host.bring_up(index)
            except OSError:  # ERFKILL: it is blocked, as it was
                continue
            label = state.ports[index].label if state else ""
            self._say("reopened", f"{label} was down though nothing blocks it; it is up again")

    def _act(self, state: State, found: list[Change]) -> None:
        """Do what is due, the urgent first, then tell."""
        former, self._state = self._state, state
        self._cut = self._cut or not (state.bond and state.bond.carries)
        self._fail_over(state)
        self._answer_claim(former, state)
        self._reopen.see(state, self._host.now())
        for change in found:
            self._say(change.event, change.text, change.fields)
        if status(state) != self._status:
            self._status = status(state)
            self._host.notify(f"STATUS={self._status}")
        if online(state):
            self._start()
            self._doubt_routers(state)
            self._refresh(state)
            self._realign(state)

    def _answer_claim(self, former: State | None, state: State) -> None:
        port = claimed(former, state) if former else None
        if port:
            self._due = [self._host.now() + later for later in ANNOUNCEMENTS]
            self.announce()
            self._say(
                "claimed", f"{port.label} has the common address; announced on the active port"
            )

    def _realign(self, state: State) -> None:
        """Have the standby ports join anew that can now be aligned, each once."""
        for port in misaligned(state, self._options.mac):
            from wbond import plan  # few bonds come by here

            attempt = (port.link.ifindex, port.link.address)
            if attempt in self._realigned:
                continue
            self._realigned.add(attempt)
            kind = "wireless" if port.radio else "wired"
            unit = plan.port_unit(self._options.bond, kind, port.link.name)
            self._say("realigned", f"{port.label} joins anew, to take the common address")
            self._systemctl("try-restart", (f"{unit}.service",))

    def _fail_over(self, state: State) -> None:
        if state.active is None or state.active.link.carries:
            self._tried = 0
        port = successor(state)
        if port and state.active and self._tried != state.active.link.ifindex:
            self._tried = self._left = state.active.link.ifindex
            self._set_option("active_slave", port.link.name)
        elif self._left:
            settled, reselect = returned(state, self._left)
            if reselect:
                self._reselect()
            self._left = 0 if settled else self._left

    def _reselect(self) -> None:
        """Have the kernel choose by its own policy, by setting that to what it is.

        bond_option_primary_reselect_set() calls bond_select_active_slave().
        """
        try:
            policy = self._host.option(self._name, "primary_reselect")
        except OSError as error:
            self._say("write-failed", f"cannot read primary_reselect: {error.strerror}")
            return
        self._set_option("primary_reselect", policy)

    def _set_option(self, option: str, value: str) -> None:
        """Set a bonding option; the kernel does without, so that a failure is only told."""
        try:
            self._host.set_option(self._name, option, value)
        except OSError as error:
            text = f"cannot set {option} to {escape.printable(value)}: {error.strerror}"
            self._say("write-failed", text)

    @property
    def _name(self) -> str:
        """Return the bond's name of the day."""
        bond = self._state.bond if self._state else None
        return bond.name if bond else self._options.bond

    def _start(self) -> None:
        """Start the clients, once in the life of the bond."""
        starts = any(verb == "start" for verb, _ in self.children.values())
        if self._options.start and not self._started and not starts:
            self._systemctl("start", self._options.start)

    def _clients_started(self, code: int) -> None:
        """Leave a mark, so that clients which a person stops later on stay stopped.

        A start that failed is tried again at the next event.
        """
        units = " ".join(self._options.start)
        if code:
            self._say("start-failed", f"cannot start {units}: systemctl ended with {code}")
            return
        self._started = True
        self._say("clients-started", f"started {units}")
        try:
            with open(self._marker, "w", encoding="utf-8") as file:
                file.write(units + "\n")
        except OSError as error:
            self._say("write-failed", f"cannot write {self._marker}: {error.strerror}")

    def _doubt_routers(self, state: State) -> None:
        """Have the routers say again which network this is when no port has carried for a while.

        The addresses that they gave are for nothing new until they are advertised again: where
        the network is another one, no answer comes back to them.
        """
        returned, self._served = self._cut and self._served, True
        addresses = self._host.addresses() if returned else []
        if not ndisc.ipv6_addresses(addresses, self._index):
            return
        try:
            self._host.deprecate(ndisc.slaac_addresses(addresses, self._index))
        except OSError as error:
            self._say("write-failed", f"cannot deprecate the routers' addresses: {error.strerror}")
        self._questions = [self._host.now() + later for later in SOLICITATIONS]
        self._say("routers-asked", "asks the IPv6 routers which network this is")
        self._ask_routers(state)

    def _ask_routers(self, state: State) -> None:
        try:
            self._host.solicit(self._index, state.address)
        except OSError as error:
            self._questions = []
            self._say("write-failed", f"cannot ask the IPv6 routers: {error.strerror}")

    def _refresh(self, state: State) -> None:
        """Have the clients ask anew where what they know may not hold any more.

        Both of them, as far as they run, when no port has carried for a while: the network may
        be another one. dhclient where it knows another MAC address than the bond's.
        """
        cut, self._cut = self._cut and self._started, False
        note = self._note() if self._options.refresh else None
        moved = refresh_due(note, state.address, self._asked)
        if note and (cut or moved):
            self._asked = (note, state.address)
        if cut and self._options.start:
            self._systemctl(ASK_ANEW, self._options.start)
        elif moved:
            self._systemctl(CONFIRM, self._options.refresh)

    def _note(self) -> Note | None:
        """Read what dhclient's unit wrote before its start."""
        try:
            with open(os.path.join(self._folder, "dhclient.address"), "rb") as file:
                address = os.fsdecode(file.read(64)).strip().lower()
                return Note(address, os.fstat(file.fileno()).st_mtime_ns)
        except OSError:
            return None

    def _systemctl(self, verb: str, units: tuple[str, ...]) -> None:
        try:
            descriptor = self._host.spawn([verb, "--no-block", "--", *units])
        except OSError as error:
            self._say("start-failed", f"cannot run systemctl: {error.strerror or error}")
            return
        self.children[descriptor] = verb, units

    def _say(self, event: str, text: str, fields: Mapping[str, str] | None = None) -> None:
        bond = escape.printable(self._options.bond)
        message_id, priority = EVENTS[event]
        own = {
            "MESSAGE_ID": message_id,
            "PRIORITY": priority,
            "WBOND_BOND": bond,
            "WBOND_EVENT": event,
        }
        self._host.journal(f"{bond}: {text}", {**own, **(fields or {})})


# --- the process --------------------------------------------------------------


def parse(arguments: list[str]) -> Options:
    """Return the options; the last argument is the bond, whatever its name. Raises ValueError."""
    if len(arguments) % 2 == 0:
        raise ValueError("one bond is to be named, and each option takes one value")
    bond = arguments[-1]
    start, refresh, runtime, mac = [], [], RUNTIME, "active"
    for option, value in zip(arguments[:-1:2], arguments[1:-1:2], strict=True):
        if option in ("--dhcp4", "--dhcp6"):
            unit = [] if value == "none" else [f"{value}@{escape.unit_instance(bond)}.service"]
            start += unit
            refresh += unit if option == "--dhcp4" else []
        elif option == "--start":
            start.append(value)
        elif option == "--refresh":
            refresh.append(value)
        elif option == "--mac":
            mac = value
        elif option == "--runtime":
            runtime = value
        else:
            raise ValueError(f"no such option: {option}")
    return Options(bond, tuple(start), tuple(refresh), runtime, mac)


def main(arguments: list[str]) -> int:
    """Entry point; returns 0 when told to stop or when the bond is gone.

    1 when there is no such bond to watch, 2 when called wrongly.
    """
    try:
        options = parse(arguments)
    except ValueError as fault:
        sys.stderr.write(f"{escape.printable(str(fault))}\n{USAGE}\n")
        return 2
    stop, switches = _stop_descriptor(), _switches()
    host = Host()
    netlink = rtnetlink.Socket(rtnetlink.LINKS)
    watch = Watch(options, host)
    try:
        watch.synchronise(netlink.anew(netlink.links))
    except LookupError as fault:
        sys.stderr.write(f"{fault.args[0]}\n")
        return 1
    _run(watch, netlink, stop, switches)
    host.notify("STOPPING=1")
    return 0


def _stop_descriptor() -> int:
    """Return a descriptor that is readable from the first SIGTERM or SIGINT on."""
    readable, writable = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    return readable


def _switches() -> int | None:
    """Return a descriptor that is readable when a radio switch has changed, where there is one."""
    try:
        return os.open(RFKILL, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None


def _run(watch: Watch, netlink: rtnetlink.Socket, stop: int, switches: int | None) -> None:
    """Sleep and take what comes, until told to stop or the bond is gone."""
    while not watch.ended:
        poll = select.poll()
        for descriptor in (stop, netlink.fileno(), switches, *watch.children):
            if descriptor is None:
                continue
            poll.register(descriptor, select.POLLIN)
        ready = {descriptor for descriptor, _ in poll.poll(watch.patience())}
        if stop in ready:
            return
        if netlink.fileno() in ready:
            _take(watch, netlink)
        if switches in ready:
            switches = _take_switches(watch, switches)
        for child in ready & set(watch.children):
            watch.child_ended(child)
        watch.announce()
        watch.solicit()
        watch.reopen()


def _take_switches(watch: Watch, switches: int) -> int | None:
    """Read what the switches have to say; returns the descriptor, None where it has failed."""
    try:
        while os.read(switches, RFKILL_EVENT):
            pass
    except BlockingIOError:
        watch.switched()
        return switches
    except OSError:
        pass
    os.close(switches)
    return None


def _take(watch: Watch, netlink: rtnetlink.Socket) -> None:
    try:
        watch.take(netlink.events())
    except rtnetlink.Overrun:
        watch.synchronise(netlink.anew(netlink.links))
