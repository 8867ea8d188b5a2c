# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of `wbond status` share."""

from pathlib import Path

import pytest
from wbond_net.kernel import sysfs
from wbond_net.ports import mac_policy

from tests import stories


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a machine's folders: a configuration, a bond of wbond's, a cable and a radio."""
    for folder in ("etc", "run/wbond/bond0", "var/lib/dhcp", "sys/enp0s10", "sys/wlp3s0/phy80211"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "etc/wbond.conf").write_text(stories.TWO)
    (tmp_path / "sys/enp0s10/speed").write_text("2500\n")
    (tmp_path / "sys/wlp3s0/speed").write_text("-1\n")
    (tmp_path / "var/lib/dhcp/dhclient.bond0.leases").write_text(stories.LEASE_FILE)
    monkeypatch.setattr(sysfs, "SYSFS", str(tmp_path / "sys"))
    monkeypatch.setattr(mac_policy, "STATE", str(tmp_path / "state"))
    return tmp_path
