# SPDX-License-Identifier: LGPL-2.1-or-later
"""`wbond wifi`, from a machine that knows no network."""

import json

import pytest
from guests import Resume
from laptop import PORT_UNITS, RADIO, Laptop

PATH = "/etc/wpa_supplicant/wpa_supplicant.conf"
EMPTY = "# Mine.\nctrl_interface=/run/wpa_supplicant\n"
CLI = ("wpa_cli", "-p", "/run/wpa_supplicant", "-i", RADIO)


@pytest.fixture(scope="module")
def laptop(resume: Resume) -> Laptop:
    """No network is saved, and wpa_supplicant runs."""
    laptop = resume()
    laptop.wait_both()
    laptop.write(PATH, EMPTY, 0o600)
    laptop.run("systemctl", "reload", PORT_UNITS[1])
    laptop.wait_for("the radio to fall out", lambda: not laptop.authorised())
    return laptop


def known(laptop: Laptop) -> list[str]:
    """Return the networks that wpa_cli knows."""
    lines = laptop.run(*CLI, "list_networks").splitlines()[1:]
    return [line.split("\t")[1] for line in lines]


def test_a_network_is_found_added_and_forgotten(laptop: Laptop) -> None:
    def seen() -> bool:
        found = json.loads(laptop.run("wbond", "wifi", "scan", "--json", timeout=60))["networks"]
        return [(one["security"], one["known"]) for one in found if one["ssid"] == "lab"] == [
            (["wpa2"], False)
        ]

    laptop.wait_for("the access point to be seen", seen)
    laptop.write("/run/passphrase", "correct horse\n", 0o600)
    said = laptop.shell("wbond wifi add lab --stdin < /run/passphrase")
    assert f"{RADIO} is connected to lab." in said
    laptop.wait_for("the radio to associate", laptop.authorised)
    text = laptop.read(PATH)
    assert text.startswith(EMPTY)
    assert laptop.run("stat", "-c", "%a %U", PATH).strip() == "600 root"
    (lab,) = json.loads(laptop.run("wbond", "wifi", "list", "--json"))["networks"]
    assert (lab["ssid"], lab["connected"]) == ("lab", [RADIO])
    assert "correct horse" not in laptop.journal("-b")
    # The file says what wpa_supplicant was told, and its own programs see it.
    laptop.run(*CLI, "reconfigure")
    laptop.wait_for("the radio to associate again", laptop.authorised)
    assert known(laptop) == ["lab"]
    assert "is connected to lab" in laptop.run("wbond", "wifi", "select", "lab", timeout=60)
    laptop.run("wbond", "wifi", "forget", "lab")
    laptop.wait_for("the radio to fall out", lambda: not laptop.authorised())
    assert laptop.read(PATH) == EMPTY
    assert known(laptop) == []
