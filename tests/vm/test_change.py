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
# s; a change with several steps takes 50 in a guest that has a processor, beside others twice that.
APPLIED_WITHIN = 240.0


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


# An option that can change while the bond is in use, one of a client, a port's rank, and one of
# a radio.
STAYS = f"""[{BOND}]
wired = {CARD} dock0
wireless = {RADIO}
miimon = 50
updelay = 100
dhcp6 = none
legacy_rates = yes
"""


def test_a_change_that_is_confirmed_stays_and_costs_the_cable_no_packet(laptop: Laptop) -> None:
    address, process = laptop.address(), laptop.show(SUPPLICANT, "MainPID")
    before = rank(laptop, CARD)
    tcp, udp = flows(laptop)
    change(laptop, STAYS)
    laptop.run("wbond", "apply", "--yes", timeout=APPLIED_WITHIN)
    assert udp.report()["lost"] == 0
    assert tcp.report()["broken"] == ""
    assert laptop.read(CONFIGURATION) == STAYS
    assert laptop.address() == address
    options = laptop.link(BOND)["linkinfo"]["info_data"]
    assert (options["miimon"], options["updelay"]) == (50, 100)
    assert has_no_dhcpv6(laptop)
    assert rank(laptop, CARD) > before
    assert laptop.show(SUPPLICANT, "MainPID") != process
    assert has_legacy_rates(laptop)
    assert laptop.run("systemctl", "--failed", "--plain", "--no-legend") == ""
    laptop.wait_for("the radio to associate", laptop.authorised)


def test_a_change_of_a_client_or_a_rank_does_not_touch_the_radio(laptop: Laptop) -> None:
    process = laptop.show(SUPPLICANT, "MainPID")
    change(laptop, STAYS.replace("legacy_rates = yes\n", ""))
    laptop.run("wbond", "apply", "--yes", timeout=APPLIED_WITHIN)
    assert laptop.show(SUPPLICANT, "MainPID") == process
    assert has_no_dhcpv6(laptop)


def test_a_port_leaves_and_joins_while_the_other_carries(laptop: Laptop) -> None:
    tcp, udp = flows(laptop)
    change(laptop, f"[{BOND}]\nwired = {CARD}\nwireless =\n")
    laptop.run("wbond", "apply", "--yes", timeout=APPLIED_WITHIN)
    assert laptop.ports() == [CARD]
    change(laptop, SMALLEST)
    laptop.run("wbond", "apply", "--yes", timeout=APPLIED_WITHIN)
    laptop.wait_both()
    assert udp.report()["lost"] == 0
    assert tcp.report()["broken"] == ""


def test_one_address_for_all_ports_is_taken_without_a_broken_connection(laptop: Laptop) -> None:
    change(laptop, f"{SMALLEST}mac = {COMMON}\n")
    tcp = laptop.traffic("tcp")
    laptop.run("wbond", "apply", "--yes", timeout=APPLIED_WITHIN)
    laptop.wait_both()
    assert tcp.report()["broken"] == ""
    assert {laptop.link(name)["address"] for name in (BOND, CARD, RADIO)} == {COMMON}
    change(laptop, SMALLEST)
    laptop.run("wbond", "apply", "--yes", timeout=APPLIED_WITHIN)
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


def lacks_the_card(laptop: Laptop) -> bool:
    return laptop.ports() == [RADIO]


def has_no_dhcpv6(laptop: Laptop) -> bool:
    return not laptop.is_active(f"dhcp6c@{BOND}.service")


def has_legacy_rates(laptop: Laptop) -> bool:
    return "LEGACY_RATES=yes" in laptop.show(SUPPLICANT, "Environment").split()


# Changes, and what the laptop shows as long as each is in force.
LARGE = (
    f"{SMALLEST}dhcp6 = none\nlegacy_rates = yes\n\n[bond1]\nwired = dock0\nwireless =\n",
    (has_no_dhcpv6, has_legacy_rates, has_second_bond),
)
SMALL = {
    "a port and an option": (
        f"[{BOND}]\nwireless = {RADIO}\nwired =\nmiimon = 50\n",
        (lacks_the_card,),
    ),
    "an address for all": (f"{SMALLEST}mac = {COMMON}\n", (has_common_address,)),
}


def taken_back(laptop: Laptop, text: str, shown: tuple[Callable[[Laptop], bool], ...]) -> None:
    """Put a change into force that nobody confirms."""
    prepare_ssh(laptop)
    before = laptop.bonding().partition("Slave Interface")[0]
    tcp = laptop.traffic("tcp")
    change(laptop, text)
    session = ssh(laptop, "wbond", "apply", "--timeout", "10")
    laptop.wait_for("the change", lambda: all(look(laptop) for look in shown))
    laptop.wait_for("the world to answer", laptop.ping)
    laptop.wait_for("the former state", lambda: not any(look(laptop) for look in shown))
    laptop.wait_both()
    laptop.wait_for("the former file", lambda: laptop.read(CONFIGURATION) == SMALLEST)
    said = heard(laptop, session)
    assert "Keep the new configuration" in said
    assert "The former files are back" in said
    assert not has_second_bond(laptop)
    assert tcp.report()["broken"] == ""
    assert laptop.bonding().partition("Slave Interface")[0] == before


def test_a_change_over_ssh_that_nobody_confirms_is_taken_back_and_the_session_lives(
    laptop: Laptop,
) -> None:
    taken_back(laptop, *LARGE)


@pytest.mark.parametrize("what", SMALL)
def test_a_small_change_is_taken_back_as_well(laptop: Laptop, what: str) -> None:
    taken_back(laptop, *SMALL[what])


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
