# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-watch: what it tells, how it follows the kernel, and the machine it runs on."""

import math
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest
from wbond_net.kernel import rtnetlink, sysfs
from wbond_net.kernel.rtnetlink import Event, Link
from wbond_net.watch import host, journal_events, loop, main
from wbond_net.watch.duty import Duty, Effects, Journal, View
from wbond_net.watch.failover import Failover
from wbond_net.watch.host import Host
from wbond_net.watch.journal_events import Report
from wbond_net.watch.network import Network

from tests.conftest import REPOSITORY
from tests.reports import (
    BOND,
    CABLE,
    MACS,
    MII_DOWN,
    RADIO,
    STICK,
    bond,
    port,
    without_carrier,
)
from tests.watch_story import (
    ASK_AGAIN,
    DHCLIENT,
    DHCP6C,
    DHCPCD,
    NO_LINK,
    REFRESH,
    TO_RADIO,
    Story,
    on_cable,
)

SCRIPT = REPOSITORY / "helpers/wbond-watch"


def test_it_takes_note_that_the_bond_is_no_longer_just_made(story: Story) -> None:
    (story.folder / loop.JUST_MADE).touch()
    story.watch(bond())
    assert not (story.folder / loop.JUST_MADE).exists()


def test_ready_comes_with_the_first_dump(story: Story) -> None:
    story.watch(bond(CABLE), port(CABLE))
    assert story.host.notified == ["STATUS=cable enp0s10 is active", "READY=1"]


def test_a_failover_in_the_journal(story: Story) -> None:
    on_cable(story)
    story.happens(bond(RADIO))
    message, fields = story.host.written[1]
    assert message == "bond0: radio wlp3s0 is the active port, instead of cable enp0s10"
    assert fields == {
        "MESSAGE_ID": journal_events.EVENTS["failover"][0],
        "PRIORITY": 5,
        "WBOND_BOND": "bond0",
        "WBOND_EVENT": "failover",
        "WBOND_PORT": "wlp3s0",
        "WBOND_FORMER": "enp0s10",
        "WBOND_ADDRESS": MACS[RADIO],
    }
    assert story.host.written[2][1]["WBOND_ADDRESS"] == MACS[RADIO]


def test_message_ids_are_constant_and_differ() -> None:
    ids = {message_id for message_id, _ in journal_events.EVENTS.values()}
    assert len(ids) == len(journal_events.EVENTS)
    assert all(len(bytes.fromhex(message_id)) == 16 for message_id in ids)


@pytest.mark.parametrize("name", ["a\nSTATUS=x", "wl\udcff0", "e\x1b[31m", "wl\u2028x"])
def test_hostile_names_are_shown_not_obeyed(story: Story, name: str) -> None:
    story.watch(bond(CABLE), port(CABLE)._replace(name=name))
    story.happens(bond())
    texts = [*story.host.notified, *(message for message, _ in story.host.written)]
    texts += [str(value) for _, fields in story.host.written for value in fields.values()]
    assert all(text.isprintable() for text in texts)
    assert not any(name in text for text in texts)


def test_radio_or_cable_is_looked_up_once(story: Story) -> None:
    on_cable(story)
    story.happens(port(RADIO), port(CABLE), without_carrier(CABLE))
    story.watching.synchronise(story.links)
    assert story.host.asked_for_radio == ["enp0s10", "wlp3s0"]


def test_other_links_are_none_of_its_business(story: Story) -> None:
    on_cable(story)
    written = len(story.host.written)
    story.happens(port(STICK, master=0, slave=None), port(STICK, master=77))
    assert len(story.host.written) == written


def test_lost_events_are_made_good_by_a_dump(story: Story) -> None:
    on_cable(story)
    down = without_carrier(CABLE, mii_status=MII_DOWN)
    story.watching.synchronise({CABLE: down, RADIO: port(RADIO), BOND: bond(RADIO)})
    assert story.events == ["watching", "carrier-lost", "failover", "address-changed"]
    assert story.host.did == [REFRESH]
    story.watching.synchronise({RADIO: port(RADIO, master=0)})
    assert story.watching.ended


def test_the_bond_is_removed(story: Story) -> None:
    on_cable(story)
    story.watching.take([Event(bond(CABLE), gone=True)])
    assert story.watching.ended
    assert story.events[-1] == "bond-removed"


@pytest.mark.parametrize(
    ("links", "text"),
    [([], "bond0 does not exist"), ([bond(bond=None)], "bond0 is not a bond")],
)
def test_nothing_to_watch(story: Story, links: list[Link], text: str) -> None:
    with pytest.raises(LookupError, match=text):
        story.watch(*links)
    assert story.host.notified == []


# --- what fails alone ------------------------------------------------------------


@pytest.mark.parametrize("error", [OSError(105, "No buffer space"), rtnetlink.Overrun()])
def test_addresses_that_cannot_be_read_keep_no_client_from_asking(
    story: Story, error: Exception
) -> None:
    on_cable(story)
    story.happens(*NO_LINK)
    story.host.breaks["addresses"] = error
    assert story.happens(port(CABLE), bond(CABLE)) == [ASK_AGAIN]
    assert "write-failed" in story.events


