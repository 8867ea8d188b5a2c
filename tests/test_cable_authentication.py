# SPDX-License-Identifier: LGPL-2.1-or-later
"""802.1X on a cable, from the section that asks for it to wpa_supplicant's command line."""

import os
import re

import pytest
from wbond import units
from wbond_net.kernel import udev_database
from wbond_net.ports import port
from wbond_udev import main
from wbond_udev.match import WIRED, Facts

from tests import ports as port_units
from tests.configuration import good, read
from tests.fake import Machine
from tests.ports import CARD, ENVIRON
from tests.reports import CABLE, DOWN, RADIO, bond
from tests.reports import port as link
from tests.watch_story import Story

OFFICE = """[bond0]
supplicant_conf = /etc/wpa_supplicant/home.conf
[bond0/office]
kind = wired
match_name = enp0s10
supplicant_conf = /etc/wpa_supplicant/office.conf
"""


def section(text: str) -> tuple[str, dict[str, str]]:
    """Return the role and the settings of the first port that is no list's."""
    found = next(one for one in good(text)["bond0"].ports if one.matches)
    return found.role, found.settings


def test_a_cable_whose_section_names_a_file_is_authenticated() -> None:
    assert section(OFFICE) == (
        units.SUPPLICANT,
        {"supplicant_conf": "/etc/wpa_supplicant/office.conf", "supplicant_driver": "wired"},
    )


def test_another_driver_of_wpa_supplicant_s_can_be_had() -> None:
    _, settings = section(OFFICE + "supplicant_driver = macsec_linux\n")
    assert settings["supplicant_driver"] == "macsec_linux"


@pytest.mark.parametrize("parent", ["[DEFAULT]", "[bond0]"])
def test_what_is_said_of_all_is_said_of_radios(parent: str) -> None:
    said = f"{parent}\nsupplicant_conf = /a.conf\nsupplicant_driver = wext\nlegacy_rates = yes\n"
    rest = "[bond0/dock : bond0]\nkind = wired\nmatch_usb = 17ef:*\n"
    bonds = "" if parent == "[bond0]" else "[bond0]\n"
    assert section(said + bonds + rest) == (units.WIRED, {})


def test_a_section_inherits_it_from_another_port_s_and_by_host() -> None:
    text = "[bond0]\n[bond0/a]\nkind = wired\nmatch_name = e1\nsupplicant_conf[atlas] = /a.conf\n"
    bonds = read(text + "[bond0/b : bond0/a]\nmatch_name = e2\n", "atlas").bonds
    found = {one.name: one.role for one in bonds[0].ports if one.matches}
    assert found == {"a": units.SUPPLICANT, "b": units.SUPPLICANT}
    elsewhere = read(text, "other").bonds[0]
    assert [one.role for one in elsewhere.ports if one.matches] == [units.WIRED]


def test_a_file_that_cannot_be_named_leaves_a_plain_cable() -> None:
    bonds = read(OFFICE.replace("/etc/wpa_supplicant/office.conf", "office.conf")).bonds
    assert [one.role for one in bonds[0].ports if one.matches] == [units.WIRED]


def test_udev_names_the_unit_that_has_wpa_supplicant() -> None:
    found = dict(main.properties(read(OFFICE), Facts("enp0s10", WIRED), ""))
    assert found["WBOND_ROLE"] == "wired"
    assert found["WBOND_UNIT"] == "bond0-supplicant@enp0s10.service"
    assert found["WBOND_SET_SUPPLICANT_CONF"] == "/etc/wpa_supplicant/office.conf"
    assert found["WBOND_SET_SUPPLICANT_DRIVER"] == "wired"


class Executed(Exception):
    """Stands for a process that has become another program."""


def test_the_unit_becomes_wpa_supplicant_for_the_cable(
    bonded: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    words: list[str] = []

    def execute(program: str, arguments: list[str]) -> None:
        words.extend(arguments)
        raise Executed(program)

    monkeypatch.setattr(os, "execvp", execute)
    noted = dict(main.properties(read(OFFICE), Facts(CARD, WIRED), ""))
    bonded.note(CARD, "".join(f"{name}={value}\n" for name, value in noted.items()))
    assert udev_database.settings(CARD)["SUPPLICANT_DRIVER"] == "wired"
    with pytest.raises(Executed):
        port.main(["supplicant", "bond0", CARD], ENVIRON | {"PRIORITY": port.NO_PRIO})
    assert f"ip link set dev {CARD} master bond0" in bonded.ran
    assert bonded.programs == []  # iw knows nothing of cables
    assert words[:-1] == [
        *("wpa_supplicant", "-i", CARD, "-D", "wired"),
        *("-c", "/etc/wpa_supplicant/office.conf", "-I"),
    ]
    assert re.search(r"helpers/wpa_supplicant-port\.conf$", words[-1])


def test_a_cable_leaves_without_a_word_of_rates(bonded: Machine) -> None:
    assert port_units.join() == 0
    assert port.main(["leave", "bond0", CARD], ENVIRON) == 0
    assert bonded.programs == []


def test_a_cable_of_either_unit_joins_anew_for_the_common_address(story: Story) -> None:
    story.options = story.options._replace(mac="wlp3s0")
    story.watch(bond(CABLE), link(CABLE), link(RADIO, carrier=False, operstate=DOWN))
    story.systemctl_ends()
    did = story.happens(link(RADIO), bond(RADIO))
    assert (
        "systemctl try-restart --no-block -- bond0-wired@enp0s10.service "
        "bond0-supplicant@enp0s10.service"
    ) in did
