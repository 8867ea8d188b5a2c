# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command `wbond`: from a machine without a configuration to changes made over the bond."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from laptop import BOND, CARD, DHCP6C, RADIO, Laptop
from machine import WORLD, Background

STICK_MAC = "02:00:00:00:05:01"
CONFIGURATION = "/etc/wbond.conf"
SUPPLICANT = f"{BOND}-supplicant@{RADIO}.service"
COMMON = "02:00:00:aa:bb:cc"


@pytest.fixture(scope="module")
def laptop(boot: Callable[..., Laptop]) -> Laptop:
    """Nothing is configured; what to do is asked of the command, and done, reboot included."""
    laptop = boot(
        files={"/etc/wide-dhcpv6/dhcp6c.conf": DHCP6C},
        removed=(CONFIGURATION, "/etc/wpa_supplicant/wpa_supplicant.conf"),
    )
    laptop.booted()
    assert laptop.result("wbond", "status").rc == 2
    laptop.write("/run/passphrase", "correct horse\n", 0o600)
    said = laptop.shell("wbond init --ssid lab < /run/passphrase")
    assert "wbond check" in said
    laptop.reboot()
    laptop.booted()
    laptop.wait_both()
    return laptop


def seen(laptop: Laptop) -> dict[str, dict[str, Any]]:
    """Return the ports of `status --json`, once it agrees with what the kernel's file says."""
    laptop.wait_agreement()
    status = json.loads(laptop.result("wbond", "status", "--json").out)
    (bond,) = [bond for bond in status["bonds"] if bond["name"] == BOND]
    return {port["name"]: port for port in bond["ports"] if port["joined"]}


def test_init_on_a_fresh_machine_makes_a_working_bond(laptop: Laptop) -> None:
    assert laptop.ping()
    secret = laptop.read("/etc/wpa_supplicant/wpa_supplicant.conf")
    assert "correct horse" not in secret
    mode = laptop.run("stat", "-c", "%a %U", "/etc/wpa_supplicant/wpa_supplicant.conf").strip()
    assert mode == "600 root"
    again = laptop.result("wbond", "init")
    assert again.rc != 0
    assert CONFIGURATION in again.err


def test_check_finds_nothing_wrong(laptop: Laptop) -> None:
    result = laptop.result("wbond", "check", timeout=120)
    assert result.rc == 0, result.out + result.err


def test_plan_tells_that_nothing_would_change(laptop: Laptop) -> None:
    said = laptop.run("wbond", "plan")
    assert "80-wbond.conf" in said or "multi-user.target.wants" in said
    assert not re.search(r"^[-+][^-+]", said, re.MULTILINE), said


def leased(laptop: Laptop) -> dict[str, Any]:
    """Return the address that is leased by DHCPv4, as status tells it."""
    (bond,) = json.loads(laptop.result("wbond", "status", "--json").out)["bonds"]
    (found,) = [one for one in bond["addresses"] if one["source"] == "dhcp4"]
    return dict(found)


def active(line: str) -> list[str]:
    """Return the active ports of a picture that `status --watch --json` has shown."""
    (bond,) = json.loads(line)["bonds"]
    return [port["name"] for port in bond["ports"] if port["active"]]


