# SPDX-License-Identifier: LGPL-2.1-or-later
"""The main story, in the order in which it is told: one boot, told to its end."""

import re
import time
from typing import Any, NamedTuple

import pytest
from guests import Guests, Resume
from laptop import BOND, CARD, LISTING, RADIO, SMALLEST, UNITS, Laptop
from machine import Snapshot

SYSCTL = rf"net\.ipv[46]\.(conf|neigh)\.(all|default|{CARD}|{RADIO})\."
# Random at every boot or of the moment, with or without wbond.
SYSCTL_OF_THE_MOMENT = ("stable_secret", "base_reachable_time", "mtu")


class Traces(NamedTuple):
    """What a bond could leave behind."""

    sysctl: list[str]
    addresses: list[str]
    routes: str
    macs: dict[str, str]
    processes: list[str]
    sockets: list[str]


def traces(laptop: Laptop) -> Traces:
    """Look at everything that a stopped bond must not have changed."""
    # Debian testing's (procps 4.0.7) fails where it cannot read one.
    sysctl = laptop.run("sysctl", "-a", "-r", SYSCTL, check=False).splitlines()
    processes = laptop.run("ps", "-eo", "args").splitlines()
    suspects = ("dhclient", "dhcp6c", "wbond", "wpa_supplicant -i", "wpa_supplicant -u")
    return Traces(
        [line for line in sysctl if not any(word in line for word in SYSCTL_OF_THE_MOMENT)],
        [line for line in laptop.run("ip", "-brief", "address").splitlines() if "/" in line],
        laptop.run("ip", "route") + laptop.run("ip", "-6", "route"),
        {name: laptop.link(name)["address"] for name in (CARD, RADIO)},
        [line for line in processes if any(word in line for word in suspects)],
        [
            *re.findall(r"\S+:\S+(?=\s+\S+:\*)", laptop.run("ss", "-Hlntuw")),
            *laptop.run("ss", "-H", "-0").splitlines(),
            *laptop.result("find", "/run/wpa_supplicant", "-type", "s").out.splitlines(),
        ],
    )


class Stock(NamedTuple):
    """A laptop with wbond installed, whose generator has found no configuration."""

    traces: Traces
    units: list[str]
    warnings: list[str]


@pytest.fixture(scope="module")
def stock(guests: Guests, installed: Snapshot) -> Stock:
    laptop = guests.resume(installed)
    units = laptop.run("systemctl", "list-units", "--all", "--plain", "--no-legend", "*wbond*")
    found = Stock(traces(laptop), units.splitlines(), laptop.warnings())
    guests.end()
    return found


@pytest.fixture(scope="module")
def laptop(stock: Stock, resume: Resume) -> Laptop:
    """The configuration has been dropped, the laptop rebooted."""
    return resume()


def test_without_a_configuration_wbond_does_nothing(stock: Stock) -> None:
    assert stock.units == []
    assert stock.warnings == []


def test_after_one_reboot_the_bond_is_online_by_the_cable(laptop: Laptop) -> None:
    laptop.wait_both()
    assert LISTING.format(active=CARD) in laptop.bonding()
    for port in (CARD, RADIO):
        section = laptop.bonding().partition(f"Slave Interface: {port}\n")[2]
        assert section.startswith("MII Status: up\n")
    listed = laptop.run("systemctl", "list-units", "--plain", "--no-legend", "*bond0*")
    for unit in (
        "sys-devices-virtual-net-bond0.device",
        "sys-subsystem-net-devices-bond0.device",
        *UNITS,
    ):
        assert re.search(rf"^{re.escape(unit)}\s+loaded active", listed, re.MULTILINE), unit
    assert laptop.is_active("network-online.target")
    assert laptop.run("systemctl", "--failed", "--plain", "--no-legend") == ""
    assert laptop.warnings() == []
    for unit in (f"bond0-wired@{CARD}", f"bond0-supplicant@{RADIO}", "dhclient@bond0"):
        assert laptop.run("systemctl", "show", "-P", "Slice", f"{unit}.service") == "wbond.slice\n"
    assert laptop.run("systemctl", "show", "-P", "StartupCPUWeight", "wbond.slice") == "1000\n"
    assert laptop.link(BOND)["num_tx_queues"] == laptop.link(BOND)["num_rx_queues"] == 1
    assert laptop.ping()


def test_the_boot_leaves_no_job(laptop: Laptop) -> None:
    assert "No jobs" in laptop.run("systemctl", "list-jobs")


def test_what_is_generated_verifies(laptop: Laptop) -> None:
    words = ("systemd-analyze", "verify", "--man=no", "--recursive-errors=no")
    for unit in UNITS:
        result = laptop.result(*words, unit)
        assert (result.rc, result.err) == (0, ""), unit


