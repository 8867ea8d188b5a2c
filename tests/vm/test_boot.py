# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boots: whatever of cable and access point is there, or comes later, there is a network."""

import pytest
from guests import Boot, Guests, Resume
from laptop import BOND, CARD, CONFIGURATION, FILES, RADIO
from machine import Snapshot

# The shortest configuration: every cable and every radio, and nothing that only looks like one.
EVERY_PORT = FILES | {CONFIGURATION: f"[{BOND}]\n"}
DHCLIENT = f"dhclient@{BOND}.service"
WAIT_LIMIT = 30  # s, of wbond-wait-online@
# What needs the network until it has stopped, such as a mount of NFS.
NEEDY = """[Unit]
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=true
ExecStop=sh -c 'sleep 3; ping -c 3 -i 0.2 -W 1 192.0.2.1 && ping -c 3 -i 0.2 2001:db8::1'
ExecStop=touch /root/answered
"""


def test_on_wifi_alone_with_the_cable_unplugged(boot: Boot) -> None:
    laptop = boot(files=FILES, cable=False)
    assert laptop.booted() == "running"
    assert laptop.is_active("network-online.target")
    laptop.wait_online()
    assert laptop.active_port() == RADIO
    assert laptop.ports() == [CARD, RADIO] or laptop.ports() == [RADIO, CARD]
    assert laptop.ping()
    # Leased, not made up: the range is the server's. The boot waits for one address of any kind.
    laptop.wait_for("DHCPv6's address", laptop.has_lease)
    for name in (CARD, RADIO):
        known = laptop.run("udevadm", "info", "-q", "property", "-p", f"/sys/class/net/{name}")
        # wbond-generator has said so of ports that are named: their events have asked no program.
        assert f"WBOND_BOND={BOND}\n" in known
        assert "WBOND_NAME=" not in known
    laptop.cable.plug()
    laptop.wait_port(CARD)
    assert laptop.ping()


def test_on_wifi_alone_without_a_card(boot: Boot) -> None:
    laptop = boot(files=EVERY_PORT, card=False, look_alike=True)
    assert laptop.booted() == "running"
    assert laptop.is_active("network-online.target")
    laptop.wait_online()
    assert laptop.ports() == [RADIO]
    assert laptop.ping()
    assert "No jobs" in laptop.run("systemctl", "list-jobs")


def test_on_the_cable_alone_the_access_point_later(boot: Boot) -> None:
    laptop = boot(files=EVERY_PORT, access_point=False, look_alike=True)
    assert laptop.booted() == "running"
    laptop.wait_online()
    assert laptop.active_port() == CARD
    assert sorted(laptop.ports()) == [CARD, RADIO]
    laptop.access_point.start()
    laptop.wait_for("the radio to associate", laptop.authorised, 120)
    assert laptop.active_port() == CARD
    laptop.cable.pull()
    laptop.wait_port(RADIO)
    laptop.wait_for("the world to answer over the radio", laptop.ping)


@pytest.fixture(scope="module")
def on_nothing(boot: Boot) -> Snapshot:
    laptop = boot(files=FILES, cable=False, access_point=False)
    laptop.booted()
    return laptop.save()


@pytest.mark.parametrize("later", ["cable", "access point"])
def test_on_nothing_the_network_later(guests: Guests, on_nothing: Snapshot, later: str) -> None:
    laptop = guests.resume(on_nothing, cable=False)
    started, limit = laptop.show("multi-user.target", "ActiveEnterTimestampMonotonic"), WAIT_LIMIT
    bond = laptop.show("wbond@bond0.service", "ActiveEnterTimestampMonotonic")
    assert (int(started) - int(bond)) / 1e6 < limit + 15
    assert laptop.is_active("multi-user.target")
    assert "No jobs" in laptop.run("systemctl", "list-jobs")
    assert laptop.address() == ""
    waiting = "Waiting for a port: the bond has no carrier"
    assert laptop.show(DHCLIENT, "StatusText") == waiting
    # A person may stop it while it waits, and start it again.
    laptop.run("systemctl", "stop", DHCLIENT)
    assert laptop.show(DHCLIENT, "Result") == "success"
    laptop.run("systemctl", "start", DHCLIENT)
    assert laptop.show(DHCLIENT, "StatusText") == waiting
    client = laptop.show(DHCLIENT, "MainPID")
    if later == "cable":
        laptop.cable.plug()
    else:
        laptop.access_point.start()
    laptop.wait_online(120)
    assert laptop.active_port() == (CARD if later == "cable" else RADIO)
    assert laptop.ping()
    # What has waited has become dhclient, and has not been told to ask a second time.
    assert laptop.show(DHCLIENT, "MainPID") == client
    assert laptop.show(DHCLIENT, "StatusText") == ""


def test_a_dhcp_server_that_comes_after_the_clients_have_given_up(resume: Resume) -> None:
    laptop = resume()
    laptop.run("systemctl", "stop", "wbond@bond0.service")
    laptop.dhcp.stop()
    # Without the lease of before, as at a first boot; and dhclient gives up sooner than in 60 s.
    laptop.run("rm", "/var/lib/dhcp/dhclient.bond0.leases")
    laptop.shell("echo 'timeout 15;' >> /etc/dhcp/dhclient.conf")
    laptop.run("systemctl", "start", "wbond@bond0.service")
    said = laptop.journal("-u", "dhclient@bond0.service").count("No DHCPOFFERS received")
    laptop.wait_for(
        "dhclient to give up",
        lambda: (
            laptop.journal("-u", "dhclient@bond0.service").count("No DHCPOFFERS received") > said
        ),
    )
    assert laptop.address() == ""
    laptop.dhcp.start()
    laptop.wait_online(60)
    assert laptop.ping()


def test_at_shutdown_what_needs_the_network_stops_first(resume: Resume) -> None:
    laptop = resume()
    laptop.write("/etc/systemd/system/needy.service", NEEDY)
    laptop.run("systemctl", "start", "needy.service")
    laptop.reboot()
    assert laptop.result("test", "-e", "/root/answered").rc == 0
