# SPDX-License-Identifier: LGPL-2.1-or-later
"""Changes of the configuration, made over the bond that they change, each in a guest of its own."""

from collections.abc import Callable

import pytest
from channels import Background
from laptop import BOND, CARD, CONFIGURATION, RADIO, SMALLEST, Laptop
from machine import WORLD

pytestmark = pytest.mark.apart
SUPPLICANT = f"{BOND}-supplicant@{RADIO}.service"
COMMON = "02:00:00:aa:bb:cc"


@pytest.fixture
def laptop(own_laptop: Laptop) -> Laptop:
    """The plainest configuration is in force and confirmed."""
    return own_laptop


def flows(laptop: Laptop) -> tuple[Background, Background]:
    """Start a TCP stream and a UDP flow over the bond."""
    return laptop.traffic("tcp"), laptop.traffic("udp")


def change(laptop: Laptop, text: str) -> None:
    laptop.write(CONFIGURATION, text)


def rank(laptop: Laptop, port: str) -> int:
    """Return a port's rank in the kernel."""
    data = laptop.link(port)["linkinfo"]["info_slave_data"]
    return int(data["prio"])


STAYS = [
    ("a live option", f"{SMALLEST}miimon = 50\nupdelay = 100\n"),
    ("a client's option", f"{SMALLEST}dhcp6 = none\n"),
    ("a rank", f"[{BOND}]\nwired = {CARD} dock0\nwireless = {RADIO}\n"),
    ("a radio's option", f"{SMALLEST}legacy_rates = yes\n"),
]


@pytest.mark.parametrize(("what", "text"), STAYS, ids=[what for what, _ in STAYS])
def test_a_change_that_is_confirmed_stays_and_costs_the_cable_no_packet(
    laptop: Laptop, what: str, text: str
) -> None:
    address, process = laptop.address(), laptop.show(SUPPLICANT, "MainPID")
    before = rank(laptop, CARD)
    tcp, udp = flows(laptop)
    change(laptop, text)
    laptop.run("wbond", "apply", "--yes", timeout=120)
    assert udp.report()["lost"] == 0
    assert tcp.report()["broken"] == ""
    assert laptop.read(CONFIGURATION) == text
    assert laptop.address() == address
    options = laptop.link(BOND)["linkinfo"]["info_data"]
    assert (options["miimon"], options["updelay"]) == ((50, 100) if "miimon" in text else (100, 0))
    assert laptop.is_active("dhcp6c@bond0.service") is ("dhcp6 = none" not in text)
    assert (rank(laptop, CARD) > before) is ("dock0" in text)
    restarted = laptop.show(SUPPLICANT, "MainPID") != process
    assert restarted is ("legacy_rates" in text)
    rates = "LEGACY_RATES=yes" if restarted else "LEGACY_RATES=no"
    assert laptop.show(SUPPLICANT, "Environment").split().count(rates) == 1
    assert laptop.run("systemctl", "--failed", "--plain", "--no-legend") == ""
    laptop.wait_for("the radio to associate", laptop.authorised)


def test_a_port_leaves_and_joins_while_the_other_carries(laptop: Laptop) -> None:
    tcp, udp = flows(laptop)
    change(laptop, f"[{BOND}]\nwired = {CARD}\nwireless =\n")
    laptop.run("wbond", "apply", "--yes", timeout=120)
    assert laptop.ports() == [CARD]
    change(laptop, SMALLEST)
    laptop.run("wbond", "apply", "--yes", timeout=120)
    laptop.wait_both()
    assert udp.report()["lost"] == 0
    assert tcp.report()["broken"] == ""


def test_one_address_for_all_ports_is_taken_without_a_broken_connection(laptop: Laptop) -> None:
    change(laptop, f"{SMALLEST}mac = {COMMON}\n")
    tcp = laptop.traffic("tcp")
    laptop.run("wbond", "apply", "--yes", timeout=180)
    laptop.wait_both()
    assert tcp.report()["broken"] == ""
    assert {laptop.link(name)["address"] for name in (BOND, CARD, RADIO)} == {COMMON}
    change(laptop, SMALLEST)
    laptop.run("wbond", "apply", "--yes", timeout=180)
    laptop.wait_both()
    assert laptop.link(CARD)["address"] != COMMON


def ssh(laptop: Laptop, *command: str) -> Background:
    """Start a command on the laptop over SSH, from the world and through the bond."""
    options = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-tt")
    words = ("ssh", *options, "-i", "/root/key", f"root@{laptop.address()}", *command)
    return laptop.spawn(*WORLD, *words)


def heard(laptop: Laptop, session: Background) -> str:
    """Wait until the session has ended by itself; returns all that it has shown."""
    apply = ("pgrep", "-f", "ssh .* wbond apply")
    laptop.wait_for("the session to end", lambda: laptop.result(*apply).rc == 1)
    return session.stop()


