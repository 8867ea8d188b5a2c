# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the scenarios share in which sticks and docks come and go."""

from hardware import DOCK_MAC
from laptop import BOND, CARD, RADIO, Laptop

STICK_MAC, SECOND_MAC = "02:00:00:00:05:01", "02:00:00:00:05:02"
CONFIGURATION = f"""[bond0]
wired = {CARD}
wireless = {RADIO} wl*

[bond0/dock]
kind = wired
match_mac = {DOCK_MAC}
priority = 500

[bond0/second]
kind = wireless
match_mac = {SECOND_MAC}
priority = 150
"""
UNIT = "bond0-supplicant@wlan0.service"


def wait_stick(laptop: Laptop, name: str = "wlan0") -> None:
    """Wait until a stick is in the bond and authorised."""
    laptop.wait_for(f"{name} in {BOND}", lambda: name in laptop.ports())
    laptop.wait_for(f"{name} to associate", lambda: laptop.authorised(name), 90)


def have_stick(laptop: Laptop) -> None:
    """See that the stick is in the bond."""
    if "wlan0" not in laptop.ports():
        laptop.radios.plug("stick", STICK_MAC)
        wait_stick(laptop)


def wait_gone(laptop: Laptop, unit: str = UNIT) -> None:
    """Wait until a unit has ended and nothing of it is left."""
    laptop.wait_for(f"{unit} to end", lambda: not laptop.show(unit, "MainPID").strip("0"))
    laptop.wait_for("its end", lambda: laptop.show(unit, "ActiveState") == "inactive")


def quiet(laptop: Laptop) -> None:
    """Check that nothing has failed and nothing is waiting."""
    assert laptop.run("systemctl", "--failed", "--plain", "--no-legend") == ""
    laptop.wait_for("no jobs", lambda: "No jobs" in laptop.run("systemctl", "list-jobs"))
