# SPDX-License-Identifier: LGPL-2.1-or-later
"""Faulty configurations at boot: it ends in multi-user, the good works, the bad is named."""

import json

import pytest
from guests import Boot
from laptop import CARD, FILES, RADIO, Laptop

FAULTY = {
    "/etc/wbond.conf": f"""[bond0]
wired = {CARD}
wireless = {RADIO}
miimom = 50
updelay = soon
peer_notif_delay = 250

[bond1]
wired = {CARD}
wireless =

[bond2
wired = eth9

[far-too-long-for-a-name]
wired = eth8
""",
    "/etc/wbond.conf.d/10-rubbish.conf": "\x00\x01\x7fELF\udcff\n" * 50,
    "/etc/wbond.conf.d/20-large.conf": "# a comment\n" * 900_000,
    "/etc/wbond.conf.d/30-folder.conf/file": "",
    "/etc/wbond.conf.d/40-good.conf": "[bond0]\ndowndelay = 200\n",
    "/usr/lib/wbond.conf.d/50-loose.conf": "wired = eth7\n",
}
NAMED = (
    "/etc/wbond.conf:4: [bond0] miimom: unknown option (did you mean 'miimon'?)",
    "/etc/wbond.conf:5: [bond0] updelay: 'soon' is not a whole number",
    "/etc/wbond.conf:6: [bond0] peer_notif_delay: 250 ms is not a multiple of miimon",
    f"/etc/wbond.conf:9: [bond1] wired: '{CARD}' is already a port of bond0",
    "/etc/wbond.conf:12: is not a section header",
    "/etc/wbond.conf:15: [far-too-long-for-a-name]: 'far-too-long-for-a-name' is not an interface",
    "/etc/wbond.conf.d/10-rubbish.conf:1: ",
    "/etc/wbond.conf.d/10-rubbish.conf:41: this file has more problems",
    "/etc/wbond.conf.d/20-large.conf: is larger than 1048576 bytes",
    "/etc/wbond.conf.d/30-folder.conf: is not a regular file",
    "/usr/lib/wbond.conf.d/50-loose.conf:1: wired: comes before the first section",
)


OWN_ADDRESS = """
import sys
sys.path[:0] = ["/usr/lib/wbond/generator", "/usr/lib/wbond/helpers"]
from wbond_net.clients import identity
print(identity.mac(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def laptop(boot: Boot) -> Laptop:
    laptop = boot(files={**FILES, **FAULTY})
    laptop.booted()
    return laptop


def test_the_boot_ends_in_multi_user(laptop: Laptop) -> None:
    assert laptop.is_active("multi-user.target")
    assert "No jobs" in laptop.run("systemctl", "list-jobs")


def test_what_is_good_works(laptop: Laptop) -> None:
    laptop.wait_both()
    assert "Down Delay (ms): 200" in laptop.bonding()
    assert "Up Delay (ms): 0" in laptop.bonding()
    assert laptop.ping()
    assert laptop.result("test", "-e", "/sys/class/net/bond1").rc == 0
    assert laptop.ports("bond1") == []


def test_udev_leaves_a_bond_the_address_that_it_was_made_with(laptop: Laptop) -> None:
    """One without ports: with a port, fail_over_mac has the address be the active port's."""
    own = laptop.run("python3", "-c", OWN_ADDRESS, "bond1").strip()
    laptop.shell("udevadm trigger --action=add --settle /sys/class/net/bond1")
    assert laptop.link("bond1")["address"] == own


@pytest.mark.parametrize("message", NAMED)
def test_each_fault_is_in_the_log_with_file_and_line(laptop: Laptop, message: str) -> None:
    assert any(message in line for line in laptop.warnings()), laptop.warnings()


def test_check_tells_each_fault_as_well(laptop: Laptop) -> None:
    result = laptop.result("wbond", "check", "--json", timeout=120)
    found = json.loads(result.out)["findings"]
    told = {f"{one['file']}:{one['line'] or ''}".rstrip(":") for one in found}
    assert {message.partition(": ")[0] for message in NAMED} <= told
    assert result.rc == 2


def test_a_configuration_that_is_all_rubbish_costs_no_boot(laptop: Laptop) -> None:
    laptop.shell("head -c 100000 /dev/urandom > /etc/wbond.conf; rm -r /etc/wbond.conf.d")
    laptop.shell("systemctl daemon-reload", timeout=120)
    laptop.reboot()
    laptop.booted()
    assert laptop.is_active("multi-user.target")
    assert laptop.warnings()
    assert laptop.result("test", "-e", "/sys/class/net/bond0").rc == 1