def test_status_agrees_with_the_kernel_wherever_the_story_goes(laptop: Laptop) -> None:
    watcher = laptop.spawn("wbond", "status", "--watch", "--json")
    assert seen(laptop)[CARD]["active"]
    assert laptop.result("wbond", "status").rc == 0
    laptop.cable.pull()
    laptop.wait_port(RADIO)
    assert seen(laptop)[RADIO]["active"]
    laptop.radios.plug("stick", STICK_MAC)
    laptop.wait_for("the stick in the bond", lambda: "wlan0" in laptop.ports())
    laptop.wait_for("the stick to associate", lambda: laptop.authorised("wlan0"))
    assert set(seen(laptop)) == {CARD, RADIO, "wlan0"}
    laptop.radios.pull("stick")
    laptop.wait_for("the bond without it", lambda: "wlan0" not in laptop.ports())
    laptop.access_point.stop()
    laptop.wait_for("no port to carry", lambda: laptop.active_port() == "")
    assert not any(port["active"] for port in seen(laptop).values())
    assert laptop.result("wbond", "status").rc == 1
    laptop.access_point.start()
    laptop.cable.plug()
    laptop.wait_both()
    pictures = [active(line) for line in watcher.stop().splitlines()]
    for ports in ([CARD], [RADIO], []):
        assert ports in pictures
    radio = seen(laptop)[RADIO]
    assert radio["since"]
    assert radio["radio"]["ssid"] == "lab"
    assert radio["radio"]["signal"] < 0
    lease = leased(laptop)
    assert lease["address"] == laptop.address()
    assert lease["server"] == "192.0.2.1"
    assert 0 < lease["left"] <= 600
    shown = laptop.run("wbond", "status")
    for word in (BOND, CARD, RADIO, laptop.address()):
        assert word in shown


def test_the_log_tells_the_failovers_and_how_long_they_lasted(laptop: Laptop) -> None:
    said = laptop.run("wbond", "log", "--boot", "--json")
    events = [json.loads(line) for line in said.splitlines()]
    told = {one["event"]: one for one in events}
    assert (told["failover"]["port"], told["failover"]["former"]) == (RADIO, CARD)
    assert (told["no-carrier"]["former"], told["no-carrier"]["ended"]) == (RADIO, "active")
    assert told["no-carrier"]["lasted"] > 1
    assert (told["active"]["port"], told["active"]["ended"]) == (CARD, "idle")
    stick = [one["event"] for one in events if one["port"] == "wlan0"]
    assert (stick[0], stick[-1]) == ("port-joined", "port-left")
    assert f"{RADIO} was active for " in " ".join(laptop.run("wbond", "log", "--boot").split())


AS_AN_ORDINARY_USER = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


@pytest.mark.parametrize("words", ["status", "check", "plan", "log"])
def test_an_ordinary_user_sees_as_much_as_is_allowed(laptop: Laptop, words: str) -> None:
    result = laptop.result(*AS_AN_ORDINARY_USER, "wbond", words, timeout=120)
    assert result.rc in (0, 1), result.err
    if words == "log":
        assert "the journal may not be read by this user" in result.err
    else:
        assert result.out
    if words == "status":
        assert laptop.address() in result.out


def flows(laptop: Laptop) -> tuple[Background, Background]:
    """Start a TCP stream and a UDP flow over the bond."""
    return laptop.traffic("tcp"), laptop.traffic("udp")


def change(laptop: Laptop, text: str) -> None:
    laptop.write(CONFIGURATION, text)


PLAIN = f"[{BOND}]\nwired = {CARD}\nwireless = {RADIO}\n"


def rank(laptop: Laptop, port: str) -> int:
    """Return a port's rank in the kernel."""
    data = laptop.link(port)["linkinfo"]["info_slave_data"]
    return int(data["prio"])


def settle(laptop: Laptop) -> None:
    """Begin a story from the plainest configuration, in force and confirmed."""
    change(laptop, PLAIN)
    laptop.run("wbond", "apply", "--yes", timeout=120)
    laptop.wait_both()


STAYS = [
    ("a live option", f"{PLAIN}miimon = 50\nupdelay = 100\n"),
    ("a client's option", f"{PLAIN}dhcp6 = none\n"),
    ("a rank", f"[{BOND}]\nwired = {CARD} dock0\nwireless = {RADIO}\n"),
    ("a radio's option", f"{PLAIN}legacy_rates = yes\n"),
]


@pytest.mark.parametrize(("what", "text"), STAYS, ids=[what for what, _ in STAYS])
def test_a_change_that_is_confirmed_stays_and_costs_the_cable_no_packet(
    laptop: Laptop, what: str, text: str
) -> None:
    settle(laptop)
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
    settle(laptop)
    tcp, udp = flows(laptop)
    change(laptop, f"[{BOND}]\nwired = {CARD}\nwireless =\n")
    laptop.run("wbond", "apply", "--yes", timeout=120)
    assert laptop.ports() == [CARD]
    change(laptop, PLAIN)
    laptop.run("wbond", "apply", "--yes", timeout=120)
    laptop.wait_both()
    assert udp.report()["lost"] == 0
    assert tcp.report()["broken"] == ""