def prepare_ssh(laptop: Laptop) -> None:
    laptop.shell(
        "test -e /root/key || ssh-keygen -q -t ed25519 -N '' -f /root/key;"
        " mkdir -p -m 0700 /root/.ssh; cp /root/key.pub /root/.ssh/authorized_keys;"
        " systemctl start ssh.service"
    )


def has_common_address(laptop: Laptop) -> bool:
    return bool(laptop.link(BOND)["address"] == COMMON)


def has_second_bond(laptop: Laptop) -> bool:
    return laptop.result("test", "-e", "/sys/class/net/bond1").rc == 0


# What the laptop shows as long as the change is in force.
UNCONFIRMED: list[tuple[str, Callable[[Laptop], bool]]] = [
    (f"[{BOND}]\nwireless = {RADIO}\nwired =\nmiimon = 50\n", lambda it: it.ports() == [RADIO]),
    (f"{SMALLEST}mac = {COMMON}\n", has_common_address),
    (f"{SMALLEST}dhcp6 = none\n", lambda it: not it.is_active(f"dhcp6c@{BOND}.service")),
    (f"{SMALLEST}legacy_rates = yes\n", lambda it: "=yes" in it.show(SUPPLICANT, "Environment")),
    (f"{SMALLEST}\n[bond1]\nwired = dock0\nwireless =\n", has_second_bond),
]
IDS = ["a port and an option", "an address for all", "a client", "a radio", "another bond"]


@pytest.mark.parametrize(("changed", "holds"), UNCONFIRMED, ids=IDS)
def test_a_change_over_ssh_that_nobody_confirms_is_taken_back_and_the_session_lives(
    laptop: Laptop, changed: str, holds: Callable[[Laptop], bool]
) -> None:
    prepare_ssh(laptop)
    before = laptop.bonding().partition("Slave Interface")[0]
    tcp = laptop.traffic("tcp")
    change(laptop, changed)
    session = ssh(laptop, "wbond", "apply", "--timeout", "10")
    laptop.wait_for("the change", lambda: holds(laptop))
    laptop.wait_for("the world to answer", laptop.ping)
    laptop.wait_for("the former state", lambda: not holds(laptop))
    laptop.wait_both()
    laptop.wait_for("the former file", lambda: laptop.read(CONFIGURATION) == SMALLEST)
    said = heard(laptop, session)
    assert "Keep the new configuration" in said
    assert "The former files are back" in said
    if "bond1" in changed:
        assert laptop.result("test", "-e", "/sys/class/net/bond1").rc == 1
    assert tcp.report()["broken"] == ""
    assert laptop.bonding().partition("Slave Interface")[0] == before


def test_a_change_whose_terminal_is_gone_is_taken_back(laptop: Laptop) -> None:
    prepare_ssh(laptop)
    change(laptop, f"{SMALLEST}miimon = 50\n")
    session = ssh(laptop, "wbond", "apply")
    laptop.wait_for("the change", lambda: "Interval (ms): 50" in laptop.bonding())
    laptop.run("pkill", "-KILL", "-f", "^sshd(-session)?: root@")
    laptop.wait_for("the former state", lambda: "Interval (ms): 100" in laptop.bonding(), 60)
    laptop.wait_for("the former file", lambda: laptop.read(CONFIGURATION) == SMALLEST)
    # A change that goes back while it does is refused meanwhile, as a second one is.
    revert = ("systemctl", "is-active", "-q", "wbond-revert.service")
    laptop.wait_for("all of it", lambda: laptop.result(*revert).rc != 0)
    session.stop()


def test_a_change_is_confirmed_from_another_session(laptop: Laptop) -> None:
    prepare_ssh(laptop)
    text = f"{SMALLEST}miimon = 50\n"
    change(laptop, text)
    session = ssh(laptop, "wbond", "apply", "--timeout", "60")
    laptop.wait_for("the change", lambda: "Interval (ms): 50" in laptop.bonding())
    laptop.wait_for(
        "the second to be refused", lambda: laptop.result("wbond", "apply", "--yes").rc == 2
    )
    laptop.run("wbond", "apply", "--confirm")
    assert "Confirmed from another session" in heard(laptop, session)
    assert laptop.read(CONFIGURATION) == text
    assert "Interval (ms): 50" in laptop.bonding()
    assert not laptop.is_active("wbond-revert.timer")


def test_down_and_up(laptop: Laptop) -> None:
    laptop.run("wbond", "down", "--yes", timeout=120)
    assert laptop.result("test", "-e", f"/sys/class/net/{BOND}").rc == 1
    assert laptop.result("wbond", "status").rc == 1
    laptop.run("wbond", "up", timeout=120)
    laptop.wait_both()
    assert laptop.ping()
