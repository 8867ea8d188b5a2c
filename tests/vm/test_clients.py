# SPDX-License-Identifier: LGPL-2.1-or-later
"""The DHCP clients: dhcpcd for both families, and DHCPv6 as the routers have it."""

import json

import pytest
from guests import Resume
from laptop import BOND, CARD, CONFIGURATION, RADIO, SMALLEST, Laptop
from test_networks import (
    DNSMASQ,
    ELSEWHERE,
    leave,
    set_network,
    wait_network,
    wait_router_s,
)

DHCPCD = f"wbond-dhcpcd@{BOND}.service"
BOTH = f"{SMALLEST}dhcp4 = dhcpcd\ndhcp6 = dhcpcd\n"
LOG = "/run/lab/dnsmasq.log"
# As Debian ships it, comments and all.
STOCK = """\
# Default dhpc6c configuration: it assumes the address is autoconfigured using
# router advertisements.

profile default
{
  information-only;

  request domain-name-servers;
  request domain-name;

  script "/etc/wide-dhcpv6/dhcp6c-script";
};
"""
BY_DHCPV6 = "2001:db8::100,2001:db8::1ff,slaac,64,10m"
# What the routers say there, and what dnsmasq has to be told for it.
MANAGED, SLAAC_ONLY, STATELESS = (
    "2001:db8::100,2001:db8::1ff,64,10m",
    "2001:db8::,ra-only,64,10m",
    "2001:db8::,ra-stateless,64,10m",
)


@pytest.fixture(scope="module")
def laptop(resume: Resume) -> Laptop:
    return resume()


def said(laptop: Laptop, what: str) -> int:
    """Count how often the servers' log has this."""
    return laptop.read(LOG).count(what)


def addresses(laptop: Laptop) -> list[str]:
    """Return the leased addresses of both families."""
    return [laptop.address(), *laptop.leased6()]


def wait_usable(laptop: Laptop, address: str) -> None:
    """Wait for an address; dhcp6c sets its own anew when it confirms it, and DAD takes a second."""
    laptop.wait_for(f"{address} to be usable", lambda: address in addresses(laptop), 5.0)


def wait_leases(laptop: Laptop) -> list[str]:
    """Wait for the leases of both families, and return their addresses."""
    laptop.wait_for("both leases", lambda: all(addresses(laptop)) and laptop.has_lease(), 60.0)
    return addresses(laptop)


def wait_confirmed(laptop: Laptop) -> None:
    """Wait until the last lease that the server has confirmed is for the bond's MAC address."""

    def confirmed() -> bool:
        lines = [line for line in laptop.read(LOG).splitlines() if "DHCPACK" in line]
        return str(laptop.link(BOND)["address"]) in lines[-1]

    laptop.wait_for("a confirmation", confirmed, 30.0)


def served_by_dhcpcd(laptop: Laptop) -> list[str]:
    """Have dhcpcd serve both families, and return the leased addresses."""
    laptop.wait_both()
    if laptop.read(CONFIGURATION) != BOTH:
        laptop.write(CONFIGURATION, BOTH)
        laptop.run("wbond", "apply", "--yes", timeout=180)
    laptop.wait_for("dhcpcd", lambda: laptop.is_active(DHCPCD))
    return wait_leases(laptop)


def test_with_dhcpcd_the_addresses_stay_until_the_network_is_another(laptop: Laptop) -> None:
    before = served_by_dhcpcd(laptop)
    route = laptop.run("ip", "route")
    udp, asked = laptop.traffic("udp"), said(laptop, "DHCPACK")
    laptop.run("systemctl", "reload", DHCPCD)
    laptop.wait_for("a confirmation", lambda: said(laptop, "DHCPACK") > asked)
    assert udp.report()["lost"] == 0
    laptop.fail_over_and_back()
    wait_confirmed(laptop)
    # dhcpcd has begun with a lease, and hears how the kernel announces the next MAC address.
    for move, port in ((laptop.cable.pull, RADIO), (laptop.cable.plug, CARD)) * 2:
        move()
        laptop.wait_port(port)
        wait_confirmed(laptop)
        assert (addresses(laptop), laptop.run("ip", "route")) == (before, route)
    assert said(laptop, "DHCPDECLINE") == 0
    here = there = laptop.read(DNSMASQ)
    for prefix, other in ELSEWHERE.items():
        there = there.replace(prefix, other)
    leave(laptop)
    set_network(laptop, there)
    laptop.access_point.start()
    wait_network(laptop, ELSEWHERE.values())
    assert "default via 198.51.100.1 dev bond0" in laptop.run("ip", "route")
    leave(laptop)
    set_network(laptop, here)
    laptop.cable.plug()
    wait_network(laptop, ELSEWHERE)
    wait_router_s(laptop, "2001:db8::")
    # dhcpcd would have the kernel make one of the MAC address as well.
    advertised = [a for a in laptop.addresses(6) if a.get("mngtmpaddr")]
    assert advertised
    assert all(a.get("stable-privacy") for a in advertised), advertised
    laptop.access_point.start()
    laptop.wait_both()