def test_one_address_for_all_ports_is_taken_without_a_broken_connection(laptop: Laptop) -> None:
    settle(laptop)
    change(laptop, f"{PLAIN}mac = {COMMON}\n")
    tcp = laptop.traffic("tcp")
    laptop.run("wbond", "apply", "--yes", timeout=180)
    laptop.wait_both()
    assert tcp.report()["broken"] == ""
    assert {laptop.link(name)["address"] for name in (BOND, CARD, RADIO)} == {COMMON}
    change(laptop, PLAIN)
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


# What is to be seen as long as the change holds.
UNCONFIRMED: list[tuple[str, Callable[[Laptop], bool]]] = [
    (f"[{BOND}]\nwireless = {RADIO}\nwired =\nmiimon = 50\n", lambda it: it.ports() == [RADIO]),
    (f"{PLAIN}mac = {COMMON}\n", has_common_address),
    (f"{PLAIN}dhcp6 = none\n", lambda it: not it.is_active(f"dhcp6c@{BOND}.service")),
    (f"{PLAIN}legacy_rates = yes\n", lambda it: "=yes" in it.show(SUPPLICANT, "Environment")),
    (f"{PLAIN}\n[bond1]\nwired = dock0\nwireless =\n", has_second_bond),
]
IDS = ["a port and an option", "an address for all", "a client", "a radio", "another bond"]


@pytest.mark.parametrize(("changed", "holds"), UNCONFIRMED, ids=IDS)
def test_a_change_over_ssh_that_nobody_confirms_is_taken_back_and_the_session_lives(
    laptop: Laptop, changed: str, holds: Callable[[Laptop], bool]
) -> None:
    settle(laptop)
    prepare_ssh(laptop)
    before = laptop.bonding().partition("Slave Interface")[0]
    tcp = laptop.traffic("tcp")
    change(laptop, changed)
    session = ssh(laptop, "wbond", "apply", "--timeout", "10")
    laptop.wait_for("the change", lambda: holds(laptop))
    laptop.wait_for("the world to answer", laptop.ping)
    laptop.wait_for("the former state", lambda: not holds(laptop))
    laptop.wait_both()
    laptop.wait_for("the former file", lambda: laptop.read(CONFIGURATION) == PLAIN)
    said = heard(laptop, session)
    assert "Keep the new configuration" in said
    assert "The former files are back" in said
    if "bond1" in changed:
        assert laptop.result("test", "-e", "/sys/class/net/bond1").rc == 1
    assert tcp.report()["broken"] == ""
    assert laptop.bonding().partition("Slave Interface")[0] == before


def test_a_change_whose_terminal_is_gone_is_taken_back(laptop: Laptop) -> None:
    settle(laptop)
    prepare_ssh(laptop)
    change(laptop, f"{PLAIN}miimon = 50\n")
    session = ssh(laptop, "wbond", "apply")
    laptop.wait_for("the change", lambda: "Interval (ms): 50" in laptop.bonding())
    laptop.run("pkill", "-KILL", "-f", "^sshd(-session)?: root@")
    laptop.wait_for("the former state", lambda: "Interval (ms): 100" in laptop.bonding(), 60)
    laptop.wait_for("the former file", lambda: laptop.read(CONFIGURATION) == PLAIN)
    # A change that goes back while it does is refused meanwhile, as a second one is.
    revert = ("systemctl", "is-active", "-q", "wbond-revert.service")
    laptop.wait_for("all of it", lambda: laptop.result(*revert).rc != 0)
    session.stop()


def test_a_change_is_confirmed_from_another_session(laptop: Laptop) -> None:
    settle(laptop)
    prepare_ssh(laptop)
    text = f"{PLAIN}miimon = 50\n"
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
