# SPDX-License-Identifier: LGPL-2.1-or-later
"""The scenarios' laptop: a guest with wbond, and the words that scenarios use."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import bonding_file
import image
import stock
import warm_status
from channels import CommandFailed
from hardware import DOCK_MAC
from machine import Machine, Snapshot

REPOSITORY = Path(__file__).resolve().parents[2]
CARD, RADIO, BOND = "enp0s10", "wlp3s0", "bond0"
CONFIGURATION = "/etc/wbond.conf"
SMALLEST = f"[bond0]\nwired = {CARD}\nwireless = {RADIO}\n"
# QEMU's USB card has the id of a Linux USB gadget, which no glob takes.
DOCK_SECTION = f"""
[{BOND}/dock]
kind = wired
match_usb = 0525:a4a2
"""
SUPPLICANT = """ctrl_interface=/run/wpa_supplicant
network={
    ssid="lab"
    psk="correct horse"
}
"""
# Debian's own asks for no address; this is what a user of DHCPv6 writes.
DHCP6C = """profile default {
    send ia-na 1;
    send rapid-commit;
    request domain-name-servers, domain-name;
};
id-assoc na 1 { };
"""
FILES = {
    CONFIGURATION: SMALLEST,
    "/etc/wpa_supplicant/wpa_supplicant.conf": SUPPLICANT,
    "/etc/wide-dhcpv6/dhcp6c.conf": DHCP6C,
}
# What the kernel's file of the smallest configuration begins with, and its units.
LISTING = """\
Bonding Mode: fault-tolerance (active-backup) (fail_over_mac active)
Primary Slave: None
Currently Active Slave: {active}
MII Status: up
MII Polling Interval (ms): 100
Up Delay (ms): 0
Down Delay (ms): 0
"""
PORT_UNITS = (f"bond0-wired@{CARD}.service", f"bond0-supplicant@{RADIO}.service")
UNITS = (
    "wbond@bond0.service",
    *PORT_UNITS,
    "dhclient@bond0.service",
    "dhcp6c@bond0.service",
    "wbond-watch@bond0.service",
    "wbond-wait-online@bond0.service",
)


class Laptop(Machine):
    """A machine with bond0, as seen by its user."""

    current: ClassVar["Laptop | None"] = None
    agreed: str | None = None  # what configuration and kernel said when status last agreed

    def write_all(self, files: Mapping[str, str]) -> None:
        """Write files; those with secrets are readable only by root."""
        for path, text in files.items():
            self.write(path, text, 0o600 if path.startswith("/etc/wpa_supplicant/") else 0o644)

    def take_up(self, files: Mapping[str, str]) -> None:
        """Write files, and apply the configuration if it is among them."""
        self.write_all(files)
        if CONFIGURATION in files:
            self.run("wbond", "apply", "--yes", timeout=180)

    def bonding(self, bond: str = BOND) -> str:
        """Return what /proc/net/bonding says."""
        return self.read(f"/proc/net/bonding/{bond}")

    def active_port(self, bond: str = BOND) -> str:
        """Return the active port's name, empty when none is."""
        return self.read(f"/sys/class/net/{bond}/bonding/active_slave").strip()

    def ports(self, bond: str = BOND) -> list[str]:
        """Return the bond's ports."""
        return self.read(f"/sys/class/net/{bond}/bonding/slaves").split()

    def addresses(self, family: int, interface: str = BOND) -> list[dict[str, Any]]:
        """Return the global addresses of a family (4 or 6) that are usable."""
        shown = self.run("ip", "-json", f"-{family}", "address", "show", "dev", interface)
        found = [entry for link in json.loads(shown) for entry in link.get("addr_info", [])]
        return [
            entry
            for entry in found
            if entry["scope"] == "global" and not entry.get("tentative") and "local" in entry
        ]

    def address(self, family: int = 4) -> str:
        """Return the one global address of a family; empty where there is none."""
        found = [str(entry["local"]) for entry in self.addresses(family)]
        assert family == 6 or len(found) < 2, found
        return found[0] if found else ""

    def link(self, interface: str) -> dict[str, Any]:
        """Return what `ip -details link` knows of an interface."""
        shown = json.loads(self.run("ip", "-json", "-d", "link", "show", "dev", interface))
        found: dict[str, Any] = shown[0]
        return found

    def dock_name(self) -> str:
        """Return the name of the dock's interface, empty without one."""
        shown = json.loads(self.run("ip", "-json", "-d", "link"))
        names = [
            link["ifname"]
            for link in shown
            if link.get("permaddr", link.get("address")) == DOCK_MAC and link["ifname"] != BOND
        ]
        return str(names[0]) if names else ""

    def plug_dock_alone(self) -> str:
        """Plug the dock and wait for its card alone; returns the card's name."""
        self.dock.plug()
        self.wait_for("the dock's card", self.dock_name)
        self.run("udevadm", "settle")
        return self.dock_name()

    def escaped_path(self, interface: str) -> str:
        """Return the path of an interface in sysfs as an instance of a unit."""
        path = self.run("readlink", "-f", f"/sys/class/net/{interface}").strip()
        return self.run("systemd-escape", "--path", path).strip()

    def plug_dock(self) -> str:
        """Plug the dock and wait until its card is in the bond; returns the card's name."""
        self.dock.plug()
        self.wait_for("the dock's card", lambda: self.dock_name() in self.ports())
        return self.dock_name()

    def pull_dock(self) -> None:
        """Pull the dock and wait until its card is out of the bond."""
        name = self.dock_name()
        self.dock.pull()
        self.wait_for("no port of the dock", lambda: name not in self.ports())

    def rfkill(self, verb: str, *radios: str) -> None:
        """Block or unblock radios of the laptop, by default its built-in one."""
        for radio in radios or (RADIO,):
            self.shell(f"rfkill {verb} $(cat /sys/class/net/{radio}/phy80211/rfkill*/index)")

    def network_manager_s(self) -> dict[str, str]:
        """Return NetworkManager's states by device."""
        shown = self.run("nmcli", "-t", "-f", "DEVICE,STATE", "device").splitlines()
        return dict(line.split(":", 1) for line in shown)

    def leased6(self) -> list[str]:
        """Return the addresses by DHCPv6, which have a prefix of 128 bits."""
        return [str(a["local"]) for a in self.addresses(6) if a["prefixlen"] == 128]

    def has_lease(self) -> bool:
        """Tell whether the bond has an address by DHCPv6."""
        return bool(self.leased6())

    def is_active(self, unit: str) -> bool:
        """Tell whether a unit is active."""
        return self.result("systemctl", "is-active", "-q", unit).rc == 0

    def resident(self, process: str) -> int:
        """Return a process's resident memory in kB."""
        (size,) = re.findall(r"VmRSS:\s+(\d+) kB", self.read(f"/proc/{process}/status"))
        return int(size)

    def show(self, unit: str, what: str) -> str:
        """Return a property of a unit."""
        return self.run("systemctl", "show", "--value", "-p", what, unit).strip()

    def ping(self, count: int = 3) -> bool:
        """Tell whether the world answers."""
        words = ("ping", "-c", str(count), "-i", "0.2", "-W", "1", "192.0.2.1")
        return self.result(*words).rc == 0

    def authorised(self, radio: str = RADIO) -> bool:
        """Tell whether the radio is associated and its keys are set."""
        return self.read(f"/sys/class/net/{radio}/operstate").strip() == "up"

    def let_in(self) -> bool:
        """Tell whether the access point says the same of a station.

        On a slow machine the last word of a handshake may come when that has begun anew: the
        radio has its keys, and some seconds later the access point sends it away.
        """
        told = self.run("ip", "netns", "exec", "world", "iw", "dev", "ap0", "station", "dump")
        return re.search(r"^\s*authorized:\s*yes$", told, re.MULTILINE) is not None

    def wait_online(self, timeout: float = 120.0) -> float:
        """Wait for a global IPv4 and IPv6 address; returns the seconds it took."""
        took = self.wait_for("an IPv4 address", self.address, timeout)
        return took + self.wait_for("an IPv6 address", lambda: self.address(6), timeout)

    def wait_both6(self) -> None:
        """Wait for the IPv6 addresses by DHCPv6 and by SLAAC, for scenarios that compare them."""
        self.wait_for(
            "one IPv6 address by DHCPv6 and one by SLAAC",
            lambda: sorted(entry["prefixlen"] for entry in self.addresses(6)) == [64, 128],
        )

    def wait_port(self, port: str, timeout: float = 120.0, bond: str = BOND) -> float:
        """Wait until a port is the active one; returns the seconds it took."""
        return self.wait_for(f"{port} active", lambda: self.active_port(bond) == port, timeout)

    def wait_status(self, words: str) -> None:
        """Wait until the watch's status has these words; it learns of events after they happen."""
        self.wait_for(
            f"the watch to say '{words}'",
            lambda: words in self.show("wbond-watch@bond0.service", "StatusText"),
        )

    def wait_agreement(self) -> None:
        """Wait until `wbond status` says of every bond what the kernel's own file says.

        They are read one after the other, and something may change in between. There is nothing
        to compare where wbond is not installed, or where nothing has changed since they last
        agreed.
        """
        # -v: the files' names as well, which are the bonds'.
        state = "tail -v -n +1 /etc/wbond.conf /etc/wbond.conf.d/* /proc/net/bonding/*"

        def agreed() -> bool:
            present = self.result("sh", "-c", state).out
            if present == self.agreed:
                return True
            asked = warm_status.ask(self)
            if not asked:
                return True
            status = json.loads(asked)
            of_the_kernel = self.result("ls", "/proc/net/bonding").out.split()
            told = {bond["name"]: bond["kind"] == "bond" for bond in status["bonds"]}
            found = [
                f"{name} is a bond: {name in of_the_kernel}, by status {is_bond}"
                for name, is_bond in told.items()
                if is_bond != (name in of_the_kernel)
            ]
            found += [
                difference
                for bond in status["bonds"]
                if bond["kind"] == "bond"
                for difference in bonding_file.differences(bond, self.bonding(bond["name"]))
            ]
            if found:
                raise CommandFailed("; ".join(found))
            self.agreed = present
            return True

        self.wait_for("status to agree with the kernel", agreed, 30.0)

    def wait_ranked(self, port: str) -> None:
        """Wait until the kernel knows how a port ranks: the last step of one that joins."""

        def ranked() -> bool:
            return bool(self.link(port)["linkinfo"]["info_slave_data"]["prio"])

        self.wait_for(f"{port} to be ranked", ranked)

    def wait_both(self) -> None:
        """Wait until the cable is active, the radio is authorised, and there are addresses."""
        self.wait_port(CARD)
        self.wait_for("the radio to associate", self.authorised)
        self.wait_online()

    def fail_over_and_back(self) -> None:
        """Play the main story: the cable is pulled and returns, and a stream continues."""
        self.wait_both()
        tcp = self.traffic("tcp")
        self.cable.pull()
        self.wait_port(RADIO)
        self.wait_for("the world to answer over the radio", self.ping)
        self.cable.plug()
        self.wait_port(CARD)
        self.wait_for("the world to answer over the cable", self.ping)
        assert tcp.report()["broken"] == ""

    def client_ids(self) -> set[str]:
        """Return the DHCPv4 client identifiers for which the server has leases."""
        leases = self.read("/run/lab/leases").splitlines()
        return {line.split()[4] for line in leases if line.count(" ") == 4 and "192.0.2." in line}

    def warnings(self) -> list[str]:
        """Return the generator's messages of this boot."""
        words = ("journalctl", "-b", "-t", "wbond-generator", "-o", "cat", "--no-pager", "-q")
        return self.result(*words).out.splitlines()


