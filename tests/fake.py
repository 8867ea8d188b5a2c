# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine for the helpers' decisions: sysfs as files; acts and commands recorded, answered."""

import errno
import ipaddress
import os
import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

from wbond_net.kernel import sysfs, uapi
from wbond_net.kernel.attributes import IFADDRMSG, IFINFOMSG, RTMSG, attribute, u32
from wbond_net.kernel.netlink import KernelError

OWN = {"enp0s10": "52:54:00:00:00:01", "wlp3s0": "02:00:00:00:00:00", "eth9": "52:54:00:00:00:09"}


MTU = (uapi.IFLA_MTU, uapi.IFLA_MIN_MTU, uapi.IFLA_MAX_MTU)


class Machine:
    """Interfaces below `sysfs`; `ran` holds every act and every program, `refused` those
    that fail, `programs` the programs alone.

    An interface is gone when the act that starts as `pulled` comes, and a radio is blocked by
    rfkill when the one that starts as `blocks` does.
    """

    def __init__(self, root: Path) -> None:
        self.sysfs, self.udev, self.runtime = root / "net", root / "udev", root / "runtime"
        self.generated = root / "generated"
        self.sysctl = root / "sysctl"
        for folder in (self.sysfs, self.udev, self.runtime, self.generated, self.sysctl):
            folder.mkdir()
        self.ran: list[str] = []
        self.given: list[str] = []  # to programs, as standard input
        self.refused: dict[str, str] = {}
        self.pulled = self.blocks = ""
        self.mtu: dict[str, tuple[int, ...]] = {}  # and the lowest and the highest one
        self.addresses: list[bytes] = []
        self.sent = 0
        self.routes: list[bytes] = []
        self.programs: list[str] = []

    def add(self, name: str, address: str = "", up: bool = False, master: str = "") -> Path:
        """Add an interface."""
        folder = self.sysfs / name
        folder.mkdir()
        (folder / "ifindex").write_text(f"{len(list(self.sysfs.iterdir())) + 1}\n")
        (folder / "address").write_text(f"{address or OWN.get(name, '02:00:00:00:00:ff')}\n")
        (folder / "flags").write_text("0x1003\n" if up else "0x1002\n")
        if name.startswith("wl"):
            (folder / "phy80211").mkdir()
        if master:
            (folder / "master").symlink_to(f"../{master}")
        return folder

    def add_bond(self, name: str = "bond0", ports: str = "", primary: str = "") -> None:
        """Add a bond that runs."""
        folder = self.add(name, up=True)
        (folder / "bonding").mkdir()
        (folder / "bonding/slaves").write_text(f"{ports}\n")
        (folder / "bonding/primary").write_text(f"{primary}\n")
        (self.runtime / name).mkdir(exist_ok=True)

    def add_sysctls(self, name: str, accept_ra: str = "1") -> None:
        """Give an interface its settings, as they are at first; IPv6's only with `accept_ra`."""
        found = {"ipv4": {"ignore_routes_with_linkdown": "0"}}
        if accept_ra:
            found["ipv6"] = {"ignore_routes_with_linkdown": "0", "accept_ra": accept_ra}
        for family, settings in found.items():
            folder = self.sysctl / family / name
            folder.mkdir(parents=True)
            for setting, value in settings.items():
                (folder / setting).write_text(f"{value}\n")

    def add_address(self, name: str, text: str, seconds: int | None) -> None:
        """Give an interface an IPv4 address /24; without seconds, one that lasts."""
        lasting = seconds is None
        flags = uapi.IFA_F_PERMANENT if lasting else 0
        valid = uapi.INFINITY_LIFE_TIME if seconds is None else seconds
        times = struct.pack("=IIII", valid, valid, 0, 0)
        own = attribute(uapi.IFA_LOCAL, ipaddress.IPv4Address(text).packed)
        header = IFADDRMSG.pack(2, 24, flags, 0, self.index(name))
        self.addresses.append(header + own + attribute(uapi.IFA_CACHEINFO, times))

    def add_route(
        self, name: str, destination: str, gateway: str, protocol: int = 3, table: int = 254
    ) -> None:
        """Add an IPv4 route; a protocol of 3 is that of ip(8)."""
        network = ipaddress.IPv4Network(destination)
        header = RTMSG.pack(2, network.prefixlen, 0, 0, table, protocol, 0, 1, 0)
        fields = u32(uapi.RTA_OIF, self.index(name))
        if network.prefixlen:
            fields += attribute(uapi.RTA_DST, network.network_address.packed)
        if gateway:
            fields += attribute(uapi.RTA_GATEWAY, ipaddress.IPv4Address(gateway).packed)
        self.routes.append(header + fields)

    def rfkill(self, radio: str, soft: int = 0, hard: int = 0) -> None:
        """Give a radio a switch."""
        folder = self.sysfs / radio / "phy80211/rfkill0"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "soft").write_text(f"{soft}\n")
        (folder / "hard").write_text(f"{hard}\n")

    def note(self, name: str, text: str) -> None:
        """Put properties into udev's database, a line each."""
        lines = [f"E:{line}\n" for line in text.splitlines()]
        text = "".join(["S:disk/by-id/x\n", "I:12345\n", *lines, "G:systemd\n", "V:1\n"])
        (self.udev / f"n{self.index(name)}").write_text(text)

    # --- what stands for the kernel and for programs --------------------------

    def execute(self, command: tuple[str, ...], given: str = "") -> tuple[int, str, str]:
        """Stand for a program: record it, and answer."""
        words = " ".join(command)
        self.ran.append(words)
        self.programs.append(words)
        self.given += [given] if given else []
        for start, text in self.refused.items():
            if words.startswith(start):
                return 2, "", text
        return 0, "", ""

    def run(self, words: Sequence[str], **_: object) -> "subprocess.CompletedProcess[bytes]":
        """Stand for subprocess.run, which the command wbond calls."""
        code, out, err = self.execute(tuple(words))
        return subprocess.CompletedProcess(list(words), code, out.encode(), err.encode())

    def act(self, command: str) -> "Act":
        """Stand for request.Act."""
        return Act(self, command)

    def send(self, _kind: int, _body: bytes, _flags: int = 0) -> None:
        """Stand for a request of a change."""
        self.sent += 1

    def index(self, name: str) -> int:
        """Return the index of an interface."""
        try:
            return int((self.sysfs / name / "ifindex").read_text())
        except FileNotFoundError:
            raise KernelError(errno.ENODEV, f"{name}: No such device") from None

    def name(self, index: int) -> str:
        """Return the name of the interface that has an index."""
        names = [path.parent.name for path in self.sysfs.glob("*/ifindex")]
        return next((name for name in names if self.index(name) == index), "")

    def link(self, name: str) -> bytes:
        """Return what the kernel reports of an interface."""
        header = IFINFOMSG.pack(0, 1, self.index(name), 0, 0)
        own = attribute(uapi.IFLA_IFNAME, name.encode() + b"\0")
        own += attribute(uapi.IFLA_ADDRESS, _octets(sysfs.attribute(name, "address")))
        if name in OWN:
            own += attribute(uapi.IFLA_PERM_ADDRESS, _octets(OWN[name]))
        for kind, value in zip(MTU, self.mtu.get(name, ()), strict=False):
            own += u32(kind, value)
        master = sysfs.master(name)
        if (self.sysfs / master / "ifindex").exists() and master:
            own += u32(uapi.IFLA_MASTER, self.index(master))
        return header + own

    def dump(self, kind: int, _body: bytes) -> list[bytes]:
        """Return what the kernel reports of all interfaces, or of all addresses."""
        if kind == uapi.RTM_GETADDR:
            return self.addresses
        if kind == uapi.RTM_GETROUTE:
            return self.routes
        return [self.link(path.name) for path in sorted(self.sysfs.iterdir())]


