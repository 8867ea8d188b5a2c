# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is collected from other programs and from files."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wbond import units
from wbond_cli.status import collect, document
from wbond_cli.status.build import build_status
from wbond_cli.status.model import Association, Facts
from wbond_net.clients import leases

from tests import stories
from tests.status.programs import SHOWN, Programs
from tests.status.views import errors, rendered, states
from tests.stories import CARD, MACS, NOW, RADIO

IW_5_19 = """\
Connected to 02:00:00:00:01:00 (on wlp3s0)
\tSSID: Caf\\xc3\\xa9 \\x5c \\x1b[2J\\xff
\tfreq: 5180
\tRX: 1234567 bytes (12345 packets)
\tTX: 123456 bytes (1234 packets)
\tsignal: -52 dBm
\trx bitrate: 780.0 MBit/s VHT-MCS 8 80MHz short GI VHT-NSS 2
\ttx bitrate: 866.7 MBit/s VHT-MCS 9 80MHz short GI VHT-NSS 2

\tbss flags:\tshort-slot-time
\tdtim period:\t2
\tbeacon int:\t100
"""


def test_an_association_by_iw() -> None:
    found = collect.parse_association(IW_5_19)
    assert found == Association("Café \\ \\x1b[2J\\udcff", -52, 5180.0, 866.7)
    newer = IW_5_19.replace("freq: 5180", "freq: 5180.0").replace("\ttx bitrate: 866", "\tx: 866")
    assert collect.parse_association(newer) == found._replace(rate=None)


def test_other_bonds_than_those_asked_for_are_not_looked_at(root: Path) -> None:
    (root / "etc/wbond.conf").write_text(stories.TWO + "[bond1]\nwired = eth9\n")
    programs, links = Programs(systemctl=SHOWN), stories.cable_active().links
    collector = collect.Collector(programs, str(root), ["bond1"])
    found = collector.collect(links, (), (), NOW)
    assert [bond.name for bond in build_status(found).bonds] == ["bond1"]
    asked = " ".join(word for argv in programs.asked for word in argv)
    assert "bond1-wired@eth9.service" in asked
    assert "bond0" not in asked
    assert collector.known_bonds() == ["bond0", "bond1"]


@pytest.mark.parametrize("text", ["Not connected.\n", "", "command failed: No such device (-19)\n"])
def test_no_association_by_iw(text: str) -> None:
    assert collect.parse_association(text) is None


def test_what_udev_says_is_left_out() -> None:
    noted = {"enp0s10": {"WBOND_BOND": "bond0"}, "wlp3s0": {}}
    left = {"enx1": {"WBOND_LEFT_OUT": "it is in `exclude` of bond0"}}
    assert collect.left_out(noted | left) == {"enx1": "it is in `exclude` of bond0"}


def test_which_cables_have_802_1x() -> None:
    def noted(name: str, role: str, kind: str) -> dict[str, str]:
        return {
            "WBOND_BOND": "bond0",
            "WBOND_ROLE": kind,
            "WBOND_UNIT": units.port("bond0", role, name),
        }

    found = {
        "enp0s10": noted("enp0s10", units.SUPPLICANT, "wired"),
        "enp0s11": noted("enp0s11", units.WIRED, "wired"),
        "wlp3s0": noted("wlp3s0", units.SUPPLICANT, "wireless"),
        "lo": {},
    }
    assert collect.authenticated(found) == {"enp0s10"}


def test_units_by_systemctl() -> None:
    bond, watch, client = collect.parse_units(SHOWN)
    assert (bond.name, bond.sub, bond.reload_due) == ("wbond@bond0.service", "exited", True)
    assert bond.environment["MAC"] == "enp0s10"
    assert watch.status == "cable enp0s10 is active; radio wlp3s0 stands by"
    assert watch.environment["DHCP6"] == "none"
    assert (client.load, client.active, client.environment) == ("not-found", "inactive", {})