def test_dhclient_works_within_its_apparmor_profile(laptop: Laptop) -> None:
    profiles = laptop.read("/sys/kernel/security/apparmor/profiles")
    assert re.search(r"dhclient \(enforce\)", profiles)
    denied = laptop.result("sh", "-c", "journalctl -b -k | grep -c 'DENIED.*dhclient'").out.strip()
    assert denied == "0"
    assert laptop.read("/var/lib/dhcp/dhclient.bond0.leases").count("lease {") > 0


def test_one_identity_serves_both_clients(laptop: Laptop) -> None:
    (client_id,) = laptop.client_ids()
    duid = client_id[len("ff:00:00:00:00:") :]
    assert client_id.startswith("ff:")
    assert duid.startswith("00:04:")
    assert len(duid.split(":")) == 18
    assert duid in laptop.read("/run/lab/leases").split("duid", 1)[1]


def test_the_distribution_s_own_dhclient_conf_is_heeded(laptop: Laptop) -> None:
    """Debian's sends the host name."""
    assert re.search(r" 192\.0\.2\.\d+ laptop ", laptop.read("/run/lab/leases"))


def test_the_watch_says_what_is_and_is_small(laptop: Laptop) -> None:
    laptop.wait_status(f"cable {CARD} is active; radio {RADIO} stands by")
    pid = laptop.show("wbond-watch@bond0.service", "MainPID")
    resident = laptop.resident(pid)
    print(f"wbond-watch: {resident} kB resident")
    assert resident <= 16 * 1024


def test_the_watch_sleeps_while_nothing_happens(laptop: Laptop) -> None:
    pid = laptop.show("wbond-watch@bond0.service", "MainPID")

    def turns() -> int:
        status = laptop.read(f"/proc/{pid}/status")
        return int(re.findall(r"^voluntary_ctxt_switches:\s+(\d+)$", status, re.MULTILINE)[0])

    # A router advertises itself every few seconds at its start, and later seldom.
    laptop.run("systemctl", "kill", "--signal=STOP", "lab-dhcp.service")
    time.sleep(2)
    before = turns()
    time.sleep(10)
    after = turns()
    laptop.run("systemctl", "kill", "--signal=CONT", "lab-dhcp.service")
    assert after - before <= 1


def test_udev_leaves_the_address_of_the_bond_alone(laptop: Laptop) -> None:
    before = laptop.link(BOND)["address"]
    assert before == laptop.link(CARD)["address"]
    laptop.shell("udevadm trigger --action=add --settle /sys/class/net/bond0")
    assert laptop.link(BOND)["address"] == before


# The kernel looks at the carriers each 100 ms (miimon), in both set-ups: a pull is seen
# up to 20 packets late, by chance. Three pulls differ by no more than two such looks.
BY_CHANCE = 2 * 20


class Pull(NamedTuple):
    """What two flows saw of a cable that was pulled and plugged in again."""

    udp: dict[str, Any]
    tcp: dict[str, Any]


def pull_the_cable(laptop: Laptop) -> Pull:
    """Pull the cable for some seconds under both flows; the radio is active meanwhile."""
    udp = laptop.traffic("udp")
    tcp = laptop.traffic("tcp")
    time.sleep(2)
    laptop.cable.pull()
    laptop.wait_port(RADIO, 10)
    time.sleep(2)
    laptop.cable.plug()
    laptop.wait_port(CARD, 10)
    time.sleep(2)
    return Pull(udp.report(), tcp.report())


def by_hand(laptop: Laptop) -> None:
    """The source's commands, typed in by hand; the address is the one that wbond had."""
    laptop.shell(
        f"""
        ip link add dev bond0 type bond mode active-backup miimon 100 fail_over_mac active
        ip link set dev bond0 up
        for port in {CARD} {RADIO}; do
            ip link set dev $port down
            ip link set dev $port master bond0
        done
        ip link set dev bond0 type bond primary {CARD}
        wpa_supplicant -B -i {RADIO} -D nl80211 -b bond0 -P /run/by-hand.pid \
            -c /etc/wpa_supplicant/wpa_supplicant.conf
        ip address add 192.0.2.200/24 dev bond0
        """
    )


def by_hand_undone(laptop: Laptop) -> None:
    laptop.shell("kill $(cat /run/by-hand.pid); ip link delete dev bond0")


def test_a_pulled_cable_costs_no_connection_and_no_address(laptop: Laptop) -> None:
    laptop.wait_both()
    laptop.wait_both6()
    addresses = laptop.address(4), [entry["local"] for entry in laptop.addresses(6)]
    pull = pull_the_cable(laptop)
    assert (laptop.address(4), [entry["local"] for entry in laptop.addresses(6)]) == addresses
    assert pull.tcp["broken"] == ""
    assert pull.tcp["sent"] > 50
    assert pull.udp["silence_ms"] < 1000


