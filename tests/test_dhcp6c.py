# SPDX-License-Identifier: LGPL-2.1-or-later
"""dhcp6c: whose configuration it reads, and what it asks for."""

from pathlib import Path

import pytest
from wbond_net.clients import dhcp, dhcp6c, notes

from tests.test_dhcp import ENVIRON, places

__all__ = ["places"]  # the fixture

# As Debian ships it, 20080615-23 and -24.
STOCK = """\
# Default dhpc6c configuration: it assumes the address is autoconfigured using
# router advertisements.

profile default
{
  information-only;

  request domain-name-servers;
  request domain-name;

  script "/etc/wide-dhcpv6/dhcp6c-script";
};
"""


@pytest.mark.parametrize(
    ("text", "named", "is_own"),
    [
        (STOCK, False, False),
        (STOCK, True, True),
        (STOCK.replace("  information-only;\n", ""), False, True),
        (STOCK + "interface bond0 { };\n", False, True),
        ("", False, True),
    ],
)
def test_the_distribution_s_file_counts_once_somebody_has_changed_or_named_it(
    places: Path, monkeypatch: pytest.MonkeyPatch, text: str, named: bool, is_own: bool
) -> None:
    own = places / "etc/dhcp6c.conf"
    own.write_text(text)
    monkeypatch.setattr(dhcp6c, "CONF", str(own))
    environ = ENVIRON | {"DHCP6C_CONF": str(own) if named else ""}
    assert dhcp.main(["dhcp6c", "bond0"], environ) == 0
    published = text.replace(dhcp6c.FOREIGN_SCRIPT, f"{places}/run/bond0/{dhcp6c.SCRIPT}")
    assert ((places / "run/bond0/dhcp6c.conf").read_text() == published) is is_own


@pytest.mark.parametrize(
    ("noted", "asks"),
    [
        ("information\n", "information-only;"),
        ("address\n", "send ia-na"),
        ("nothing\n", "send ia-na"),  # a person has started it
        ("rubbish\n\x00", "send ia-na"),
        (None, "send ia-na"),
    ],
)
def test_dhcp6c_asks_for_what_the_routers_say(places: Path, noted: str | None, asks: str) -> None:
    if noted is not None:
        (places / "run/bond0" / notes.ASKED_FILE).write_text(noted)
    dhcp.main(["dhcp6c", "bond0"], ENVIRON | {"DHCP6C_CONF": "/nowhere"})
    text = (places / "run/bond0/dhcp6c.conf").read_text()
    assert asks in text
    assert ("id-assoc" in text) is ("ia-na" in asks)
    assert ("information-only" in text) is ("ia-na" not in asks)