@given(st.text(alphabet=st.characters(codec="utf-8")), st.integers())
@settings(deadline=None)
def test_texts_that_are_broken_break_nothing(text: str, number: int) -> None:
    lease = f"lease {{\n  fixed-address 192.0.2.100;\n  renew epoch {number};\n{text}\n}}\n"
    found = tuple(leases.parse(lease))
    tuple(collect.parse_units(text))
    assert collect.ssid(text).isprintable()
    association = collect.parse_association(f"Connected to x\n\tSSID: {text}\n\tsignal: {text}")
    assert association is not None
    own = {"leases": {"bond0": found}, "associations": {"wlp3s0": association}}
    facts = stories.cable_active(**own)
    assert errors(document.status_to_dict(build_status(facts))) == []
    assert all(character.isprintable() or character == "\n" for character in rendered(facts))


def collected(root: Path, programs: Programs, links: Facts) -> Facts:
    return collect.Collector(programs, str(root)).collect(links.links, links.addresses, (), NOW)


def test_looking(root: Path) -> None:
    programs = Programs(systemctl=SHOWN, iw=IW_5_19)
    facts = collected(root, programs, stories.cable_active())
    assert facts.made == ("bond0",)
    assert facts.radios == {"wlp3s0"}
    assert facts.speeds == {"enp0s10": 2500}
    assert facts.associations["wlp3s0"].signal == -52
    assert facts.units["wbond-watch@bond0.service"].active == "active"
    assert [lease.server for lease in facts.leases["bond0"]] == ["192.0.2.9", "192.0.2.1", ""]
    assert facts.faults == ()
    asked = [words for words in programs.asked if words[0] == "systemctl"]
    assert len(asked) == 1
    assert asked[0][-2:] == ("bond0-wired@enp0s10.service", "bond0-supplicant@wlp3s0.service")


def test_without_programs_what_is_lacking_is_said(root: Path) -> None:
    facts = collected(root, Programs(), stories.cable_active())
    assert [fault.text for fault in facts.faults] == [
        "the units could not be asked for: systemctl is not installed"
    ]
    assert build_status(facts).bonds[0].active == "enp0s10"
    assert errors(document.status_to_dict(build_status(facts))) == []
    assert "is not installed" in squeezed_but_blanks(rendered(facts))


def squeezed_but_blanks(text: str) -> str:
    return " ".join(text.split())


def test_leases_that_cannot_be_read(root: Path) -> None:
    path = root / "var/lib/dhcp/dhclient.bond0.leases"
    path.unlink()
    path.mkdir()
    facts = collected(root, Programs(systemctl=SHOWN), stories.cable_active())
    (fault,) = facts.faults
    assert fault.text.startswith("/var/lib/dhcp/dhclient.bond0.leases: no regular file")
    # The kernel knows how long the address is valid all the same.
    assert build_status(facts).bonds[0].addresses[0].until == NOW + 18_731


@pytest.mark.parametrize(("ago", "server"), [(-60, "192.0.2.77"), (60, "192.0.2.9")])
def test_of_two_files_of_leases_that_counts_which_was_written_last(
    root: Path, ago: int, server: str
) -> None:
    """Of a /var that is read-only, and of one that has become writable since."""
    lease = (
        "lease {\n  fixed-address 192.0.2.100;\n  option dhcp-server-identifier 192.0.2.77;\n}\n"
    )
    (root / "run").mkdir(exist_ok=True)
    volatile = root / "run/dhclient.bond0.leases"
    volatile.write_text(lease)
    written = (root / "var/lib/dhcp/dhclient.bond0.leases").stat().st_mtime - ago
    os.utime(volatile, (written, written))
    facts = collected(root, Programs(systemctl=SHOWN), stories.cable_active())
    assert facts.leases["bond0"][0].server == server