def test_a_pulled_cable_costs_no_more_than_by_hand(laptop: Laptop) -> None:
    laptop.wait_both()
    ours = [pull_the_cable(laptop) for _ in range(3)]
    laptop.run("systemctl", "stop", "wbond@bond0.service")
    by_hand(laptop)
    laptop.wait_port(CARD)
    laptop.wait_for("the radio to associate", laptop.authorised)
    laptop.wait_for("the world to answer", laptop.ping)
    theirs = [pull_the_cable(laptop) for _ in range(3)]
    by_hand_undone(laptop)
    laptop.run("systemctl", "start", "wbond@bond0.service")
    laptop.wait_both()
    for name, pulls in (("wbond", ours), ("by hand", theirs)):
        lost = [pull.udp["lost"] for pull in pulls]
        silence = [pull.udp["silence_ms"] for pull in pulls]
        print(f"{name}: packets lost per pull and return {lost}, longest silence {silence} ms")
    assert sum(p.udp["lost"] for p in ours) <= sum(p.udp["lost"] for p in theirs) + BY_CHANCE


NEARLY_OVER = 30  # s


def test_on_the_radio_the_lease_is_confirmed_and_the_address_stays(laptop: Laptop) -> None:
    laptop.wait_both()
    laptop.wait_both6()
    address, slaac = laptop.address(4), {entry["local"] for entry in laptop.addresses(6)}
    # The first lease is nearly over: confirmed, the address lasts as long as a new one.
    lifetimes = ("valid_lft", str(NEARLY_OVER), "preferred_lft", str(NEARLY_OVER))
    laptop.run("ip", "-4", "address", "change", f"{address}/24", "dev", BOND, *lifetimes)
    began = time.monotonic()
    before = len(laptop.read("/run/lab/dnsmasq.log"))
    laptop.cable.pull()
    laptop.wait_port(RADIO)
    assert LISTING.format(active=RADIO) in laptop.bonding()
    radio_mac = laptop.link(RADIO)["address"]
    assert laptop.link(BOND)["address"] == radio_mac
    confirmed = f"DHCPACK(br0) {address} {radio_mac}"
    laptop.wait_for(
        "the lease confirmed with the radio's address",
        lambda: confirmed in laptop.read("/run/lab/dnsmasq.log")[before:],
    )
    # It was asked for by its address (INIT-REBOOT), not discovered again.
    said = laptop.read("/run/lab/dnsmasq.log")[before:]
    assert "DHCPDISCOVER" not in said.partition(confirmed)[0]
    for port, status in ((CARD, "down"), (RADIO, "up")):
        assert f"Slave Interface: {port}\nMII Status: {status}\n" in laptop.bonding()
    assert laptop.address(4) == address
    # Two router advertisements at least come by in this time.
    time.sleep(9)
    assert {entry["local"] for entry in laptop.addresses(6)} == slaac
    assert len(laptop.client_ids()) == 1
    time.sleep(max(0, began + NEARLY_OVER + 2 - time.monotonic()))
    assert laptop.address(4) == address
    assert laptop.ping()
    laptop.cable.plug()
    laptop.wait_port(CARD)


def test_daemon_reloads_lose_no_packet(laptop: Laptop) -> None:
    laptop.wait_both()
    udp = laptop.traffic("udp")
    laptop.shell("for n in $(seq 2); do systemctl daemon-reload; done", timeout=300)
    assert udp.report()["lost"] == 0
    assert laptop.active_port() == CARD


def test_after_stop_of_the_bond_nothing_is_left_and_start_brings_all_back(
    laptop: Laptop, stock: Stock
) -> None:
    laptop.wait_both()
    laptop.run("systemctl", "stop", "wbond@bond0.service")
    laptop.wait_for("all units to be inactive", lambda: not any(map(laptop.is_active, UNITS)))
    assert traces(laptop) == stock.traces
    assert laptop.result("test", "-e", "/run/wbond/bond0").rc == 1
    assert laptop.result("test", "-e", "/sys/class/net/bond0").rc == 1
    assert laptop.run("systemctl", "--failed", "--plain", "--no-legend") == ""
    laptop.run("systemctl", "start", "wbond@bond0.service")
    laptop.wait_both()
    laptop.run("systemctl", "restart", "wbond@bond0.service")
    laptop.wait_both()
    assert laptop.ping()


def test_a_start_while_the_bond_stops_brings_all_back(laptop: Laptop) -> None:
    laptop.wait_both()
    for verb in ("stop", "start"):
        laptop.run("systemctl", verb, "--no-block", "wbond@bond0.service")
        # Some of its ports and clients have stopped, others have not.
        time.sleep(2)
    laptop.wait_for("no jobs", lambda: "No jobs" in laptop.run("systemctl", "list-jobs"))
    laptop.wait_both()
    laptop.wait_for("DHCPv6's address", laptop.has_lease)
    assert laptop.run("systemctl", "--failed", "--plain", "--no-legend") == ""


