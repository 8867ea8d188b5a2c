# SPDX-License-Identifier: LGPL-2.1-or-later
"""Neighbours: a user who means ill, a network that asks for old rates, bridges above the bond."""

import json

import pytest
from guests import Resume
from laptop import CARD, RADIO, Laptop

WATCH = "wbond-watch@bond0.service"
JOURNALD = "systemd-journald.service"

# As many messages as journald's queue takes, and the socket is kept.
FLOOD = """
import socket
flood = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
flood.setblocking(False)
try:
    while True:
        flood.sendto(b"MESSAGE=x\\n", "/run/systemd/journal/socket")
except BlockingIOError:
    print("full")
"""

# All that opens is kept open and locked.
HOLD = """
import fcntl, os, time
held = 0
for top in ("/run/wbond", "/sys/class/net/bond0/", "/var/lib/wbond", "/var/lib/dhcp"):
    for folder, _, names in os.walk(top):
        for path in (folder, *(os.path.join(folder, name) for name in names)):
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                held += 1
            except OSError:
                pass
open("/tmp/held", "w").write(str(held))
time.sleep(600)
"""

# Names that the lists of ports take, in a network namespace of his own.
MAKE = (
    "for n in $(seq 50); do ip link add dev en$n type dummy; ip link add dev wl$n type veth; "
    "ip link set dev en$n up; done; ip link add dev bond0 type bond; ip -brief link | wc -l"
)


@pytest.fixture(scope="module")
def laptop(resume: Resume) -> Laptop:
    laptop = resume()
    for name, text in {"flood": FLOOD, "hold": HOLD}.items():
        laptop.write(f"/tmp/{name}.py", text)
    return laptop


def as_nobody(laptop: Laptop, *words: str) -> str:
    return laptop.run("runuser", "-u", "nobody", "--", *words)


def descriptors(laptop: Laptop) -> int:
    return len(laptop.run("ls", f"/proc/{laptop.show(WATCH, 'MainPID')}/fd").split())


def test_a_journal_that_is_full_holds_up_neither_failover_nor_the_watch(laptop: Laptop) -> None:
    laptop.wait_both()
    laptop.run("systemctl", "kill", "--kill-whom=main", "--signal=STOP", JOURNALD)
    try:
        assert as_nobody(laptop, "python3", "/tmp/flood.py") == "full\n"
        before = laptop.show(WATCH, "MainPID")
        laptop.cable.pull()
        laptop.wait_port(RADIO)
        # The watch has gone on to tell the manager, which comes behind the journal.
        laptop.wait_status(f"radio {RADIO} is active")
        laptop.run("systemctl", "restart", WATCH, timeout=30)
        assert laptop.show(WATCH, "MainPID") != before
        laptop.wait_status(f"radio {RADIO} is active")
        laptop.cable.plug()
        laptop.wait_port(CARD)
    finally:
        laptop.run("systemctl", "kill", "--kill-whom=main", "--signal=CONT", JOURNALD)
    laptop.wait_for("the journal", lambda: "watching" in laptop.run("wbond", "log", "--json"))


def test_interfaces_in_a_user_s_namespace_concern_nobody(laptop: Laptop) -> None:
    laptop.wait_both()
    before = descriptors(laptop), laptop.bonding(), laptop.run("systemctl", "list-units", "bond0-*")
    made = as_nobody(laptop, "unshare", "--user", "--map-root-user", "--net", "sh", "-c", MAKE)
    assert int(made) > 150
    laptop.run("udevadm", "settle")
    after = descriptors(laptop), laptop.bonding(), laptop.run("systemctl", "list-units", "bond0-*")
    assert after == before


def test_files_that_a_user_holds_open_and_locked_hold_no_port_up(laptop: Laptop) -> None:
    laptop.wait_both()
    laptop.shell("setsid runuser -u nobody -- python3 /tmp/hold.py </dev/null >/dev/null 2>&1 &")
    laptop.wait_for("what is held", lambda: laptop.result("cat", "/tmp/held").out)
    laptop.run("systemctl", "restart", f"bond0-wired@{CARD}.service", timeout=30)
    laptop.run("systemctl", "restart", "dhclient@bond0.service", timeout=30)
    laptop.wait_both()
    laptop.run("pkill", "-f", "/tmp/hold.py")


def test_a_name_that_udev_reads_as_a_path_costs_the_device_no_rule(laptop: Laptop) -> None:
    name = f"{CARD}!1"  # in its $name a slash: no file below that of the port called so
    laptop.radios.plug("stick", "02:00:00:00:05:01")
    laptop.run("udevadm", "wait", "--timeout=30", "/sys/class/net/wlan0")
    laptop.run("ip", "link", "set", "dev", "wlan0", "name", name)
    laptop.run("udevadm", "settle")
    known = laptop.run("udevadm", "info", "-q", "property", "-p", f"/sys/class/net/{name}")
    assert "TAGS=:systemd:" in known  # by 99-systemd.rules, behind wbond's
    assert "WBOND_BOND=" not in known
    laptop.radios.pull("stick")


def test_status_says_that_the_network_brings_802_11b_s_rates_back(laptop: Laptop) -> None:
    laptop.wait_both()
    told = json.loads(as_nobody(laptop, "wbond", "status", "--json"))
    (radio,) = [port for port in told["bonds"][0]["ports"] if port["name"] == RADIO]
    # hostapd's default for 2.4 GHz: 1, 2, 5.5 and 11 Mb/s.
    assert radio["radio"]["legacy_rates"]


def test_an_address_above_the_bond_is_shown_and_named_by_what_waits(laptop: Laptop) -> None:
    laptop.wait_both()
    laptop.shell(
        "ip link add link bond0 name bond0.5 type vlan id 5;"
        " ip link add dev br5 type bridge; ip link set dev bond0.5 master br5 up;"
        " ip link set dev br5 up; ip address add 198.51.100.5/24 dev br5"
    )
    told = json.loads(laptop.run("wbond", "status", "--json"))["bonds"][0]["addresses"]
    assert [one["above"] for one in told if one["address"] == "198.51.100.5"] == ["br5"]
    helper = "/usr/lib/wbond/helpers/wbond-wait-online"
    assert laptop.result(helper, "--for", "link", "bond0").rc == 0
    laptop.run("systemctl", "stop", "dhclient@bond0.service", "dhcp6c@bond0.service")
    laptop.run("ip", "address", "flush", "dev", "bond0")
    waited = laptop.result(helper, "--timeout", "0", "bond0")
    assert (waited.rc, "br5 above it has one" in waited.err) == (1, True)
    laptop.run("ip", "link", "delete", "dev", "br5")
    laptop.run("ip", "link", "delete", "dev", "bond0.5")
    laptop.run("systemctl", "restart", "wbond@bond0.service")
    laptop.wait_both()
