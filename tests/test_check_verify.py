# SPDX-License-Identifier: LGPL-2.1-or-later
"""`wbond check` has systemd verify what would be generated."""

import re
import shutil
from pathlib import Path

import pytest
from wbond import main as generator
from wbond.message import ERROR
from wbond_cli.check import runner, verify
from wbond_cli.check.context import gather
from wbond_cli.check.machine import Machine
from wbond_net.deployed import unit_tree

from tests.conftest import Installed
from tests.test_check import write


def test_every_case_verifies(case: Path, installed: Installed) -> None:
    read, tree = unit_tree.render_root(str(case))
    units = verify.instances(tree)
    wanted = generator.items(read, str(case))
    if any(isinstance(item.text, str) for item in wanted if hasattr(item, "text")):
        # Copies of templates name the programs of an installation.
        for item in wanted:
            if hasattr(item, "text"):
                item.text = item.text.replace(
                    "/usr/lib/wbond/", f"{installed.units.parent}/lib/wbond/"
                )
    assert list(verify.diagnostics(wanted, units, search=[str(installed.units)])) == []


def test_the_machine_that_runs_is_verified(
    tmp_path: Path, installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = tmp_path / "units", installed.units
    relative = tuple(str(place).lstrip("/") for place in places)
    monkeypatch.setattr(generator, "UNIT_PATH", (*relative, *generator.UNIT_PATH))
    file = tmp_path / "wbond.conf"
    file.write_text("[bond0]\nwired = eth0\n[uplink]\nwired = eth1\nmiimon = 50\n")
    source = runner.Source("/", str(file))
    context = gather(Machine(), runner.configuration(source)[0])
    assert runner._verified(context, source) == []
    write(tmp_path / "units/wbond@uplink.service.d/own.conf", "[Service]\nRestat=no\n")
    (told,) = runner._verified(context, source)
    assert "Restat" in told.text


def test_what_systemd_finds_is_told(tmp_path: Path, installed: Installed) -> None:
    shutil.copytree(installed.units, tmp_path / "units")
    template = tmp_path / "units/wbond@.service"
    template.write_text(template.read_text() + "Restrat=always\n")
    units = ["wbond@bond0.service"]
    (told,) = verify.diagnostics((), units, search=[str(tmp_path / "units")])
    assert told.severity == ERROR
    assert "Restrat" in told.text


def test_a_program_that_is_known_to_be_missing_is_told_once(
    tmp_path: Path, installed: Installed
) -> None:
    shutil.copytree(installed.units, tmp_path / "units")
    template = tmp_path / "units/dhclient@.service"
    template.write_text(re.sub("(?m)^ExecReload=kill", "ExecReload=dhcl", template.read_text()))
    units = ["dhclient@bond0.service"]
    search = [str(tmp_path / "units")]
    assert len(list(verify.diagnostics((), units, search=search))) == 1
    assert list(verify.diagnostics((), units, missing=["dhcl"], search=search)) == []


def test_units_are_named_by_what_is_generated() -> None:
    tree = {"multi-user.target.wants/wbond@b.service": "", "b-wired@.service": ""}
    tree |= {"dhclient@b.service.d/80-wbond.conf": ""}
    names = verify.instances(tree)
    own = [f"{unit}b.service" for unit in ("wbond-ports@", "wbond-watch@", "wbond@")]
    assert names == ["dhclient@b.service", *own]


def test_a_template_that_is_missing_is_told(
    tmp_path: Path, installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    relative = (str(installed.units).lstrip("/"), *generator.UNIT_PATH)
    monkeypatch.setattr(generator, "UNIT_PATH", relative)
    file = tmp_path / "wbond.conf"
    file.write_text("[bond0]\nwired = eth0\n[uplink]\nwired = eth1\n")
    source = runner.Source("/", str(file))
    context = gather(Machine(), runner.configuration(source)[0])
    monkeypatch.setattr(generator, "template", lambda root, name: root / name)
    (told,) = runner._verified(context, source)
    assert (told.code, told.line, told.section) == ("internal-error", 3, "uplink")