def test_a_client_without_its_folder_makes_it_anew(laptop: Laptop) -> None:
    laptop.take_up({CONFIGURATION: SMALLEST})
    laptop.wait_both()
    before = wait_leases(laptop)
    laptop.run("rm", "-r", "/var/lib/dhcp", "/var/lib/dhcpv6", "/var/lib/wbond")
    laptop.run("systemctl", "restart", f"dhclient@{BOND}", f"dhcp6c@{BOND}", timeout=120)
    laptop.wait_for("the same leases", lambda: addresses(laptop) == before, 60.0)
    before = served_by_dhcpcd(laptop)
    laptop.run("rm", "-r", "/var/lib/wbond")
    laptop.run("systemctl", "restart", DHCPCD)
    laptop.wait_for("the same leases", lambda: addresses(laptop) == before, 60.0)


def test_dhcpcd_is_killed_and_stopped(laptop: Laptop) -> None:
    before = served_by_dhcpcd(laptop)
    former = laptop.show(DHCPCD, "MainPID")
    laptop.run("kill", "-KILL", former)
    laptop.wait_for("another", lambda: laptop.show(DHCPCD, "MainPID") not in ("0", former))
    assert wait_leases(laptop) == before
    laptop.wait_for("it to be ready", lambda: laptop.is_active(DHCPCD))
    released = said(laptop, "DHCPRELEASE")
    laptop.run("systemctl", "stop", DHCPCD)
    assert (laptop.address(), laptop.leased6()) == ("", [])
    assert laptop.run("ip", "-4", "route") == ""
    laptop.wait_for("both servers to know", lambda: said(laptop, "DHCPRELEASE") >= released + 2)
    assert laptop.show(DHCPCD, "Result") == "success"
    assert laptop.result("test", "-e", "/var/lib/dhcpcd/duid").rc != 0
    # It may also be stopped while it waits for a port.
    laptop.run("ip", "link", "set", "dev", BOND, "down")
    laptop.run("systemctl", "start", DHCPCD)
    waiting = "Waiting for a port: the bond has no carrier"
    assert laptop.show(DHCPCD, "StatusText") == waiting
    laptop.run("systemctl", "stop", DHCPCD)
    assert laptop.show(DHCPCD, "Result") == "success"
    laptop.run("ip", "link", "set", "dev", BOND, "up")
    laptop.run("systemctl", "start", DHCPCD)
    assert wait_leases(laptop) == before
    exposure = laptop.run("systemd-analyze", "security", "--no-pager", "--threshold=26", DHCPCD)
    assert "Overall exposure" in exposure


def wait_log(laptop: Laptop, words: str) -> None:
    """Wait until the servers' log has these words."""
    laptop.wait_for(f"'{words}' in the log", lambda: words in laptop.read(LOG))


def wait_ipv6(laptop: Laptop, unit: str, runs: bool, prefixes: list[int]) -> None:
    """Wait until a client runs, or does not, and the addresses in use have these prefixes."""

    def as_wanted() -> bool:
        found = [a["prefixlen"] for a in laptop.addresses(6) if not a.get("deprecated")]
        return laptop.is_active(unit) is runs and sorted(found) == prefixes

    laptop.wait_for(f"{unit} active: {runs}, prefixes {prefixes}", as_wanted, 60.0)


