# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verb `import`: 802.1X on cables."""

from pathlib import Path

import pytest
from wbond_cli.check import runner

from tests.test_check import write
from tests.test_import import PROFILES, machine, run, text, wrong

CABLE = "etc/wpa_supplicant/cable-enp0s31f6.conf"
PEAP = "[802-1x]\neap=peap;\nidentity=me\npassword=s3cret\nca-cert=/etc/ssl/ca.pem\n"


def authenticated(root: Path, interface: str = "") -> None:
    """Write a profile of a cable with 802.1X."""
    named = f"interface-name={interface}\n" if interface else ""
    write(root / PROFILES / "office.nmconnection", f"[connection]\ntype=ethernet\n{named}{PEAP}")


def test_a_cable_that_names_no_interface_is_the_only_one(tmp_path: Path) -> None:
    root = machine(tmp_path)
    authenticated(root)
    assert run(root)[0] == 0
    assert "[bond0/cable-enp0s31f6]\nkind = wired\nmatch_name = enp0s31f6\n" in text(root)
    assert wrong(root) == []


def test_of_two_cables_it_is_not_guessed_which_one_is_meant(tmp_path: Path) -> None:
    root = machine(tmp_path)
    authenticated(root)
    for name in ("eth8", "eth9"):
        profile = f"[connection]\ntype=ethernet\nid={name}\ninterface-name={name}\n"
        write(root / PROFILES / f"{name}.nmconnection", profile)
    _, out, _ = run(root)
    assert "it does not say for which cable it is: write it by hand, see 802.1x.md" in out
    assert "[bond0/cable" not in text(root)
    assert not list((root / "etc").glob("wpa_supplicant/cable*"))


def test_of_two_ways_to_authenticate_one_cable_the_first_comes_over(tmp_path: Path) -> None:
    root = machine(tmp_path)
    authenticated(root, "enp0s31f6")
    profile = (root / PROFILES / "office.nmconnection").read_text()
    write(root / PROFILES / "zoo.nmconnection", profile.replace("=me", "=you"))
    _, out, _ = run(root)
    assert f"802.1X: enp0s31f6 has 802.1X by /{PROFILES}/office.nmconnection:5 already" in out
    assert 'identity="me"' in text(root, CABLE)


def test_a_profile_of_a_device_that_is_not_plugged_in_is_for_that_alone(tmp_path: Path) -> None:
    root = machine(tmp_path)
    authenticated(root)
    with (root / PROFILES / "office.nmconnection").open("a") as file:
        file.write("[ethernet]\nmac-address=48:2A:E3:00:00:07\n")
    assert run(root)[0] == 0
    section = "[bond0/cable-482ae3000007]\nkind = wired\nmatch_mac = 48:2a:e3:00:00:07\n"
    assert section in text(root)
    assert "wired = enp0s31f6 en* eth*\n" in text(root)


def test_a_cable_with_a_section_stays_before_those_that_it_stood_before(tmp_path: Path) -> None:
    root = machine(tmp_path)
    authenticated(root, "enp0s31f6")
    path = root / PROFILES / "office.nmconnection"
    path.write_text(path.read_text().replace("type=", "autoconnect-priority=5\ntype="))
    other = "[connection]\ntype=ethernet\nid=eth8\ninterface-name=eth8\n"
    write(root / PROFILES / "eth8.nmconnection", other)
    assert run(root)[0] == 0
    assert "wired = eth8\n" in text(root)
    assert "match_name = enp0s31f6\npriority = 201\n" in text(root)
    read, _ = runner.configuration(runner.Source(str(root), ""))
    assert [port.name for port in read.bonds[0].ports][:2] == ["cable-enp0s31f6", "eth8"]


@pytest.mark.parametrize(
    ("password", "written"),
    [
        ("hash:" + "8846f7eaee8fb117ad06bdd830b7586c", "hash:8846f7eaee8fb117ad06bdd830b7586c"),
        ("hash:short", None),
        ("", None),
    ],
)
def test_a_hash_of_netplan_s_is_none_of_a_password(
    tmp_path: Path, password: str, written: str | None
) -> None:
    root = machine(tmp_path)
    auth = f"{{key-management: 802.1x, method: peap, identity: me, password: '{password}'}}"
    ethernets = f"network: {{ethernets: {{enp0s31f6: {{dhcp4: true, auth: {auth}}}}}}}\n"
    write(root / "etc/netplan/a.yaml", ethernets)
    _, out, _ = run(root)
    assert (root / CABLE).exists() is (written is not None)
    if written:
        assert f"password={written}\n" in text(root, CABLE)
        assert "no certificate is asked for: whoever owns the socket gets the password" in out


def test_802_1x_that_netplan_hands_on_to_networkmanager_comes_over(tmp_path: Path) -> None:
    root = machine(tmp_path)
    through = "{802-1x.eap: peap;, 802-1x.identity: me, 802-1x.password: s3cret}"
    own = f"{{renderer: NetworkManager, dhcp4: true, networkmanager: {{passthrough: {through}}}}}"
    write(root / "etc/netplan/90-NM-x.yaml", f"network: {{ethernets: {{enp0s31f6: {own}}}}}\n")
    assert run(root)[0] == 0
    assert "eap=PEAP\n" in text(root, CABLE)


def test_a_device_that_netplan_names_is_that_of_what_it_hands_on(tmp_path: Path) -> None:
    root = machine(tmp_path)
    through = "{802-1x.eap: peap;, 802-1x.identity: me, 802-1x.password: s3cret}"
    device = "match: {macaddress: '48:2a:e3:00:00:07'}"
    own = f"{{{device}, networkmanager: {{passthrough: {through}}}}}"
    write(root / "etc/netplan/90-NM-x.yaml", f"network: {{ethernets: {{NM-x: {own}}}}}\n")
    assert run(root)[0] == 0
    assert "match_mac = 48:2a:e3:00:00:07\n" in text(root)


def test_a_configuration_that_is_there_is_told_what_802_1x_needs(tmp_path: Path) -> None:
    root = machine(tmp_path)
    authenticated(root, "enp0s31f6")
    write(root / "etc/wbond.conf", "[bond0]\n")
    _, out, _ = run(root)
    assert "802.1X on enp0s31f6 needs a section there: see 802.1x.md." in out
    assert not (root / CABLE).exists()
    section = f"[bond0/a]\nkind=wired\nmatch_name=enp0s31f6\nsupplicant_conf=/{CABLE}\n"
    write(root / "etc/wbond.conf", f"[bond0]\n{section}")
    assert "needs a section" not in run(root)[1]


def test_a_file_for_a_cable_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    root = machine(tmp_path)
    authenticated(root, "enp0s31f6")
    write(root / CABLE, "network={\n")  # which is no reason to write nothing
    code, out, _ = run(root)
    assert code == 0
    said = f"/{CABLE} is there already, and stays as it is: enp0s31f6 has the 802.1X that it says."
    assert said in " ".join(out.split())
    assert text(root, CABLE) == "network={\n"
