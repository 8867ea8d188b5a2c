# SPDX-License-Identifier: LGPL-2.1-or-later
"""What README, docs/ and the manual pages tell people to write and to run.

Configurations are read by the programs that they are for. Commands are taken
apart: the program is there, wbond's and systemd's arguments mean something.
"""

import argparse
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from wbond import config, ini
from wbond_cli import arguments as command_line
from wbond_cli import exit_status
from wbond_net.clients import identity

from tests.conftest import REPOSITORY, Installed
from tests.test_units import instances, verify

MANUAL = REPOSITORY / "man/wbond.8.scd"
DOCUMENTS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
PAGES = sorted((REPOSITORY / "man").glob("*.scd"))
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

ROOT_S = ("dmesg", "rfkill", "wpa_cli")
PREFIXES = (
    *("sudo ", "wbond ", "systemctl ", "journalctl ", "udevadm ", "iw dev "),
    *(f"{program} " for program in ROOT_S),
)
# The programs that documents call, with Debian's packages of them.
PROGRAMS = {
    "apt": "apt",
    "cat": "coreutils",
    "dmesg": "util-linux",
    "grep": "grep",
    "ip": "iproute2",
    "iw": "iw",
    "journalctl": "systemd",
    "make": "make",
    "mkdir": "coreutils",
    "nmcli": "network-manager",
    "reboot": "systemd-sysv",
    "resolvectl": "systemd-resolved",
    "rfkill": "rfkill",
    "rm": "coreutils",
    "systemctl": "systemd",
    "udevadm": "udev",
    "wbond": "wbond",
    "wpa_cli": "wpasupplicant",
}
# Packages that wbond does not bring in, and why documents may count on them.
ELSEWHERE = {
    **dict.fromkeys(("apt", "coreutils", "grep", "util-linux"), "on every Debian"),
    "make": "README has it installed",
    "network-manager": "the page is for those who have it",
    "rfkill": "a person's tool, no dependency",
    "systemd-resolved": "the page is for those who have it",
    "systemd-sysv": "what boots a machine with systemd",
    "wbond": "itself",
}
IN_SBIN = ("iw", "reboot", "rfkill", "wpa_cli")  # not in the PATH of an ordinary user of Debian's
# Units that are others', and why they are named.
FOREIGN_UNITS = {
    "NetworkManager": "disabled where nothing needs it",
    "wbond-metrics.timer": "docs/monitoring.md has people write it",
    "wbond-revert": "of `wbond apply`, transient",
    "wide-dhcpv6-client": "an init script that is disabled",
}
INFO_STRINGS = {
    *("", "sh", "ini wbond.conf", "ini drop-in", "ini service", "ini timer"),
    *("conf wpa_supplicant.conf", "conf dnsmasq.conf"),
}


class Block(NamedTuple):
    """A fenced part of a document: where it starts, what its fence says, and its text."""

    place: str
    info: str
    text: str

    def __str__(self) -> str:
        """Name the block in the tests' names."""
        return self.place


def blocks(path: Path) -> Iterator[Block]:
    """Yield a document's fenced blocks; indentation, as in a list, is taken off."""
    start, info, indent = 0, "", ""
    lines: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.lstrip().startswith("```"):
            lines.append(line.removeprefix(indent))
        elif start:
            name = path.relative_to(REPOSITORY)
            yield Block(f"{name}:{start}", info, "\n".join(lines) + "\n")
            start = 0
        else:
            start, info = number, line.strip().removeprefix("```")
            indent, lines = line.partition("`")[0], []
    assert not start, f"{path}:{start}: the block does not end"


IN_DOCUMENTS = [block for path in DOCUMENTS for block in blocks(path)]
IN_PAGES = [block for path in PAGES for block in blocks(path)]


def configurations() -> list[Block]:
    """Return wbond.conf's, as marked in documents, and as they look in manual pages."""
    marked = [block for block in IN_DOCUMENTS if block.info == "ini wbond.conf"]
    return marked + [block for block in IN_PAGES if block.text.startswith("[")]


def marked(info: str) -> list[Block]:
    return [block for block in IN_DOCUMENTS if block.info == info]