class Broken(Duty):
    """A duty with a fault."""

    due = 0.0

    def changed(self, view: View) -> Effects:
        raise KeyError(f"a\nb{len(view.states)}")

    def tick(self, view: View) -> Effects:
        return [Journal("no such event", "")]


def test_a_duty_that_fails_is_told_once_and_costs_no_other(story: Story) -> None:
    on_cable(story)
    watching = loop.Watch(
        "bond0", str(story.folder), story.host, [Broken(), Failover(), Report()], Network(None)
    )
    watching.synchronise(story.links)
    for _ in range(3):
        watching.take([Event(without_carrier(CABLE)), Event(bond(CABLE))])
        watching.take([Event(port(CABLE)), Event(port(CABLE, link_failures=1))])
    assert story.host.did.count(TO_RADIO[0]) == 3
    failures = [text for text, fields in story.host.written if fields["PRIORITY"] == 3]
    assert failures == [
        "bond0: the duty broken has failed, the others go on: KeyError: 'a\\nb1'",
    ]
    assert all(text.isprintable() for text in failures)


def test_a_duty_that_fails_when_it_is_due_does_not_spin(story: Story) -> None:
    watching = loop.Watch("bond0", str(story.folder), story.host, [Broken()], Network(None))
    watching.synchronise({BOND: bond()})
    story.host.clock += 60.0
    assert watching.poll_timeout_ms() == 0.0
    watching.tick()
    assert watching.poll_timeout_ms() == 60_000.0
    assert story.events == ["duty-failed"]


def test_a_journal_and_a_manager_that_are_gone_cost_only_what_they_are_told(story: Story) -> None:
    on_cable(story)
    story.host.breaks |= {"journal": OSError(111, ""), "notify": OSError(111, "")}
    assert story.happens(without_carrier(CABLE)) == TO_RADIO
    assert story.happens(bond(RADIO)) == [REFRESH]


# --- lost reports ------------------------------------------------------------------


class Flooded(rtnetlink.Socket):
    """A socket whose queue is full; `refuses` is how many dumps fail."""

    def __init__(self, refuses: int, links: dict[int, Link]) -> None:
        self.refuses, self.known, self.asked = refuses, links, 0

    def fileno(self) -> int:
        return 7

    def events(self) -> list[Event]:
        raise rtnetlink.Overrun

    def discard(self) -> None:
        pass

    def consistent(self, ask: object) -> dict[int, Link]:  # type: ignore[override]
        self.asked += 1
        if self.asked <= self.refuses:
            raise OSError(105, "No buffer space available")
        return self.known


def test_dumps_that_fail_are_tried_again_after_growing_pauses(story: Story) -> None:
    on_cable(story)
    netlink = Flooded(8, {RADIO: port(RADIO), BOND: bond(RADIO)})
    reports = loop.Reports(story.watching, netlink)
    assert reports.descriptor == 7
    reports.take()
    pauses: list[float] = []
    while reports.due != math.inf:
        # Nothing is read meanwhile, and the loop does not spin.
        assert reports.descriptor is None
        story.host.clock = max(story.host.clock, reports.due)
        reports.tick()
        pauses.append(round(reports.due - story.host.clock, 3))
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, math.inf]
    assert [text for text, fields in story.host.written if fields["PRIORITY"] == 4] == [
        "bond0: cannot read the interfaces, tries again: No buffer space available"
    ]
    assert reports.descriptor == 7
    assert "port-left" in story.events


def test_after_a_dump_the_pauses_are_short_again(story: Story) -> None:
    on_cable(story)
    reports = loop.Reports(story.watching, Flooded(1, story.links))
    reports.take()
    reports.tick()
    assert story.watching.poll_timeout_ms(reports.due) == pytest.approx(100.0)
    story.host.clock += 0.1
    reports.tick()
    assert story.watching.poll_timeout_ms(reports.due) is None
    reports.take()
    assert story.watching.poll_timeout_ms(reports.due) == 0.0


# --- the machine --------------------------------------------------------------------


class BareHost(Host):
    """The real one, without systemd's library."""

    def __init__(self) -> None:
        self._printed = {}


def test_sysfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysfs, "SYSFS", str(tmp_path))
    (tmp_path / "wlp3s0" / "phy80211").mkdir(parents=True)
    (tmp_path / "wlan9" / "wireless").mkdir(parents=True)
    folder = tmp_path / "bond0" / "bonding"
    folder.mkdir(parents=True)
    (folder / "active_slave").touch()
    (folder / "primary_reselect").write_text("better 1\n")
    host = BareHost()
    assert [host.is_radio(name) for name in ("wlp3s0", "wlan9", "enp0s10")] == [True, True, False]
    assert host.option("bond0", "primary_reselect") == "better"
    host.set_option("bond0", "active_slave", "wl\udcff")
    assert (folder / "active_slave").read_bytes() == b"wl\xff"
    with pytest.raises(OSError, match="No such file"):
        host.set_option("bond1", "active_slave", "x")
    assert not (tmp_path / "bond1").exists()


