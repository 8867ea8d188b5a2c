# SPDX-License-Identifier: LGPL-2.1-or-later
"""The generator as a process: calls, exit codes, messages, and all that it may not do or import."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from wbond import config, ini, main

from tests.conftest import REPOSITORY
from tests.test_cases import tree

FOLDER = REPOSITORY / "generator"
GENERATOR = FOLDER / "wbond-generator"
# The interpreter and its options, as the kernel starts the generator.
PYTHON = GENERATOR.read_text(encoding="utf-8").splitlines()[0].removeprefix("#!").split()
GOOD = "[bond0]\nwired = enp0s10\nwireless = wlp3s0\nmiimon = 50\n[uplink]\nwired = enp0s11\n"
FAULTY = "[bond0]\nmiimom = 50\nwired = a:b e1\n[bnod0/x]\nx\n"
WARNINGS = [
    "2: [bond0] miimom: unknown option (did you mean 'miimon'?); ignored",
    "3: [bond0] wired: 'a:b' is not an interface name: blanks, / : and % cannot be part of one; "
    "this entry is left out",
    "4: [bnod0/x]: there is no bond [bnod0] (did you mean 'bond0'?); the section is ignored",
    "5: [bnod0/x]: is neither a section, an option nor a comment; the line is skipped",
]


class Done(NamedTuple):
    """What has come of a run: exit code, and the lines of standard error."""

    code: int
    lines: list[str]


def run(
    *words: str | Path, program: Path = GENERATOR, environ: dict[str, str] | None = None
) -> Done:
    """Run the generator with these words, in an environment that is empty but for `environ`."""
    command: list[str | Path] = [program, *words]
    done = subprocess.run(command, env=environ or {}, capture_output=True, text=True, cwd="/")
    assert done.stdout == ""
    return Done(done.returncode, done.stderr.splitlines())


SILENT = Done(0, [])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "etc").mkdir(parents=True)
    return folder


def configure(root: Path, text: str) -> None:
    (root / "etc/wbond.conf").write_text(text, encoding="utf-8")


# --- calls ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["a", "b"],
        ["a", "b", "c", "d"],
        ["--help"],
        ["-v", "b", "c"],
        ["--root"],
        ["--root", "/"],
        ["--root", "/", "a", "b"],
        ["--root", "/", "--root"],
        ["--rot", "/", "a"],
        ["a", "--root", "/", "b"],
    ],
)
def test_a_wrong_call_is_told(words: list[str]) -> None:
    usage = "wbond-generator: usage: wbond-generator [--root DIR] NORMAL [EARLY LATE]"
    assert run(*words) == Done(2, [usage])


def test_without_a_configuration_nothing_is_written(root: Path, output: Path) -> None:
    assert run("--root", root, output) == SILENT
    assert list(output.iterdir()) == []


@pytest.mark.parametrize("text", ["", "# nothing\n", "[DEFAULT]\nmiimon = 50\n"])
def test_without_a_bond_nothing_is_written(root: Path, output: Path, text: str) -> None:
    configure(root, text)
    assert run("--root", root, output) == SILENT
    assert list(output.iterdir()) == []


def test_in_an_initrd_nothing_is_done(root: Path, output: Path) -> None:
    configure(root, FAULTY)
    assert run("--root", root, output, environ={"SYSTEMD_IN_INITRD": "1"}) == SILENT
    assert run("no", "usage", environ={"SYSTEMD_IN_INITRD": "1"}) == SILENT
    assert list(output.iterdir()) == []


def test_outside_of_an_initrd_all_is_written(root: Path, output: Path) -> None:
    configure(root, GOOD)
    assert run("--root", root, output, environ={"SYSTEMD_IN_INITRD": "0"}) == SILENT
    written = tree(output)
    assert "multi-user.target.wants/wbond@bond0.service" in written
    assert "Environment=MIIMON=50\n" in written["wbond@bond0.service.d/80-wbond.conf"]


def test_of_three_directories_the_first_is_used(root: Path, tmp_path: Path) -> None:
    configure(root, GOOD)
    folders = [tmp_path / name for name in ("normal", "early", "late")]
    assert run("--root", root, *folders) == SILENT
    assert [folder.exists() for folder in folders] == [True, False, False]


def test_a_directory_s_name_need_not_be_text(root: Path, tmp_path: Path) -> None:
    configure(root, GOOD)
    name = os.fsdecode(b"\xff \n")
    assert run("--root", root, tmp_path / name) == SILENT
    assert tree(tmp_path / name)


def test_every_run_writes_the_same(root: Path, tmp_path: Path) -> None:
    # Isolated from PYTHONHASHSEED: each run has hashes of its own.
    configure(root, GOOD)
    for name in "abc":
        assert run("--root", root, tmp_path / name) == SILENT
    assert tree(tmp_path / "a") == tree(tmp_path / "b") == tree(tmp_path / "c") != {}


@pytest.mark.parametrize(
    "environ",
    [
        {"LC_ALL": "C"},
        {"LANG": "no_SUCH.locale"},
        {"PYTHONPATH": "/proc", "PYTHONHOME": "/proc", "PYTHONWARNINGS": "error"},
        {"HOME": "/nowhere", "PATH": ""},
    ],
)
def test_the_environment_changes_nothing(
    root: Path, tmp_path: Path, environ: dict[str, str]
) -> None:
    configure(root, "[größe]\nwired = en€\nsupplicant_conf = /etc/€ 5\n")
    assert run("--root", root, tmp_path / "a") == SILENT
    assert run("--root", root, tmp_path / "b", environ=environ) == SILENT
    assert tree(tmp_path / "a") == tree(tmp_path / "b") != {}


def test_it_runs_through_a_link(root: Path, tmp_path: Path, output: Path) -> None:
    configure(root, GOOD)
    link = tmp_path / "wbond-generator"
    link.symlink_to(GENERATOR)
    assert run("--root", root, output, program=link) == SILENT
    assert tree(output)


# --- messages ---------------------------------------------------------------------


def test_faults_are_told_with_file_and_line_and_the_rest_is_written(
    root: Path, output: Path
) -> None:
    configure(root, FAULTY)
    lines = [f"wbond-generator: /etc/wbond.conf:{line}" for line in WARNINGS]
    assert run("--root", root, output) == Done(0, lines)
    assert "bond0-wired@e1.service.d/90-wbond-port.conf" in tree(output)


def test_a_fault_alone_is_told_too(root: Path, output: Path) -> None:
    (root / "etc/wbond.conf").symlink_to("nowhere")
    text = "wbond-generator: /etc/wbond.conf: No such file or directory; the file is left out"
    assert run("--root", root, output) == Done(0, [text])
    assert list(output.iterdir()) == []


def test_what_cannot_be_printed_is_shown(root: Path, output: Path) -> None:
    configure(root, "[bond0]\nmii\u202emon\x85 = \u2028\n")
    text = "unknown option (did you mean 'miimon'?); ignored"
    line = rf"wbond-generator: /etc/wbond.conf:2: [bond0] mii\u202emon: {text}"
    assert run("--root", root, output) == Done(0, [line])


def test_messages_that_nobody_reads_are_no_fault(root: Path, output: Path) -> None:
    configure(root, FAULTY)
    closed = ["/bin/sh", "-c", 'exec "$@" 2>&-', "sh"]
    words = [*closed, str(GENERATOR), "--root", str(root), str(output)]
    assert subprocess.run(words, env={}).returncode == 0
    assert tree(output)


def test_an_output_that_cannot_be_written_is_a_failure(root: Path, tmp_path: Path) -> None:
    configure(root, GOOD)
    (tmp_path / "file").touch()
    done = run("--root", root, tmp_path / "file")
    assert done == Done(1, [f"wbond-generator: {tmp_path}/file: File exists"])


def test_a_file_that_cannot_be_written_costs_itself_alone(
    root: Path, output: Path, tmp_path: Path
) -> None:
    configure(root, GOOD)
    run("--root", root, tmp_path / "whole")
    lost = "wbond@bond0.service.d/80-wbond.conf"
    (output / lost).parent.touch()
    done = run("--root", root, output)
    assert done == Done(1, [f"wbond-generator: {output}/{lost}: File exists"])
    expected = tree(tmp_path / "whole")
    del expected[lost]
    assert tree(output) == expected | {"wbond@bond0.service.d": ""}


def test_a_fault_of_its_own_is_one_line(root: Path, output: Path, tmp_path: Path) -> None:
    # Without units/ beside it, there is no template to copy for another bond.
    copy = tmp_path / "copy/generator"
    shutil.copytree(FOLDER, copy)
    configure(root, "[bond0]\n[uplink]\n")
    error = "FileNotFoundError: [Errno 2] no such unit template: 'bond0-wired@.service'"
    done = run("--root", root, output, program=copy / "wbond-generator")
    line = f"/etc/wbond.conf:2: [uplink]: internal error of wbond: {error}; the section is ignored"
    assert done == Done(1, [f"wbond-generator: {line}"])
    assert "multi-user.target.wants/wbond@bond0.service" in tree(output)
    assert not any("uplink" in path for path in tree(output))


# --- what it reads beside the configuration ---------------------------------------


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"laptop\n", "laptop"),
        (b"laptop.example.org\n", "laptop"),
        (b"# a comment\n\n  laptop  \nsecond\n", "laptop"),
        (b"", ""),
        (b"\n# only\n", ""),
        (b".x", ""),
        (b"a\xffb", "a\ufffdb"),
        (b"x" * 9999, "x" * 64),
    ],
)
def test_the_host_s_name(root: Path, content: bytes, name: str) -> None:
    (root / "etc/hostname").write_bytes(content)
    assert ini.hostname(str(root)) == name


def test_without_a_file_the_host_has_no_name(root: Path) -> None:
    assert ini.hostname(str(root)) == ""


def test_the_host_s_name_decides(root: Path, output: Path) -> None:
    configure(root, "[bond0]\nwired =\nwireless =\nmiimon = 50\nmiimon[laptop] = 200\n")
    (root / "etc/hostname").write_text("laptop_7.example.org\n")
    assert run("--root", root, output) == SILENT
    assert "Environment=MIIMON=200\n" in tree(output)["wbond@bond0.service.d/80-wbond.conf"]


def test_templates_are_found_as_systemd_finds_them(root: Path) -> None:
    name = "bond0-wired@.service"
    assert main.template(str(root), name) == (REPOSITORY / "units" / name).read_text()
    places = ["lib", "usr/lib", "usr/local/lib", "run", "etc"]
    for place in places:
        path = root / place / "systemd/system" / name
        path.parent.mkdir(parents=True)
        path.write_text(f"# {place}")
        assert main.template(str(root), name) == f"# {place}"


@pytest.mark.parametrize(
    ("option", "name"), [("dhcp4", "dhclient@.service"), ("dhcp6", "dhcp6c@.service")]
)
def test_a_client_s_template_of_the_administrator_that_is_wbond_s_is_used(
    root: Path, option: str, name: str
) -> None:
    folder = root / "etc/systemd/system"
    folder.mkdir(parents=True, exist_ok=True)
    own = (REPOSITORY / "units" / name).read_text()

    def made(text: str = "[bond0]\n") -> list[str]:
        document = ini.Document()
        ini.parse(text.encode(), "/etc/wbond.conf", document)
        items = main.items(config.interpret(document, ""), str(root))
        paths = [item.path for item in items]
        return [path for path in paths if path.startswith(name[:5]) and ".d/" not in path]

    (folder / name).write_text(own + "Nice=5\n")
    assert made() == []
    (folder / name).write_text("[Service]\nExecStart=/usr/bin/client %I\n")
    assert made() == [name.replace("@", "@bond0")]
    assert made(f"[bond0]\n{option} = none\n") == []
    (folder / name).unlink()
    (folder / name).symlink_to("/dev/null")
    assert made() == []
    (folder / name).unlink()
    (folder / name).mkdir()  # nothing that could be read, and no reason to make nothing at all
    assert made() == []