def commands() -> list[tuple[str, str]]:
    """Return place and text of every command: in blocks, and in `signs` within sentences."""
    found = []
    for block in [*marked("sh"), *IN_PAGES]:
        if not block.text.startswith("["):
            text = block.text.replace("\\\n", "")
            found += [(block.place, line) for line in text.splitlines() if line.strip()]
    for path in DOCUMENTS:
        text = re.sub(r"^ *```.*?^ *```$", "", path.read_text("utf-8"), flags=re.DOTALL | re.M)
        for words in re.findall(r"`([^`\n]+)`", text):
            if words.startswith(PREFIXES) or words in ROOT_S:
                found.append((str(path.relative_to(REPOSITORY)), words))
    return found


COMMANDS = commands()


def test_there_is_something_to_be_tested() -> None:
    assert len(configurations()) >= 15
    assert len(COMMANDS) >= 60
    assert len(marked("conf wpa_supplicant.conf")) >= 4


@pytest.mark.parametrize("block", IN_DOCUMENTS, ids=str)
def test_every_block_says_what_it_is(block: Block) -> None:
    assert block.info in INFO_STRINGS


# --- configurations -----------------------------------------------------------


@pytest.mark.parametrize("block", configurations(), ids=str)
@pytest.mark.parametrize("host", ["laptop", "atlas", "lab_1"])
def test_configurations_have_no_problem(block: Block, host: str) -> None:
    document = ini.Document()
    ini.parse(block.text.encode(), "/etc/wbond.conf", document)
    wishes = config.interpret(document, host)
    assert list(document.problems) + list(wishes.problems) == []
    assert wishes.bonds


