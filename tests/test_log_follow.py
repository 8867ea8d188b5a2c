# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond log --follow: new entries as they come, by a journalctl of the test's own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from wbond_cli import exit_status

from tests.conftest import REPOSITORY
from tests.test_log import DAY, FORMER_CABLE, cable, line, radio

# It prints the entries of the past, or, with --follow, what the test writes to the pipe.
JOURNALCTL = """\
#!/bin/sh
case " $* " in
*" --follow "*) echo $$ "$@" >{0}/followed; exec cat {0}/new ;;
*) cat {0}/past ;;
esac
"""
FAILOVER = radio(-5, "failover", "is the active port, instead of cable enp0s10", **FORMER_CABLE)
OTHER = line(-6, "watching", WBOND_BOND="bond1", MESSAGE="bond1: no ports")


class Follower:
    """A call of `wbond log --follow`, and the journal that it follows."""

    def __init__(self, root: Path, process: "subprocess.Popen[str]", journal: int) -> None:
        self.root, self.process, self.journal = root, process, journal

    def happen(self, *entries: str) -> None:
        os.write(self.journal, "".join(f"{entry}\n" for entry in entries).encode())

    def lines(self, count: int) -> list[str]:
        assert self.process.stdout
        return [self.process.stdout.readline().rstrip("\n") for _ in range(count)]

    def asked(self) -> list[str]:
        """Return what journalctl was asked for."""
        return (self.root / "followed").read_text().split()[1:]

    def ended(self) -> tuple[int, str]:
        """Wait for the end; return the exit status and what was complained of.

        journalctl must have ended too.
        """
        assert self.process.stderr
        complained = self.process.stderr.read()  # to its end, which journalctl has open as well
        return self.process.wait(20), complained


@contextmanager
def following(root: Path, past: str, *words: str) -> Iterator[Follower]:
    (root / "past").write_text(f"{past}\n")
    os.mkfifo(root / "new")
    (root / "journalctl").write_text(JOURNALCTL.format(root))
    (root / "journalctl").chmod(0o755)
    environ = {"PATH": f"{root}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    command = [sys.executable, "-I", str(REPOSITORY / "helpers/wbond"), "log", "--follow", *words]
    journal = os.open(root / "new", os.O_RDWR)  # does not wait for the other side (fifo(7))
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environ)
    with process:
        try:
            yield Follower(root, process, journal)
        finally:
            process.kill()
            os.close(journal)


def test_it_begins_with_the_last_and_goes_on_until_ctrl_c(tmp_path: Path) -> None:
    with following(tmp_path, DAY, "--json", "-n", "2") as follower:
        past = [json.loads(text)["event"] for text in follower.lines(2)]
        assert past == ["port-joined", "bond-removed"]
        follower.happen(FAILOVER, OTHER)
        new = [json.loads(text) for text in follower.lines(2)]
        assert [(event["bond"], event["event"]) for event in new] == [
            ("bond0", "failover"),
            ("bond1", "watching"),
        ]
        follower.process.send_signal(signal.SIGINT)
        assert follower.ended() == (0, "")
        assert "--after-cursor=s=1" in follower.asked()
        assert {"_UID=0", "SYSLOG_IDENTIFIER=wbond-watch"} <= set(follower.asked())
        assert not any(word.startswith("--since") for word in follower.asked())


def test_what_began_before_is_known_when_it_ends(tmp_path: Path) -> None:
    began = cable(20, "active", "is the active port")
    with following(tmp_path, began, "--json", "--lines=0") as follower:
        follower.happen(FAILOVER)
        (event,) = map(json.loads, follower.lines(1))
    assert (event["ended"], event["lasted"]) == ("active", 25)


def test_a_bond_alone(tmp_path: Path) -> None:
    with following(tmp_path, DAY, "--json", "--bond=bond0", "-n0") as follower:
        follower.happen(OTHER, FAILOVER)
        (event,) = map(json.loads, follower.lines(1))
    assert event["bond"] == "bond0"


def test_for_people_a_line_has_day_and_duration(tmp_path: Path) -> None:
    with following(tmp_path, cable(20, "active", "is the active port")) as follower:
        first = follower.lines(2)
        follower.happen(FAILOVER, OTHER)
        new = follower.lines(3)
    assert first == ["Thu 30 Jul 2026", "14:06:00.000  cable enp0s10 is the active port"]
    assert new == [
        "14:06:25.000  radio wlp3s0 is the active port, instead of cable enp0s10 (enp0s10",
        "              was active for 25 s)",
        "14:06:26.000  bond1: the watch begins: no ports",
    ]


def test_another_boot_and_another_day(tmp_path: Path) -> None:
    later = cable(-86_400, "active", "is the active port", _BOOT_ID="b008")
    with following(tmp_path, cable(20, "active", "is the active port"), "-n0") as follower:
        follower.happen(FAILOVER, later)
        shown = follower.lines(5)
    assert shown[3:] == ["-- boot --", "Fri 31 Jul 2026"]


def test_where_nothing_has_happened_yet_the_same_entries_are_followed(tmp_path: Path) -> None:
    with following(tmp_path, "", "--json", "--since=today") as follower:
        follower.happen(FAILOVER)
        assert len(follower.lines(1)) == 1
        assert {"--boot=all", "--since=today"} <= set(follower.asked())
        assert not any(word.startswith("--after-cursor") for word in follower.asked())


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_journalctl_ends_with_it(tmp_path: Path, number: int, status: int) -> None:
    with following(tmp_path, DAY, "--json", "-n0") as follower:
        follower.happen(FAILOVER)
        follower.lines(1)
        follower.process.send_signal(number)
        assert follower.ended() == (status, "")


def test_it_ends_when_nobody_reads_any_more(tmp_path: Path) -> None:
    with following(tmp_path, DAY, "--json") as follower:
        assert len(follower.lines(10)) == 10
        assert follower.process.stdout
        follower.process.stdout.close()
        assert follower.ended() == (exit_status.NOBODY_READS, "")


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_it_says_that_journalctl_has_ended(tmp_path: Path, words: list[str]) -> None:
    with following(tmp_path, DAY, "-n0", *words) as follower:
        follower.happen(FAILOVER)
        follower.lines(1)  # so it has started
        journalctl = (tmp_path / "followed").read_text().split()[0]
        os.kill(int(journalctl), signal.SIGKILL)
        status, complained = follower.ended()
    assert status == exit_status.FAILURE
    assert complained.startswith("wbond: journalctl has ended")
