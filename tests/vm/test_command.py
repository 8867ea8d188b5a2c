# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command `wbond`: from a machine without a configuration to one that is online."""

import json
import re
from typing import Any

import pytest
from guests import Guests
from laptop import BOND, CARD, CONFIGURATION, DHCP6C, RADIO, Laptop
from machine import Snapshot

STICK_MAC = "02:00:00:00:05:01"
SUPPLICANT = f"{BOND}-supplicant@{RADIO}.service"
COMMON = "02:00:00:aa:bb:cc"


@pytest.fixture(scope="module")
def laptop(guests: Guests, installed: Snapshot) -> Laptop:
    """Nothing is configured; what to do is asked of the command, and done, reboot included."""
    laptop = guests.resume(installed)
    laptop.write("/etc/wide-dhcpv6/dhcp6c.conf", DHCP6C)
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
    assert "multi-user.target.wants" in said
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


def test_status_and_log_tell_where_the_story_goes(laptop: Laptop) -> None:
    watcher = laptop.spawn("wbond", "status", "--watch", "--json")
    follower = laptop.spawn("wbond", "log", "--follow", "--boot", "--json", "--lines=1000")
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
    laptop.wait_for("no active port", lambda: laptop.active_port() == "")
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
    check_log(laptop, follower.stop())
    following = ("pgrep", "-f", "journalctl .*--follow")
    laptop.wait_for("journalctl to end too", lambda: laptop.result(*following).rc == 1)


def check_log(laptop: Laptop, followed: str) -> None:
    """The log tells the failovers of the story and how long they lasted, as it did at the time."""
    said = laptop.run("wbond", "log", "--boot", "--json")
    assert '"no-carrier"' in followed
    assert said.startswith(followed)
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
