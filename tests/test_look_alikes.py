# SPDX-License-Identifier: LGPL-2.1-or-later
"""What only looks like a cable is no port by a glob, and real cards and docks are."""

import os
import subprocess
from pathlib import Path

import pytest
from wbond_udev import look_alikes, match
from wbond_udev.match import Facts

from tests.configuration import read
from tests.conftest import REPOSITORY, configured
from tests.test_startup import SLOW, modules
from tests.test_udev import (
    BRIDGE,
    CARD,
    DEVICES,
    DOCK,
    PHONE,
    QUERY,
    STICK,
    changed,
    place,
    properties,
)

LOOK_ALIKES = [
    PHONE,
    changed(PHONE, usb="05ac:12ab"),  # an iPad
    changed(PHONE, driver="cdc_ncm"),
    changed(PHONE, driver="rndis_host", usb="04e8:6863"),
    changed(PHONE, driver="cdc_ncm", usb="04e8:6864"),
    changed(PHONE, driver="cdc_ncm", usb="18d1:4eeb"),
    changed(PHONE, driver="cdc_ncm", usb="22b8:2e24"),
    changed(PHONE, driver="cdc_ncm", usb="05ac:8233"),
    changed(PHONE, driver="cdc_ether", usb="046b:ffb0"),
    changed(PHONE, driver="cdc_ether", usb="413c:a102"),
    changed(PHONE, driver="cdc_ether", usb="04b3:4010"),
    changed(PHONE, driver="cdc_ether", usb="0525:a4a2"),
    changed(PHONE, driver="cdc_ncm", usb="1d6b:0104"),
    changed(PHONE, driver="plusb", usb="067b:25a1"),
    changed(PHONE, driver="thunderbolt-net", usb=""),
]
REAL = [
    CARD,
    DOCK,
    changed(DOCK, driver="cdc_ether", usb="045e:07c6"),  # Microsoft's Surface Dock
    changed(DOCK, driver="cdc_ncm", usb="17e9:4307"),  # DisplayLink's chip in docks
    changed(DOCK, driver="cdc_ncm", usb="0bda:8157"),
    changed(DOCK, driver="cdc_ncm", usb="0b95:1790"),
    changed(DOCK, driver="ax88179_178a", usb="0b95:1790"),
    changed(DOCK, driver="asix", usb="05ac:1402"),  # Apple's adapter
    changed(DOCK, driver="r8152", usb="04e8:a101"),  # Samsung's
    changed(DOCK, driver="aqc111", usb="2eca:c101"),
    changed(DOCK, driver="", usb=""),
]


def name(facts: Facts) -> str:
    return f"{facts.driver} {facts.usb}"


@pytest.mark.parametrize("facts", LOOK_ALIKES, ids=name)
def test_no_glob_takes_what_only_looks_like_a_cable(facts: Facts) -> None:
    assert place("[bond0]", facts) == ""
    (bond, reason) = match.left_out(read("[bond0]"), facts) or pytest.fail("taken")
    assert bond.name == "bond0"
    assert reason.endswith(" and only looks like a cable")
    assert properties("[bond0]", facts) == {"WBOND_LEFT_OUT": reason}


def test_the_manual_has_the_whole_list() -> None:
    page = (REPOSITORY / "man/wbond.conf.5.scd").read_text(encoding="utf-8")
    for driver, usb, _ in look_alikes.ENTRIES:
        known = [word for word in (driver, usb) if "*" not in word]
        assert known or usb.startswith(("18d1", "04e8", "22b8", "2717"))
        assert all(word in page for word in known)


@pytest.mark.parametrize("facts", LOOK_ALIKES, ids=name)
def test_a_name_or_a_section_takes_it_all_the_same(facts: Facts) -> None:
    assert place(f"[bond0]\nwired = {facts.name}\n", facts) == f"bond0:{facts.name}"
    section = f"[bond0]\n[bond0/phone]\nkind = wired\nmatch_driver = {facts.driver}\n"
    assert place(section, facts) == "bond0:phone"
    assert match.left_out(read(section), facts) is None


@pytest.mark.parametrize("facts", REAL, ids=name)
def test_real_cards_and_docks_are_cables(facts: Facts) -> None:
    assert place("[bond0]", facts) == "bond0:en*"
    assert match.left_out(read("[bond0]"), facts) is None


def test_a_stick_of_a_maker_of_phones_is_a_radio() -> None:
    assert place("[bond0]", changed(STICK, driver="rndis_wlan", usb="0525:a4a2")) == "bond0:wl*"


def test_what_no_port_would_take_is_not_left_out() -> None:
    assert match.left_out(read("[bond0]"), BRIDGE) is None
    assert match.left_out(read("[bond0]\nwired = eth0\n"), PHONE) is None


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (DOCK, "WBOND_UNIT=bond0-wired@enp0s20f0u1u4.service"),
        (PHONE, "WBOND_LEFT_OUT=it is an iPhone or iPad and only looks like a cable"),
    ],
    ids=["dock", "phone"],
)
def test_the_query_looks_at_the_driver_without_pyudev(
    tmp_path: Path, facts: Facts, expected: str
) -> None:
    described = next(path for path in DEVICES if facts.driver in path.name)
    lines = described.read_text().splitlines()
    path = [line.removeprefix("P: ") for line in lines if line.startswith("P: ")][-1]
    event = {"ACTION": "add", "DEVPATH": path, "INTERFACE": facts.name, "IFINDEX": "7"}
    words = ["umockdev-run", "-d", str(described), "--", "/usr/bin/python3", "-IS", "-X"]
    words += ["importtime", QUERY, "--root", str(configured(tmp_path, "[bond0]\n")), "query"]
    done = subprocess.run(words, env=os.environ | event, capture_output=True, text=True)
    assert f"{expected}\n" in done.stdout
    assert modules(done.stderr) & (SLOW | {"pyudev", "fnmatch"}) == set()