class Act:
    """Stands for request.Act: records the command, and does to sysfs what it would."""

    def __init__(self, machine: Machine, command: str) -> None:
        self._machine, self._command, self._words = machine, command, command.split()

    def __enter__(self) -> None:
        machine, command = self._machine, self._command
        machine.ran.append(command)
        if machine.pulled and command.startswith(machine.pulled):
            shutil.rmtree(machine.sysfs / self._words[4])
            raise KernelError(errno.ENODEV, f"{command}: No such device")
        if machine.blocks and command.startswith(machine.blocks):
            machine.rfkill(self._words[4], soft=1)
            raise KernelError(errno.ERFKILL, f"{command}: {os.strerror(errno.ERFKILL)}")
        for start, text in machine.refused.items():
            if command.startswith(start):
                raise KernelError(errno.EBUSY, f"{command}: {text}")
        machine.sent = 0

    def __exit__(self, _: object, error: object, traceback: object) -> None:
        if error:
            return
        # Of a flush, there is nothing to be sent where there is no address.
        assert self._machine.sent or "flush" in self._words, f"nothing was sent: {self._command}"
        match self._words:
            case ["ip", "link", "add", "dev", name, *_]:
                self._machine.add_bond(name)
            case ["ip", "link", "delete", "dev", name]:
                shutil.rmtree(self._machine.sysfs / name)
            case ["ip", "link", "set", "dev", name, "address", address]:
                (self._machine.sysfs / name / "address").write_text(f"{address}\n")
            case ["ip", "link", "set", "dev", name, "master", bond]:
                (self._machine.sysfs / name / "master").symlink_to(f"../{bond}")
                (self._machine.sysfs / name / "flags").write_text("0x1803\n")


def _octets(address: str) -> bytes:
    return bytes.fromhex(address.replace(":", ""))