@pytest.mark.parametrize("block", configurations(), ids=str)
def test_systemd_takes_what_is_made_of_them(
    block: Block, tmp_path: Path, installed: Installed
) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/wbond.conf").write_text(block.text, encoding="utf-8")
    output = tmp_path / "output"
    words = [str(installed.generator), "--root", str(tmp_path), str(output)]
    done = subprocess.run(words, env={}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert verify(instances(output), output, installed.units) == (0, "")


def supplicant_says(text: str, folder: Path) -> str:
    """Have wpa_supplicant read a configuration; it then finds no such interface and ends."""
    path = folder / "wpa_supplicant.conf"
    path.write_text(text.replace("/run/wpa_supplicant", str(folder)), encoding="utf-8")
    words = ["wpa_supplicant", "-c", str(path), "-i", "no-such-card", "-D", "wired"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, env={"PATH": PATH})
    assert done.returncode
    return done.stdout + done.stderr


@pytest.mark.parametrize("block", marked("conf wpa_supplicant.conf"), ids=str)
def test_wpa_supplicant_reads_what_is_written_for_it(block: Block, tmp_path: Path) -> None:
    said = supplicant_says(block.text, tmp_path)
    assert "no-such-card" in said
    assert "Line " not in said
    assert "Failed to read" not in said


def test_wpa_supplicant_would_complain(tmp_path: Path) -> None:
    said = supplicant_says('network={\n  sssid="x"\n}\n', tmp_path)
    assert "Line 2" in said
    assert "Failed to read" in said


@pytest.mark.parametrize("block", marked("conf dnsmasq.conf"), ids=str)
def test_dnsmasq_reads_what_is_written_for_it(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "dnsmasq.conf"
    path.write_text(block.text, encoding="utf-8")
    words = ["dnsmasq", "--test", f"--conf-file={path}"]
    done = subprocess.run(words, capture_output=True, text=True, env={"PATH": PATH})
    assert (done.returncode, done.stderr) == (0, "dnsmasq: syntax check OK.\n")


def test_the_reservation_is_for_the_identity_that_is_shown() -> None:
    """docs/reservations.md: the DUID of its wbond.conf, the four bytes of bond0."""
    text = (REPOSITORY / "docs/reservations.md").read_text(encoding="utf-8")
    (setting,) = re.findall(r"^duid = (.*)$", text, re.MULTILINE)
    shown = identity.client_identifier("bond0", setting).hex(":")
    assert f"dhcp-host=id:{shown},192." in text
    assert f"dhcp-host=id:{identity.duid(setting).hex(':')},[" in text
    assert f"`{identity.iaid('bond0').hex(':')}`" in text


# --- commands -----------------------------------------------------------------


def words_of(command: str) -> list[str]:
    """Return a command's words, without a comment, `sudo`, and what follows a pipe."""
    words = shlex.split(command, comments=True)
    if words[:1] == ["sudo"]:
        del words[0]
    return words[: words.index("|")] if "|" in words else words


def program_of(command: str) -> str:
    """Return the name of the program that a command calls; nothing for a comment."""
    return (words_of(command) or [""])[0]


@pytest.mark.parametrize(("place", "command"), COMMANDS)
def test_the_program_is_one_that_there_is(place: str, command: str) -> None:
    program = program_of(command)
    if program.startswith("/usr/lib/wbond/"):  # in no PATH
        assert (REPOSITORY / program.removeprefix("/usr/lib/wbond/")).exists()
    elif program:
        assert program in PROGRAMS, f"{place}: {command}"


def test_programs_come_with_wbond_or_for_a_reason() -> None:
    control = (REPOSITORY / "packaging/debian/control").read_text(encoding="utf-8")
    lists = control.partition("\nDepends:")[2].partition("\nDescription:")[0]
    depends = set(re.findall(r"^ ([a-z0-9-]+)", lists, re.MULTILINE))
    assert set(PROGRAMS.values()) - depends == set(ELSEWHERE)
    assert {program_of(text) for _, text in COMMANDS} >= set(PROGRAMS)


@pytest.mark.parametrize(("place", "command"), COMMANDS)
def test_what_takes_root_is_called_by_sudo(place: str, command: str) -> None:
    """As are programs that Debian's PATH of an ordinary user does not have."""
    words = words_of(command)
    if not words or command.startswith("sudo ") or (words[0] == "wbond" and len(words) < 3):
        return  # a verb alone may be no more than its name
    assert words[:2] not in [["wbond", verb] for verb in ("apply", "down", "init", "up")], place
    assert words[:2] != ["wbond", "wifi"] or "--help" in words, place
    assert words[:2] != ["udevadm", "trigger"]
    assert words[0] not in (*ROOT_S, *IN_SBIN), f"{place}: {command}"


def verbs() -> dict[str, argparse.ArgumentParser]:
    """Return the verbs that the command has."""
    for action in command_line.parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def documented() -> set[str]:
    """Return the verbs that wbond(8) describes."""
    return set(re.findall(r"^\*wbond ([a-z]+)\*", MANUAL.read_text("utf-8"), re.MULTILINE))


WBOND = [(place, text) for place, text in COMMANDS if words_of(text)[:1] == ["wbond"]]


@pytest.mark.parametrize(("place", "command"), WBOND)
def test_wbond_takes_the_arguments(
    place: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, *arguments = words_of(command)
    assert arguments[0] in documented(), place
    if arguments[0] in verbs():
        command_line.parser().parse_args(arguments)


def test_the_manual_page_has_each_verb_and_no_other() -> None:
    assert documented() == set(command_line.VERBS)


def test_the_manual_page_has_each_option() -> None:
    page = MANUAL.read_text(encoding="utf-8")
    for verb, parser in verbs().items():
        (synopsis,) = re.findall(rf"^\*wbond {verb}\*(.*)$", page, re.MULTILINE)
        wanted = {o for action in parser._actions for o in action.option_strings if o[1] == "-"}
        assert set(re.findall(r"\*(--[a-z-]+)\*", synopsis)) == wanted - {"--help", "--root"}, verb
        assert all(f"*{option}*" in page for option in wanted - {"--help"}), verb


def test_the_manual_page_has_each_option_of_wifi() -> None:
    page = MANUAL.read_text(encoding="utf-8")
    for action, parser in command_line.verbs(verbs()["wifi"]).items():
        (synopsis,) = re.findall(rf"^\*wbond wifi {action}\*(.*)$", page, re.MULTILINE)
        wanted = {o for one in parser._actions for o in one.option_strings if o[1] == "-"}
        named = set(re.findall(r"\*(--[a-z-]+)\*", synopsis))
        assert named == wanted - {"--help", "--root"}, action
        assert all(f"*{option}*" in page for option in wanted - {"--help"}), action


@pytest.mark.parametrize("words", [[], *([verb] for verb in command_line.VERBS)])
def test_every_terminal_can_show_the_help(words: list[str]) -> None:
    """One without UTF-8 neither fails nor has signs to guess at."""
    command = [sys.executable, "-I", "-X", "utf8=0", str(REPOSITORY / "helpers/wbond")]
    environ = {"LC_ALL": "C", "PATH": PATH}
    done = subprocess.run([*command, *words, "--help"], env=environ, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()
    assert b"\\" not in done.stdout


def test_a_wrong_call_is_told_without_utf_8_as_well() -> None:
    command = [sys.executable, "-I", "-X", "utf8=0", str(REPOSITORY / "helpers/wbond"), "prüfe"]
    environ = {"LC_ALL": "C", "PATH": PATH}
    done = subprocess.run(command, env=environ, capture_output=True)
    assert done.returncode == exit_status.USAGE
    assert done.stderr.isascii()
    assert b"there is no verb pr" in done.stderr


def program_names() -> list[str]:
    helpers = [path.name for path in (REPOSITORY / "helpers").glob("wbond*") if path.is_file()]
    return sorted([*helpers, "wbond-generator"])


@pytest.mark.parametrize("program", program_names())
def test_every_program_has_a_page_with_what_it_takes(program: str) -> None:
    page = (REPOSITORY / f"man/{program}.8.scd").read_text(encoding="utf-8")
    for usage in usages(program):
        for words in re.findall(r"--[a-z0-9]+|[a-z0-9-]+(?:\|[a-z0-9-]+)+", usage):
            for word in words.split("|"):
                assert f"*{word}*" in page, word


def usages(program: str) -> list[str]:
    """Return the usage lines in the module that a program's entry script imports."""
    folder = "generator" if program == "wbond-generator" else "helpers"
    script = (REPOSITORY / folder / program).read_text(encoding="utf-8")
    (module,) = re.findall(r"^from (wbond\S*) import main", script, re.MULTILINE)
    source = REPOSITORY / folder / f"{module.replace('.', '/')}.py"
    text = source.read_text(encoding="utf-8")
    return re.findall(r'^USAGE = "+usage: (.*?)"', text, re.MULTILINE | re.DOTALL)


def units_named(words: list[str]) -> Iterator[str]:
    """Yield the units that a command of systemd's names; patterns are left out."""
    if words[0] == "systemctl":
        yield from (word for word in words[2:] if word[0] != "-" and "*" not in word)
    for option, value in pairwise(words):
        if words[0] == "journalctl" and option == "-u":
            yield value


SYSTEMD = [
    (place, text)
    for place, text in COMMANDS
    if words_of(text)[:1] in (["systemctl"], ["journalctl"])
]


@pytest.mark.parametrize(("place", "command"), SYSTEMD)
def test_units_are_those_that_there_are(place: str, command: str) -> None:
    templates = {path.name for path in (REPOSITORY / "units").iterdir()}
    for unit in units_named(words_of(command)):
        name, at, _ = unit.removesuffix(".service").partition("@")
        assert f"{name}{at}.service" in templates or name in FOREIGN_UNITS, place


def test_packages_to_be_installed_are_those_that_tests_know() -> None:
    """What README has people install is what the package depends on, and what `make` needs."""
    control = (REPOSITORY / "packaging/debian/control").read_text(encoding="utf-8")
    known = set(re.findall(r"^ ([a-z0-9-]+)", control, re.MULTILINE))
    known |= {"build-essential", "make", "pkg-config", "systemd-dev"}
    known |= set((REPOSITORY / "tests/packages.txt").read_text(encoding="utf-8").split())
    found = [words_of(text) for _, text in COMMANDS if words_of(text)[:2] == ["apt", "install"]]
    assert found
    for words in found:
        assert {word for word in words[2:] if not word.startswith("./")} <= known