def test_a_radio_without_carrier_and_a_cable_without_speed(root: Path) -> None:
    (root / "sys/enp0s10/speed").write_text("-1\n")
    programs = Programs(systemctl=SHOWN, iw="Not connected.\n")
    facts = collected(root, programs, stories.no_link())
    assert (facts.speeds, facts.associations) == ({}, {})
    assert "iw" not in [words[0] for words in programs.asked]


def test_a_switch_blocks_the_radio(root: Path) -> None:
    (root / "sys/wlp3s0/phy80211/rfkill0").mkdir()
    (root / "sys/wlp3s0/phy80211/rfkill0/soft").write_text("1\n")
    links = stories.facts(
        stories.bond(CARD), stories.port(CARD), stories.port(RADIO, **stories.OUT)
    )
    assert states(collected(root, Programs(), links)) == {"enp0s10": "active", "wlp3s0": "blocked"}


def test_the_common_address_is_the_one_that_ports_are_given(root: Path) -> None:
    shown = SHOWN.replace("MAC=enp0s10", f"MAC={MACS[CARD]}")
    facts = collected(root, Programs(systemctl=shown), stories.cable_active())
    (bond,) = build_status(facts).bonds
    assert (bond.policy, bond.shared_mac) == (MACS[CARD], MACS[CARD])
    assert [port.name for port in bond.ports if port.refused] == ["wlp3s0"]


# --- 802.11b's rates --------------------------------------------------------------

LEGACY = "1.0* 2.0* 5.5* 11.0* 6.0 9.0 12.0 18.0"
SCANNED = """\
BSS 02:00:00:00:09:00(on wlp3s0)
\tfreq: 2437
\tSupported rates: 6.0* 9.0 12.0* 18.0
BSS 02:00:00:00:01:00(on wlp3s0) -- associated
\tfreq: 2412
\tSSID: BSS 1
\tSupported rates: {rates}
\tDS Parameter set: channel 1
\tExtended supported rates: 24.0{mark} 36.0 48.0 54.0
BSS 02:00:00:00:08:00(on wlp3s0)
\tSupported rates: 6.0* 9.0
"""
IW_2_4 = IW_5_19.replace("5180", "2412.0")


@pytest.mark.parametrize(
    ("rates", "mark", "basic"),
    [
        (LEGACY, "", {1.0, 2.0, 5.5, 11.0}),
        (LEGACY, "*", {1.0, 2.0, 5.5, 11.0, 24.0}),
        ("6.0* 9.0", "", {6.0}),
    ],
)
def test_basic_rates_by_iw(rates: str, mark: str, basic: set[float]) -> None:
    assert collect.basic_rates(SCANNED.format(rates=rates, mark=mark)) == basic


@pytest.mark.parametrize("text", ["", "BSS 02:00:00:00:09:00(on x)\n\tSupported rates: 1.0*\n"])
def test_no_basic_rates_by_iw(text: str) -> None:
    assert collect.basic_rates(text) == set()


class Iw(Programs):
    """Answers iw by its command."""

    def __call__(self, *argv: str) -> str:
        return self.answers[argv[3]] if argv[0] == "iw" else super().__call__(*argv)


@pytest.mark.parametrize(
    ("link", "option", "mark", "legacy"),
    [
        (IW_2_4, "no", "", True),
        (IW_2_4, "no", "*", False),
        (IW_2_4, "yes", "", False),
        (IW_5_19, "no", "", False),
    ],
)
def test_rates_that_the_network_brings_back(
    root: Path, link: str, option: str, mark: str, legacy: bool
) -> None:
    unit = "Id=bond0-supplicant@wlp3s0.service\nLoadState=loaded\nActiveState=active\n"
    shown = f"{SHOWN}\n{unit}Environment=BOND=bond0 LEGACY_RATES={option}\n"
    scanned = SCANNED.format(rates=LEGACY, mark=mark)
    programs = Iw(systemctl=shown, link=link, scan=scanned)
    facts = collected(root, programs, stories.cable_active())
    assert facts.associations["wlp3s0"].legacy_rates is legacy
    assert ("802.11b's rates too" in rendered(facts)) is legacy
