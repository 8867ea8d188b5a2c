# SPDX-License-Identifier: LGPL-2.1-or-later
"""What other tools set on the bond itself, told with the options that do it here."""

from pathlib import Path

import pytest
from wbond_cli.check import keyfiles, on_the_bond
from wbond_cli.check.on_the_bond import Given

HOME, ROUTER = "192.0.2.10/24", "192.0.2.1"


def interfaces(root: Path, text: str) -> dict[str, Given]:
    (root / "etc/network").mkdir(parents=True)
    (root / "etc/network/interfaces").write_text(text)
    return on_the_bond.of_ifupdown(str(root), "bond0")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("  address 192.0.2.10/24\n  gateway 192.0.2.1\n", Given((HOME,), (ROUTER,))),
        ("  address 192.0.2.10\n  netmask 255.255.255.0\n", Given((HOME,))),
        ("  netmask 24\n\n  # x\n  address 192.0.2.10\n", Given((HOME,))),
        ("  address 192.0.2.10/24\nauto x\n  gateway 192.0.2.1\n", Given((HOME,))),
        ("  address 192.0.2.10/24\n  gateway `reboot`\n", Given((HOME,))),
    ],
)
def test_a_stanza(tmp_path: Path, text: str, found: Given) -> None:
    assert interfaces(tmp_path, f"auto bond0\niface bond0 inet static\n{text}") == {
        "etc/network/interfaces:2": found
    }


@pytest.mark.parametrize(
    "text",
    [
        "iface bond0 inet dhcp\n  address 192.0.2.10/24\n",
        "iface bond0 inet manual\n",
        "iface eth0 inet static\n  address 192.0.2.10/24\n",
        "iface bond0 inet static\n  address none\n",
        "iface bond0 inet static\n  address\n",
    ],
)
def test_a_stanza_without_addresses_of_the_bond(tmp_path: Path, text: str) -> None:
    assert interfaces(tmp_path, text) == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[Network]\nAddress=192.0.2.10/24\nGateway=192.0.2.1\n", Given((HOME,), (ROUTER,))),
        (
            "[Address]\nAddress=192.0.2.10/24\n[Route]\nGateway=192.0.2.1\n",
            Given((HOME,), (ROUTER,)),
        ),
        (
            "[Network]\nAddress=192.0.2.10/24\n[Route]\nDestination=10.0.0.0/8\nGateway=192.0.2.9\n",
            Given((HOME,)),
        ),
        ("[Network]\nDHCP=yes\n", Given()),
        ("[Network]\nAddress=\nGateway=_dhcp4\n", Given()),
    ],
)
def test_a_network_file(text: str, found: Given) -> None:
    assert on_the_bond.of_networkd(keyfiles.sections(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[ipv4]\naddress1=192.0.2.10/24,192.0.2.1\n", Given((HOME,), (ROUTER,))),
        ("[ipv4]\naddress1=192.0.2.10/24\ngateway=192.0.2.1\n", Given((HOME,), (ROUTER,))),
        (
            "[ipv6]\naddress1=2001:DB8::10/64\naddress2=2001:db8::11/64\n",
            Given(("2001:db8::10/64", "2001:db8::11/64")),
        ),
        ("[ipv4]\nmethod=auto\n", Given()),
    ],
)
def test_a_profile(text: str, found: Given) -> None:
    assert on_the_bond.of_networkmanager(keyfiles.sections(text)) == found
