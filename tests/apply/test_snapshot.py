# SPDX-License-Identifier: LGPL-2.1-or-later
"""The snapshot that is saved when a bond starts."""

import pytest
from wbond_net.deployed import snapshot
from wbond_net.ports import bond

from tests.apply.laptop import FIRST, SECOND, Laptop
from tests.test_bond import ENVIRON


def test_a_bond_s_start_keeps_the_files_for_root_alone(laptop: Laptop) -> None:
    laptop.write(FIRST)
    laptop.reload()
    assert bond.main(["up", "bond0"], ENVIRON) == 0
    assert laptop.has_snapshot(snapshot.APPLIED)
    folder = laptop.root / snapshot.FOLDER
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "applied/etc/wbond.conf").read_text() == FIRST


def test_a_copy_that_cannot_be_made_fails_no_bond(
    laptop: Laptop, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.write(FIRST)
    laptop.reload()
    laptop.write("", snapshot.FOLDER)  # a file in the folder's place
    assert bond.main(["up", "bond0"], ENVIRON) == 0
    assert "wbond apply will not be able to go back" in capsys.readouterr().out


def test_a_file_that_systemd_has_not_been_told_of_is_not_what_the_bond_was_made_by(
    laptop: Laptop,
) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND)
    snapshot.save_applied("bond0", str(laptop.root))
    assert laptop.applied() == FIRST.encode()


def test_another_bond_that_runs_may_be_as_the_former_file_said(laptop: Laptop) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND + "[uplink]\nwired = eth9\nwireless =\n")
    laptop.reload()
    (laptop.root / "run/wbond/uplink").mkdir()
    laptop.machine.add_bond("uplink")
    snapshot.save_applied("uplink", str(laptop.root))
    assert laptop.applied() == FIRST.encode()
