# SPDX-License-Identifier: LGPL-2.1-or-later
"""Services of others: which of them `wbond check` tells, and on what machine."""

from pathlib import Path

import pytest
from wbond_cli.check import dhcpcd, runner
from wbond_cli.check.diagnostics import Diagnostic

from tests.test_check import add_adapter, build, write


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("denyinterfaces en*,wl*,bond0\n", ["bond0", "eno1", "wlan0"]),
        ("denyinterfaces en*, wl* # eth0\ndenyinterfaces bond0\n", ["bond0", "eno1", "wlan0"]),
        ("allowinterfaces eth0,bond*\n", ["eno1", "wlan0"]),
        ("allowinterfaces *\ndenyinterfaces bond0\n", ["bond0"]),
        ("interface eth0\ndenyinterfaces *\n", []),
        ("#denyinterfaces *\n;denyinterfaces *\ndenyinterfaces\n", []),
        ("  denyinterfaces\teno1\n", ["eno1"]),
    ],
)
def test_what_dhcpcd_leaves_alone(text: str, left: list[str]) -> None:
    assert [name for name in ("bond0", "eno1", "wlan0") if dhcpcd.leaves(text, name)] == left


def told_of(root: Path) -> list[Diagnostic]:
    return runner.run(runner.Source(str(root), ""))


@pytest.mark.parametrize(
    ("configuration", "interfaces", "told"),
    [
        ("", "eth0", "a second dhcp6c, on eth0"),
        ("", "bond0", "a second dhcp6c, on bond0"),
        ("dhcp6 = none", "bond0", ""),
        ("dhcp6 = none", "eth9", ""),
        ("dhcp6 = none", "enp0s31f6", "dhcp6c on a port, on enp0s31f6"),
    ],
)
def test_dhcp6c_of_an_init_script(
    configuration: str, interfaces: str, told: str, tmp_path: Path
) -> None:
    root = build("wide-dhcpv6-started", tmp_path)
    write(root / "etc/default/wide-dhcpv6-client", f'INTERFACES="{interfaces}"\n')
    write(
        root / "etc/wbond.conf",
        f"[bond0]\nwired = enp0s31f6\nwireless = wlp3s0\n{configuration}\n",
    )
    texts = [diagnostic.text for diagnostic in told_of(root)]
    assert texts == ([f"an init script starts {told}"] if told else [])


NETWORKS = "etc/systemd/network/20-x.network"


@pytest.mark.parametrize(
    ("network", "told"),
    [
        ("[Match]\nName=enp0s31f6\n", True),  # it is wbond's, and networkd leaves it alone
        ("[Match]\nName=br0\n", False),
        ("[Match]\nName=br9\n", True),
        ("", True),
    ],
)
def test_a_wait_for_nothing_is_told(network: str, told: bool, tmp_path: Path) -> None:
    root = build("good-with-a-new-networkd", tmp_path)
    for path in (root / NETWORKS).parent.iterdir():
        path.unlink()
    write(root / NETWORKS, network)
    write(root / "sys/class/net/br0/type", "1\n")
    unit = root / "etc/systemd/system/network-online.target.wants"
    unit.mkdir()
    (unit / "systemd-networkd-wait-online.service").symlink_to("/usr/lib/systemd/system/x")
    assert ("wait-online-for-nothing" in [d.code for d in told_of(root)]) == told


def test_an_access_point_beside_a_port_is_a_note(tmp_path: Path) -> None:
    root = build("services-of-others", tmp_path)
    add_adapter(root, "ap0", 9, "pci0000:00/0000:03:00.1", radio=True)
    write(root / "etc/hostapd/hostapd.conf", "driver=nl80211\ninterface=ap0\n")
    write(root / "etc/wbond.conf", "[bond0]\nwired = enp0s31f6\nwireless = wlp3s0\n")
    (finding,) = [d for d in told_of(root) if d.code.startswith("hostapd")]
    assert (finding.code, finding.line) == ("hostapd-beside-port", 2)
    assert "radio of wlp3s0" in finding.text