SLOW_STOP = "[Service]\nExecStop=sleep 3\n"
AFTER_THAT = "[Unit]\nBefore=dhclient@bond0.service\n"


def test_a_port_asked_to_start_while_its_bond_stops_stops_with_it(laptop: Laptop) -> None:
    """As by a device that is plugged in then: the start replaces the stop that waits."""
    laptop.wait_both()
    unit = f"bond0-supplicant@{RADIO}.service"
    laptop.write("/run/systemd/system/dhclient@bond0.service.d/slow.conf", SLOW_STOP)
    laptop.write(f"/run/systemd/system/{unit}.d/later.conf", AFTER_THAT)
    laptop.run("systemctl", "daemon-reload")
    laptop.run("systemctl", "stop", "--no-block", "wbond@bond0.service")
    assert "stop waiting" in " ".join(laptop.run("systemctl", "list-jobs", unit).split())
    laptop.run("systemctl", "start", "--no-block", unit)
    laptop.wait_for("no jobs", lambda: "No jobs" in laptop.run("systemctl", "list-jobs"))
    assert not laptop.is_active(unit)
    laptop.run("systemctl", "start", "wbond@bond0.service")
    laptop.wait_both()


def test_a_start_after_the_clients_have_stopped_and_before_the_watch_has(laptop: Laptop) -> None:
    laptop.wait_both()
    unit, watch = f"bond0-wired@{CARD}.service", "wbond-watch@bond0.service"
    laptop.write(f"/run/systemd/system/{unit}.d/slow.conf", "[Service]\nExecStop=sleep 8\n")
    laptop.write(f"/run/systemd/system/{watch}.d/last.conf", f"[Unit]\nBefore={unit}\n")
    laptop.run("systemctl", "daemon-reload")
    laptop.run("systemctl", "stop", "--no-block", "wbond@bond0.service")
    clients = ("dhclient@bond0.service", "dhcp6c@bond0.service")
    laptop.wait_for("both clients to stop", lambda: not any(map(laptop.is_active, clients)))
    assert laptop.is_active(watch)
    laptop.run("systemctl", "start", "--no-block", "wbond@bond0.service")
    laptop.wait_for("no jobs", lambda: "No jobs" in laptop.run("systemctl", "list-jobs"))
    laptop.wait_both()
    laptop.wait_for("DHCPv6's address", laptop.has_lease)


def test_a_configuration_taken_away_leaves_the_machine_as_it_was(laptop: Laptop) -> None:
    assert laptop.read("/etc/wbond.conf") == SMALLEST
    laptop.run("systemctl", "stop", "wbond@bond0.service")
    laptop.run("rm", "/etc/wbond.conf")
    laptop.run("systemctl", "daemon-reload")
    assert laptop.result("find", "/run/systemd/generator", "-name", "*wbond*").out == ""


OTHER_NAMES = f"""[my-wifi]
wired = {CARD}
wireless = {RADIO}

[bönd]
wired = wlan.5 fifteen-bytes-x
wireless =
dhcp4 = none
dhcp6 = none
"""


def test_two_bonds_with_names_that_need_escaping(laptop: Laptop) -> None:
    laptop.run("systemctl", "stop", "wbond@bond0.service")
    laptop.write("/etc/wbond.conf", OTHER_NAMES)
    laptop.run("systemctl", "daemon-reload")
    bonds = ["wbond@my\\x2dwifi.service", "wbond@b\\xc3\\xb6nd.service"]
    laptop.run("systemctl", "start", *bonds)
    for name in ("wlan.5", "fifteen-bytes-x"):
        laptop.run("ip", "link", "add", "dev", name, "type", "dummy")
    laptop.wait_port(CARD, bond="my-wifi")
    laptop.wait_for("the radio to associate", laptop.authorised)
    laptop.wait_for("an address", lambda: laptop.addresses(4, "my-wifi"))
    laptop.wait_for("the world to answer", laptop.ping)
    laptop.wait_port("wlan.5", bond="bönd")
    laptop.wait_for("both ports", lambda: len(laptop.ports("bönd")) == 2)
    assert laptop.is_active("my\\x2dwifi-supplicant@wlp3s0.service")
    assert laptop.is_active("b\\xc3\\xb6nd-wired@fifteen\\x2dbytes\\x2dx.service")
    assert laptop.run("systemctl", "--failed", "--plain", "--no-legend") == ""
    laptop.run("systemctl", "stop", *bonds)
    assert laptop.read("/sys/class/net/bonding_masters").split() == []
