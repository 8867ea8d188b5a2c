# SPDX-License-Identifier: LGPL-2.1-or-later
"""The soak's question after each round: is the laptop whole again?"""

import json
import re
from typing import NamedTuple

import bonding_file
from channels import CommandFailed
from laptop import BOND, CARD, Laptop
from soak_faults import WATCH, World

NAME_SERVER = "192.0.2.1"  # the world tells dhclient of it


class Size(NamedTuple):
    """What a process that stays holds: memory in kB, open files, and BPF programs and maps."""

    memory: int
    files: int
    bpf: int

    def exceeds(self, begun: "Size", leeway: "Size") -> bool:
        """Tell whether it has become more than it may."""
        sizes = zip(self, begun, leeway, strict=True)
        return any(now > former + more for now, former, more in sizes)


# What they may have more than at the beginning. The service manager has files open for each
# process that it has started, so those of a stick and a dock; and six BPF programs and maps for
# each unit that may use neither devices nor IP (DeviceAllow=, IPAddressDeny=). The watch keeps
# three sockets for each port that it has asked for its path, as long as the port is there; there
# are at most four ports, and at the beginning it may have asked none.
LEEWAY = {"watch": Size(2048, 12, 0), "systemd": Size(4096, 8, 12)}

GOES_WITH_DEVICE = re.compile(
    rf"(?:{BOND}-(?:wired|supplicant)@|sys-subsystem-net-devices-)(\w+)\.(?:service|device)"
)


def differs(what: str, found: object, wanted: object) -> str:
    """Return in words that something is not as it should be; nothing where it is."""
    return "" if found == wanted else f"{what}: {found}, not {wanted}"


class Whole:
    """What a laptop is like that lacks nothing; begins with what its processes hold then."""

    def __init__(self, laptop: Laptop, within: float) -> None:
        """`within`: how long wait() waits, in s."""
        self.laptop, self.within = laptop, within
        self.begun = self.sizes()

    def sizes(self) -> dict[str, Size]:
        """Return the sizes of the processes that stay."""
        found = {}
        for name, pid in (("watch", self.laptop.show(WATCH, "MainPID")), ("systemd", "1")):
            files = self.laptop.run("ls", "-l", f"/proc/{pid}/fd").splitlines()[1:]
            bpf = sum(" -> anon_inode:bpf" in file for file in files)
            found[name] = Size(self.laptop.resident(pid), len(files) - bpf, bpf)
        return found

    def wants(self, world: World) -> list[str]:
        """Return what is missing, the cheap looks first; nothing when all is there."""
        for look in (self.ports, self.network, self.units, self.processes, self.status):
            if missing := [text for text in look(world) if text]:
                return missing
        return []

    def ports(self, world: World) -> list[str]:
        """The best port is active, every port in the bond, radios are connected."""
        laptop, radios = self.laptop, world.radios()
        wired = [CARD, laptop.dock_name() or "a dock"] if world.dock else [CARD]
        ports, active = laptop.ports(), laptop.active_port()
        return [
            differs("ports", sorted(ports), sorted(wired + radios)),
            differs("active", active, wired[-1]),
            *(f"{radio} is not connected" for radio in radios if not laptop.authorised(radio)),
        ]

    def network(self, world: World) -> list[str]:
        """Addresses, routes and names are right, and the world answers."""
        laptop = self.laptop
        four = [str(entry["local"]).rpartition(".")[0] for entry in laptop.addresses(4)]
        fresh = [entry for entry in laptop.addresses(6) if not entry.get("deprecated")]
        routes = laptop.run("ip", "route") + laptop.run("ip", "-6", "route")
        routers = re.findall(rf"^default via \S+ dev {BOND} ", routes, re.MULTILINE)
        servers = re.findall(r"^nameserver (\S+)$", laptop.read("/etc/resolv.conf"), re.MULTILINE)
        return [
            differs("IPv4", four, ["192.0.2"]),
            differs("IPv6", sorted(entry["prefixlen"] for entry in fresh), [64, 128]),
            differs("default routes", len(routers), 2),
            "" if NAME_SERVER in servers else f"name servers {servers}",
            "" if laptop.ping(1) else "the world does not answer",
        ]

    def units(self, world: World) -> list[str]:
        """No unit has failed, no job is left, but for ports whose device has gone.

        A port that was killed, and whose device left before it was started again, stays failed:
        systemd has nobody start it. For a device that leaves while its port is being started,
        systemd waits for 90 s (DefaultDeviceTimeoutSec=, systemd-system.conf(5)).
        """
        plain = ("--plain", "--no-legend")
        failed = self.laptop.run("systemctl", "--failed", *plain).splitlines()
        jobs = self.laptop.run("systemctl", "list-jobs", *plain).splitlines()
        units = {line: line.split()[0] for line in failed}
        units |= {line: line.split()[1] for line in jobs}
        return [line for line, unit in units.items() if not self._has_gone(unit)]

    def _has_gone(self, unit: str) -> bool:
        """Tell whether a unit is that of a device that is not there, or of its port."""
        found = GOES_WITH_DEVICE.fullmatch(unit)
        if found is None:
            return False
        return self.laptop.result("test", "-e", f"/sys/class/net/{found[1]}").rc != 0

    def processes(self, world: World) -> list[str]:
        """There is one process of each, none is left behind, and none has grown."""
        shown = self.laptop.run("ps", "-eo", "args").splitlines()
        wanted = {f"wpa_supplicant -i {radio} ": 1 for radio in world.radios()}
        wanted |= {"wpa_supplicant -i ": len(world.radios()), "dhclient -d ": 1, "dhcp6c -f ": 1}
        wanted |= {"helpers/wbond-watch ": 1, "helpers/wbond-port ": 0, "helpers/wbond-bond ": 0}
        wanted |= {"helpers/wbond-dhcp ": 0, "helpers/wbond-hotplug ": 0, "helpers/wbond-dns ": 0}
        counts = {what: sum(what in line for line in shown) for what in wanted}
        found = [differs(f"'{what.strip()}'", counts[what], wanted[what]) for what in wanted]
        for name, size in self.sizes().items():
            if size.exceeds(self.begun[name], LEEWAY[name]):
                found.append(f"{name} has grown: {size}, at the beginning {self.begun[name]}")
        return found

    def status(self, world: World) -> list[str]:
        """`wbond status` is content, and agrees with the kernel."""
        asked = self.laptop.result("wbond", "status", "--json")
        bonds = json.loads(asked.out)["bonds"] if asked.out else []
        text = self.laptop.bonding()
        found = [d for bond in bonds for d in bonding_file.differences(bond, text)]
        return [*found, "" if asked.rc == 0 else f"wbond status: {asked.rc} {asked.out}{asked.err}"]

    def wait(self, world: World) -> float:
        """Wait until it is whole; returns the seconds. Raises AssertionError."""

        def whole() -> bool:
            if missing := self.wants(world):
                raise CommandFailed("; ".join(missing))
            return True

        return self.laptop.wait_for("a whole laptop", whole, self.within)
