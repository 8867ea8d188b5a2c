# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond wait: for which bonds it waits, what it says, and that it sleeps meanwhile."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from wbond_cli import exit_status
from wbond_cli.errors import UserError
from wbond_cli.main import main
from wbond_cli.verbs.wait import awaited_bonds
from wbond_net import wait_online
from wbond_net.deployed import snapshot

from tests.conftest import REPOSITORY, configured
from tests.fake import Machine
from tests.namespaces import in_a_network_of_its_own
from tests.status.test_command import sleeps

THREE = "[bond0]\n[uplink]\nwait_online = link\n[quiet0]\nwait_online = no\n"


def run_on(root: Path, machine: Machine, *bonds: str) -> None:
    """Have these bonds of wbond's be up."""
    for bond in bonds:
        (root / "run/wbond" / bond).mkdir(parents=True)
        machine.add_bond(bond)


def test_without_a_name_it_waits_for_all_that_run(tmp_path: Path, machine: Machine) -> None:
    configured(tmp_path, THREE)
    run_on(tmp_path, machine, "bond0", "uplink", "former0")
    found = awaited_bonds(str(tmp_path), [])
    assert found == {"bond0": "address", "former0": "address", "uplink": "link"}


def test_a_bond_that_is_named_may_come_later_and_no_boot_need_wait_for_it(
    tmp_path: Path, machine: Machine
) -> None:
    configured(tmp_path, THREE)
    assert awaited_bonds(str(tmp_path), ["uplink", "quiet0"]) == {
        "uplink": "link",
        "quiet0": "link",
    }


def test_it_is_refused_where_there_is_nothing_to_wait_for(tmp_path: Path, machine: Machine) -> None:
    configured(tmp_path, THREE)
    with pytest.raises(UserError, match="no bond runs") as refused:
        awaited_bonds(str(tmp_path), [])
    assert refused.value.status == exit_status.REFUSED
    with pytest.raises(UserError, match="there is no bond nope") as unknown:
        awaited_bonds(str(tmp_path), ["bond0", "nope"])
    assert (unknown.value.status, unknown.value.remedy) == (
        exit_status.USAGE,
        "known here: bond0, uplink, quiet0",
    )


@pytest.fixture
def root(tmp_path: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which bond0 and uplink run."""
    root = tmp_path / "root"
    root.mkdir()
    run_on(configured(root, THREE), machine, "bond0", "uplink")
    monkeypatch.setattr(snapshot, "ROOT", str(root))
    return root


def test_what_lacks_is_told_and_what_does_not(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def waited(*arguments: object) -> dict[str, str]:
        asked.append(arguments)
        return {"uplink": "has no carrier"}

    monkeypatch.setattr(wait_online, "wait_for_all", waited)
    assert main(["wait", "--timeout", "2.5"]) == 1
    assert asked == [({"bond0": "address", "uplink": "link"}, 2.5)]
    shown = capsys.readouterr()
    assert shown.out == "bond0 is up\n"
    assert shown.err.startswith("wbond: uplink has no carrier, after 2.5 s\n")
    assert main(["wait", "--quiet"]) == 1
    assert capsys.readouterr() == ("", "")


def test_a_kernel_that_does_not_answer_is_told(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(105, "No buffer space available")

    monkeypatch.setattr(wait_online, "wait_for_all", refuse)
    assert main(["wait"]) == 1
    assert capsys.readouterr().err == (
        "wbond: links and addresses cannot be read: No buffer space available\n"
    )


@pytest.mark.parametrize("verb", ["wait", "up"])
@pytest.mark.parametrize("timeout", ["-1", "nan", "inf", "1e6", "soon", ""])
def test_a_time_that_cannot_be_waited_is_a_wrong_call(
    verb: str, timeout: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([verb, "--timeout", timeout])
    assert ended.value.code == exit_status.USAGE
    assert "--timeout: takes a number of seconds" in capsys.readouterr().err


def test_for_no_bond_it_does_not_wait() -> None:
    assert wait_online.wait_for_all({"wbond-none": "no"}, 1e5) == {}


def test_every_bond_that_is_not_online_is_told() -> None:
    awaited = {"wbond-none": "address", "wbond-not": "link", "wbond-no": "no"}
    assert wait_online.wait_for_all(awaited, 0) == {
        "wbond-none": "does not exist",
        "wbond-not": "does not exist",
    }


# The interfaces are no bonds, because not every kernel that tests has bonding; of those, an
# address and a carrier are what counts.
CALL = """
import sys
from wbond_cli.main import main
from wbond_net.deployed import snapshot
snapshot.ROOT = sys.argv[1]
sys.exit(main(["wait", "d0", "d1", "--quiet", "--timeout", "60"]))
"""


@in_a_network_of_its_own
def test_it_sleeps_until_the_kernel_reports_the_last_of_all(tmp_path: Path) -> None:
    configured(tmp_path, "[d0]\n[d1]\n")
    folders = [str(REPOSITORY / "helpers"), str(REPOSITORY / "generator")]
    environ = os.environ | {"PYTHONPATH": ":".join(folders)}
    command = ["unshare", "--net", sys.executable, "-c", CALL, str(tmp_path)]
    with subprocess.Popen(command, env=environ) as process:

        def ip(*words: str) -> None:
            enter = ["nsenter", "--net", f"--target={process.pid}"]
            subprocess.run([*enter, "ip", *words], check=True)

        assert any(sleeps(process.pid) for _ in range(3))
        ip("link", "add", "d0", "type", "veth", "peer", "name", "d1")
        ip("link", "set", "dev", "d0", "up")
        ip("link", "set", "dev", "d1", "up")
        ip("address", "add", "192.0.2.1/24", "dev", "d0")
        assert any(sleeps(process.pid) for _ in range(3))
        assert process.poll() is None
        ip("address", "add", "192.0.2.2/24", "dev", "d1")
        assert process.wait(20) == exit_status.SUCCESS