def test_dhcpv6_is_asked_for_what_the_routers_say(laptop: Laptop) -> None:
    unit = f"dhcp6c@{BOND}.service"
    laptop.take_up({CONFIGURATION: SMALLEST})
    laptop.wait_both()
    here = laptop.read(DNSMASQ)
    laptop.write("/etc/wide-dhcpv6/dhcp6c.conf", STOCK)
    laptop.run("systemctl", "restart", unit)
    for servers, runs, leased, made, asks in (
        (SLAAC_ONLY, False, 0, 1, ""),
        (MANAGED, True, 1, 0, "DHCPSOLICIT"),
        (STATELESS, True, 0, 1, "DHCPINFORMATION-REQUEST"),
    ):
        leave(laptop)
        laptop.shell(f"ip -6 address flush dev {BOND} scope global; : > {LOG}")
        set_network(laptop, here.replace(BY_DHCPV6, servers))
        laptop.cable.plug()
        wait_ipv6(laptop, unit, runs, [64] * made + [128] * leased)
        wait_log(laptop, asks)
        if not runs:  # nor is it started by a bond that begins here
            started = laptop.journal("-u", unit).count("Started ")
            laptop.run("systemctl", "restart", f"wbond@{BOND}.service", timeout=120)
            laptop.wait_port(CARD)
            wait_ipv6(laptop, unit, runs, [64])
            assert laptop.journal("-u", unit).count("Started ") == started
    leave(laptop)
    set_network(laptop, here)
    laptop.cable.plug()
    laptop.access_point.start()
    wait_leases(laptop)


def test_a_client_that_fails_costs_the_other_family_nothing(laptop: Laptop) -> None:
    laptop.take_up({CONFIGURATION: SMALLEST})
    laptop.wait_both()
    before = wait_leases(laptop)
    for failing, staying in (("dhclient", 1), ("dhcp6c", 0)):
        unit = f"{failing}@{BOND}.service"
        laptop.run("systemctl", "kill", "--kill-whom=main", "--signal=STOP", unit)
        laptop.run("systemctl", "mask", "--runtime", unit)
        laptop.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", unit)
        laptop.cable.pull()
        laptop.wait_port(RADIO)
        laptop.cable.plug()
        laptop.wait_port(CARD)
        wait_usable(laptop, before[staying])
        laptop.run("systemctl", "unmask", "--runtime", unit)
        laptop.run("systemctl", "restart", unit)
        laptop.wait_for("both again", lambda: addresses(laptop) == before, 60.0)


def test_where_var_is_read_only_dhclient_has_a_lease_all_the_same(laptop: Laptop) -> None:
    laptop.wait_both()
    unit, folder = f"dhclient@{BOND}.service", "/var/lib/dhcp"
    laptop.shell(f"mount --bind {folder} {folder}; mount -o remount,bind,ro {folder}")
    laptop.run("systemctl", "restart", unit)
    address, _ = wait_leases(laptop)
    leases = f"/run/dhclient.{BOND}.leases"
    # dhclient writes it after its script has set the address.
    laptop.wait_for("the lease to be written", lambda: address in laptop.read(leases), 10.0)
    (bond,) = json.loads(laptop.run("wbond", "status", "--json"))["bonds"]
    shown = {found["address"]: found for found in bond["addresses"]}
    assert shown[address]["server"] == "192.0.2.1"
    laptop.run("umount", folder)
    laptop.run("systemctl", "restart", unit)
    wait_leases(laptop)
    laptop.run("rm", leases)


def test_where_the_other_clients_are_removed_dhcpcd_keeps_their_addresses(laptop: Laptop) -> None:
    laptop.write("/etc/wide-dhcpv6/dhcp6c.conf", STOCK)
    laptop.write(CONFIGURATION, SMALLEST)
    laptop.run("systemctl", "restart", f"wbond@{BOND}.service", timeout=120)
    laptop.wait_both()
    before, known = wait_leases(laptop), laptop.client_ids()
    purge = ("dpkg", "--purge", "isc-dhcp-client", "wide-dhcpv6-client")
    laptop.run(*purge, timeout=180)
    laptop.run("systemctl", "daemon-reload")
    laptop.run("systemctl", "restart", f"wbond@{BOND}.service", timeout=120)
    laptop.wait_both()
    assert wait_leases(laptop) == before
    assert laptop.client_ids() == known
    (bond,) = json.loads(laptop.run("wbond", "status", "--json"))["bonds"]
    assert bond["clients"] == {"dhcp4": "dhcpcd", "dhcp6": "dhcpcd"}
    shown = {found["address"]: found for found in bond["addresses"]}
    assert [shown[address]["source"] for address in before] == ["dhcp4", "dhcp6"]
    assert shown[before[0]]["server"] == "192.0.2.1"
    assert "(IPv4, IPv6)" in laptop.run("wbond", "status")
