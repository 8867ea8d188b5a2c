# SPDX-License-Identifier: LGPL-2.1-or-later
"""The snapshot that is saved when a bond starts."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from wbond import config, units
from wbond_net.deployed import snapshot, unit_tree
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


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note when the units are rendered for a comparison; the generator takes no time here."""
    roots: list[str] = []
    render = unit_tree.render_root

    def noted(root: str) -> tuple[config.Config, dict[str, str]]:
        roots.append(root)
        return render(root)

    monkeypatch.setattr(snapshot, "_GENERATION", 0.0)
    monkeypatch.setattr(unit_tree, "render_root", noted)
    return roots


def pass_time() -> None:
    """Let the kernel's coarse clock, which inodes have their times from, go on."""
    time.sleep(0.05)


DROP_IN = "etc/wbond.conf.d/x.conf"
REPLACED = {
    "the file": lambda root: (root / "etc/wbond.conf").write_text(SECOND),
    "only its owner's rights": lambda root: (root / "etc/wbond.conf").chmod(0o600),
    "the file, by a rename": lambda root: (root / "other").rename(root / "etc/wbond.conf"),
    "no file": lambda root: (root / "etc/wbond.conf").unlink(),
    "what a link leads to": lambda root: (root / "elsewhere").write_text("[bond0]\nupdelay = 1\n"),
    "a link": lambda root: (root / DROP_IN).unlink() or (root / DROP_IN).symlink_to("/dev/null"),
    "no drop-in": lambda root: (root / DROP_IN).unlink(),
    "one drop-in more": lambda root: (
        (root / DROP_IN).with_name("y.conf").write_text("[bond0]\nmiimon = 70\n")
    ),
    "no units": lambda root: shutil.rmtree(root / units.GENERATED),
}


@pytest.mark.parametrize("change", [None, *REPLACED.values()], ids=["nothing", *REPLACED])
def test_files_are_compared_with_the_units_only_if_they_may_be_newer(
    laptop: Laptop, compared: list[str], change: Callable[[Path], object] | None
) -> None:
    laptop.write(SECOND, "other")
    laptop.write("[bond0]\nmiimon = 50\n", "elsewhere")
    laptop.write(FIRST)
    (laptop.root / "etc/wbond.conf.d").mkdir()
    (laptop.root / DROP_IN).symlink_to(laptop.root / "elsewhere")
    pass_time()
    laptop.reload()
    pass_time()
    if change:
        change(laptop.root)
    snapshot.save_applied("bond0", str(laptop.root))
    assert bool(compared) == bool(change)
    assert laptop.has_snapshot(snapshot.APPLIED) == (
        change in (None, REPLACED["only its owner's rights"])
    )


def test_files_that_changed_while_the_generator_may_have_run_are_compared(laptop: Laptop) -> None:
    laptop.write(FIRST)
    laptop.reload()
    laptop.write(SECOND)
    now = time.time()
    os.utime(laptop.root / units.GENERATED, (now, now + snapshot._GENERATION / 2))
    snapshot.save_applied("bond0", str(laptop.root))
    assert not laptop.has_snapshot(snapshot.APPLIED)


def test_another_bond_that_runs_may_be_as_the_former_file_said(laptop: Laptop) -> None:
    laptop.boot(FIRST)
    laptop.write(SECOND + "[uplink]\nwired = eth9\nwireless =\n")
    laptop.reload()
    (laptop.root / "run/wbond/uplink").mkdir()
    laptop.machine.add_bond("uplink")
    snapshot.save_applied("uplink", str(laptop.root))
    assert laptop.applied() == FIRST.encode()