def source_archive(folder: Path) -> Path:
    """Pack the work tree, as git knows it."""
    archive = folder / "source.tar.gz"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    ).stdout
    there = [name for name in listed.split(b"\0") if name and (REPOSITORY / name.decode()).exists()]
    command = ["tar", "--null", "--no-recursion", "-T", "-", "-czf", str(archive)]
    subprocess.run(command, input=b"\0".join(there), cwd=REPOSITORY, check=True)
    return archive


def install(laptop: Machine) -> None:
    """Do what a user does: unpack, `make install`."""
    laptop.put(source_archive(laptop.folder), "/root/wbond.tar.gz")
    laptop.shell("mkdir /root/wbond; tar -C /root/wbond -xzf /root/wbond.tar.gz")
    laptop.run("make", "-C", "/root/wbond", "install")


def resumed(release: str, folder: Path, snapshot: Snapshot) -> Laptop:
    """Return a laptop that continues where another was saved; if it fails, switch it off."""
    laptop = Laptop(image.image(release), folder, Path(snapshot.disk))
    try:
        return laptop.resume(snapshot)
    except BaseException:
        laptop.kill()
        raise


def install_wbond(release: str, folder: Path) -> Snapshot:
    """Install wbond in a stock guest; returns a snapshot of it, without a configuration."""
    with resumed(release, folder, stock.booted(release)) as laptop:
        install(laptop)
        laptop.run("systemctl", "daemon-reload")
        return laptop.save()


def configure(release: str, folder: Path, installed: Snapshot) -> Snapshot:
    """Write the configuration and reboot; returns a snapshot once everything is up."""
    with resumed(release, folder, installed) as laptop:
        laptop.write_all(FILES)
        laptop.reboot()
        laptop.booted()
        laptop.wait_both()
        laptop.wait_both6()
        laptop.wait_for("the access point to let the radio in", laptop.let_in)
        laptop.wait_both()
        warm_status.start(laptop)
        return laptop.save()


def installed_disk(release: str, folder: Path) -> Path:
    """Return the disk of a stock guest in which wbond has been installed; it is off."""
    with resumed(release, folder, stock.booted(release)) as guest:
        install(guest)
        guest.poweroff()
        return guest.disk