def test_systemctl_is_run_without_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "systemctl"
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" > {tmp_path}/arguments\nexit 3\n')
    program.chmod(0o755)
    monkeypatch.setattr(host, "SYSTEMCTL", ("wbond-no-such-program", str(program)))
    bare = BareHost()
    assert bare.reap(bare.spawn(["start", "a;b $(c)"])) == 3
    assert (tmp_path / "arguments").read_text() == "start|a;b $(c)|"


def test_what_systemctl_shows_is_captured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "systemctl"
    program.write_text("#!/bin/sh\nprintf 'A=b\\nC=\\377'\n")
    program.chmod(0o755)
    monkeypatch.setattr(host, "SYSTEMCTL", (str(program),))
    bare = BareHost()
    before = len(os.listdir("/proc/self/fd"))
    descriptor = bare.spawn(["show"], captured=True)
    select.select([descriptor], [], [])
    assert bare.output(descriptor) == "A=b\nC=\udcff"
    assert bare.reap(descriptor) == 0
    assert bare.output(descriptor) == ""
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    bare, path = BareHost(), tmp_path / "file"
    bare.write(str(path), "former")
    with path.open() as reader:
        bare.write(str(path), "new")
        assert reader.read() == "former"
    assert bare.read(str(path))[0] == "new"
    assert [found.name for found in tmp_path.iterdir()] == ["file"]
    with pytest.raises(OSError, match="No such file"):
        bare.write(str(tmp_path / "none" / "file"), "")


def test_systemctl_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "SYSTEMCTL", ("wbond-no-such-program",))
    for captured in (False, True):
        with pytest.raises(FileNotFoundError):
            BareHost().spawn(["start", "x"], captured)


@pytest.mark.parametrize(
    ("arguments", "start", "refresh"),
    [
        ([], (), ()),
        (["--start", DHCLIENT, "--start", DHCP6C], (DHCLIENT, DHCP6C), ()),
        (["--start", DHCP6C, "--refresh", DHCLIENT], (DHCP6C,), (DHCLIENT,)),
        (["--dhcp4", "dhclient@.service"], (DHCLIENT,), (DHCLIENT,)),
        (["--dhcp4", "none", "--dhcp6", "none"], (), ()),
    ],
)
def test_arguments(arguments: list[str], start: tuple[str, ...], refresh: tuple[str, ...]) -> None:
    assert main.parse([*arguments, "bond0"]) == main.Options("bond0", start, refresh)


@pytest.mark.parametrize(
    ("dhcp4", "dhcp6", "start", "refresh", "advertised"),
    [
        ("dhclient@", "dhcp6c@", (DHCLIENT, DHCP6C), (DHCLIENT,), DHCP6C),
        ("none", "dhcp6c@", (DHCP6C,), (), DHCP6C),
        ("wbond-dhcpcd@", "wbond-dhcpcd@", (DHCPCD,), (DHCPCD,), DHCPCD),
        ("dhclient@", "wbond-dhcpcd@", (DHCLIENT, DHCPCD), (DHCLIENT,), DHCPCD),
    ],
)
def test_clients_by_family(
    dhcp4: str, dhcp6: str, start: tuple[str, ...], refresh: tuple[str, ...], advertised: str
) -> None:
    words = [name if name == "none" else f"{name}.service" for name in (dhcp4, dhcp6)]
    found = main.parse(["--dhcp4", words[0], "--dhcp6", words[1], "bond0"])
    assert found == main.Options("bond0", start, refresh, advertised)


def test_a_bond_whose_name_needs_escaping() -> None:
    found = main.parse(["--dhcp4", "dhclient@.service", "a-b"])
    assert found.start == ("dhclient@a\\x2db.service",)
    assert main.parse(["--start"]).bond == "--start"


@pytest.mark.parametrize("arguments", [[], ["--start", "x"], ["--stop", "x", "bond0"]])
def test_wrong_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(arguments) == 2
    assert "usage:" in capsys.readouterr().err


def test_the_entry_script_names_what_is_missing() -> None:
    result = subprocess.run(
        [str(SCRIPT), "wbond-none"], capture_output=True, text=True, timeout=20, check=False
    )
    assert (result.returncode, result.stderr) == (1, "wbond-none does not exist\n")


def test_imports_stay_few() -> None:
    code = "import sys; sys.path[:0] = sys.argv[1:]; from wbond_net.watch import main; "
    code += "print(*sys.modules)"
    root = SCRIPT.parent.parent
    command = [sys.executable, "-I", "-c", code, str(root / "helpers"), str(root / "generator")]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    heavy = {"asyncio", "subprocess", "json", "dataclasses", "argparse", "logging", "inspect"}
    assert not heavy & set(loaded)
