# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond up and down: what is started, what is stopped, and what is asked before."""

import shutil
from pathlib import Path

import pytest
from wbond_cli import exit_status, question
from wbond_cli.apply import current
from wbond_cli.command import CommandRunner
from wbond_cli.errors import UserError
from wbond_cli.output import Output
from wbond_cli.verbs import down, up
from wbond_net import wait_online
from wbond_net.kernel import rtnetlink

from tests.apply.laptop import FIRST, Laptop, answers


def runner() -> CommandRunner:
    return CommandRunner(Output())


@pytest.fixture
def addressed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current, "addresses", lambda _: ["192.0.2.7", "fe80::1"])


def test_up_starts_and_says_by_what_it_is_online(
    laptop: Laptop, addressed: None, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.boot(FIRST)
    assert up.up(runner(), str(laptop.root), [], 30) == 0
    assert laptop.ran == ["systemctl start -- wbond@bond0.service"]
    assert "bond0 is online by enp0s10: 192.0.2.7 fe80::1" in capsys.readouterr().out


def test_up_says_what_is_lacking(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.boot(FIRST)
    monkeypatch.setattr(wait_online, "wait_for_all", lambda *_: {"bond0": "has no carrier"})
    assert up.up(runner(), str(laptop.root), ["bond0"], 2) == 1
    assert "bond0 has no carrier, after 2 s" in capsys.readouterr().err


def test_up_does_not_start_what_systemd_would_make_by_defaults(laptop: Laptop) -> None:
    laptop.boot(FIRST)
    laptop.write(FIRST + "[uplink]\n")
    with pytest.raises(UserError) as unknown_to_systemd:
        up.up(runner(), str(laptop.root), ["uplink"], 2)
    assert "`sudo wbond apply`" in unknown_to_systemd.value.remedy
    assert unknown_to_systemd.value.status == 2
    with pytest.raises(UserError) as not_configured:
        up.up(runner(), str(laptop.root), ["bond7"], 2)
    assert not_configured.value.message == "bond7 is not configured; bond0, uplink is"
    assert not_configured.value.status == exit_status.USAGE
    assert laptop.ran == []


def test_up_without_a_configuration_says_how_to_get_one(laptop: Laptop) -> None:
    with pytest.raises(UserError) as refused:
        up.up(runner(), str(laptop.root), [], 2)
    assert "wbond init" in refused.value.remedy
    assert refused.value.status == 2


def gone(laptop: Laptop) -> None:
    shutil.rmtree(laptop.machine.sysfs / "bond0")


def test_down_stops_what_runs(laptop: Laptop, capsys: pytest.CaptureFixture[str]) -> None:
    laptop.boot(FIRST)
    laptop.at["systemctl stop -- wbond@bond0.service"] = lambda: gone(laptop)
    assert down.down(runner(), str(laptop.root), [], "") == 0
    assert "bond0 is down." in capsys.readouterr().out
    assert down.down(runner(), str(laptop.root), [], "") == 0
    assert down.down(runner(), str(laptop.root), ["bond0"], "") == 0
    assert "bond0 is not up; `wbond status` shows" in capsys.readouterr().out
    assert laptop.ran == ["systemctl stop -- wbond@bond0.service"]


def test_down_names_the_bonds_there_are_for_one_that_there_is_not(laptop: Laptop) -> None:
    laptop.boot(FIRST)
    with pytest.raises(UserError) as unknown:
        down.down(runner(), str(laptop.root), ["bond0", "bond7"], "")
    assert unknown.value.message == "there is no bond bond7"
    assert unknown.value.remedy == "known here: bond0"
    assert unknown.value.status == exit_status.USAGE
    assert laptop.ran == []


def test_down_stops_what_runs_and_is_not_configured_any_more(laptop: Laptop) -> None:
    laptop.boot(FIRST)
    laptop.write("[bond1]\n")
    laptop.at["systemctl stop -- wbond@bond0.service"] = lambda: gone(laptop)
    assert down.down(runner(), str(laptop.root), ["bond0"], "") == 0


def test_a_bond_that_is_still_there_is_told(
    laptop: Laptop, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.boot(FIRST)
    assert down.down(runner(), str(laptop.root), [], "") == 1
    assert "still there" in capsys.readouterr().err


@pytest.mark.parametrize(("answer", "stops"), [("y\n", True), ("\n", False), (None, False)])
def test_down_asks_before_it_cuts_the_session(
    laptop: Laptop,
    addressed: None,
    monkeypatch: pytest.MonkeyPatch,
    answer: str | None,
    stops: bool,
) -> None:
    laptop.boot(FIRST)
    answers(monkeypatch, answer)
    laptop.at["systemctl stop -- wbond@bond0.service"] = lambda: gone(laptop)
    assert down.down(runner(), str(laptop.root), [], "192.0.2.7") == (0 if stops else 2)
    assert bool(laptop.ran) is stops


def test_down_names_the_bonds_that_were_named_where_it_cannot_ask(
    laptop: Laptop,
    addressed: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    laptop.boot(FIRST)
    monkeypatch.setattr(question, "can_ask", lambda: False)
    assert down.down(runner(), str(laptop.root), ["bond0"], "192.0.2.7") == 2
    assert "`sudo wbond down --yes bond0` does it" in capsys.readouterr().err


def test_down_does_not_ask_where_the_session_comes_by_another_way(
    laptop: Laptop, addressed: None
) -> None:
    laptop.boot(FIRST)
    laptop.at["systemctl stop -- wbond@bond0.service"] = lambda: gone(laptop)
    assert down.down(runner(), str(laptop.root), [], "198.51.100.1") == 0


def test_the_session_is_found_behind_sudo(tmp_path: Path) -> None:
    """sudo has no SSH_CONNECTION, its parent, the shell, has."""
    said = "SSH_CONNECTION=192.0.2.1 4711 fe80::1%bond0 22"
    for process, parent, environ in [("30", 20, "A=b"), ("20", 10, said), ("10", 1, "")]:
        (tmp_path / process).mkdir()
        (tmp_path / process / "stat").write_text(f"{process} (a) b) S {parent} 7")
        (tmp_path / process / "environ").write_text(f"X=y\0{environ}\0")
    assert current.ssh_address({}, 30, str(tmp_path)) == "fe80::1"
    assert current.ssh_address({}, 10, str(tmp_path)) == ""
    assert current.ssh_address({"SSH_CONNECTION": "a 1 192.0.2.7 22"}, 1) == "192.0.2.7"


def port(index: int, name: str, mii: int = 0, carrier: bool = True) -> rtnetlink.Link:
    slave = rtnetlink.Slave(1, mii, 0, 0)
    return rtnetlink.Link(index, name, 1, carrier, 6, "", "", 1, "", None, slave)


def test_a_port_may_leave_when_another_serves() -> None:
    bond = rtnetlink.Link(1, "bond0", 1, True, 6, "", "", 0, "bond", None, None)
    card = port(2, "enp0s10")
    for others, free in [
        ([], True),
        ([port(3, "wlp3s0")], True),
        ([port(3, "wlp3s0", carrier=False)], False),
        ([port(3, "wlp3s0", mii=rtnetlink.MII_DOWN)], False),
        ([port(3, "wlp3s0")._replace(operstate=rtnetlink.OPERSTATE_DORMANT)], False),
    ]:
        links = {link.ifindex: link for link in (bond, card, *others)}
        assert current.can_do_without(links, "bond0", "enp0s10") is free
