# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which files are read, in which order, and what becomes of one that cannot be read."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from wbond import ini

from tests.configuration import FILE, told, values


def write(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def drop_in(directory: str, name: str) -> str:
    return f"{directory}/wbond.conf.d/{name}"


def test_no_file_says_nothing(tmp_path: Path) -> None:
    document = ini.read(str(tmp_path))
    assert (document.sections, document.problems) == ({}, [])


def test_drop_ins_come_after_the_file_sorted_by_name(tmp_path: Path) -> None:
    write(tmp_path, drop_in("usr/lib", "10-a.conf"), "[a]\nx = lib\ny = lib")
    write(tmp_path, drop_in("etc", "20-b.conf"), "[b]\n[a]\ny = etc")
    write(tmp_path, "etc/wbond.conf", "[m]\n[a]\nx = main\ny = main\nz = main")
    document = ini.read(str(tmp_path))
    assert list(document.sections) == ["m", "a", "b"]
    assert values(document)["a"] == {"x": "lib", "y": "etc", "z": "main"}
    places = [str(option.place) for option in document.sections["a"].options.values()]
    assert places == [
        "/usr/lib/wbond.conf.d/10-a.conf:2",
        "/etc/wbond.conf.d/20-b.conf:3",
        "/etc/wbond.conf:5",
    ]
    assert told(document.problems) == []


@pytest.mark.parametrize("first", range(4))
def test_of_files_with_one_name_the_first_directory_s_is_read(tmp_path: Path, first: int) -> None:
    directories = ["etc", "run", "usr/local/lib", "usr/lib"][first:]
    for directory in directories:
        write(tmp_path, drop_in(directory, "x.conf"), f"[{directory}]")
    assert list(ini.read(str(tmp_path)).sections) == directories[:1]


def test_an_empty_file_masks(tmp_path: Path) -> None:
    write(tmp_path, drop_in("run", "x.conf"), "")
    write(tmp_path, drop_in("usr/lib", "x.conf"), "[a]")
    assert ini.read(str(tmp_path)).sections == {}


def test_a_link_to_null_masks(tmp_path: Path) -> None:
    write(tmp_path, drop_in("usr/lib", "x.conf"), "[a]")
    mask = write(tmp_path, drop_in("etc", "other.conf"), "[b]").with_name("x.conf")
    mask.symlink_to("/dev/null")
    document = ini.read(str(tmp_path))
    assert list(document.sections) == ["b"]
    assert told(document.problems) == []


@pytest.mark.parametrize(
    "name", [".x.conf", "x.conf~", "x", "x.CONF", "x.conf.bak", "a\nb.conf", ".conf", "\x1b.conf"]
)
def test_other_names_are_no_drop_ins(tmp_path: Path, name: str) -> None:
    write(tmp_path, drop_in("etc", name), "[a]")
    assert ini.read(str(tmp_path)).sections == {}


def test_a_link_is_followed(tmp_path: Path) -> None:
    write(tmp_path, "etc/real", "[a]")
    (tmp_path / "etc/wbond.conf").symlink_to("real")
    assert list(ini.read(str(tmp_path)).sections) == ["a"]


@contextmanager
def time_limit() -> Iterator[None]:
    def expired(*_: object) -> None:
        raise AssertionError("it blocks")

    before = signal.signal(signal.SIGALRM, expired)
    signal.alarm(10)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def left_out(root: Path) -> str:
    """Return the code by which the only file but a drop-in was left out; that one was read."""
    write(root, drop_in("etc", "x.conf"), "[other]")
    with time_limit():
        document = ini.read(str(root))
    assert list(document.sections) == ["other"]
    (problem,) = document.problems
    assert str(problem.place) == FILE
    return problem.code


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    return tmp_path / "etc/wbond.conf"


def test_a_pipe_is_left_out_and_does_not_block(tmp_path: Path, configuration: Path) -> None:
    os.mkfifo(configuration)
    assert left_out(tmp_path) == "not-a-regular-file"


def test_a_pipe_with_a_writer_does_not_block_either(tmp_path: Path, configuration: Path) -> None:
    os.mkfifo(configuration)
    writer = os.open(configuration, os.O_RDWR)
    try:
        assert left_out(tmp_path) == "not-a-regular-file"
    finally:
        os.close(writer)


def test_a_folder_is_left_out(tmp_path: Path, configuration: Path) -> None:
    configuration.mkdir()
    assert left_out(tmp_path) == "not-a-regular-file"


def test_a_device_is_left_out(tmp_path: Path, configuration: Path) -> None:
    configuration.symlink_to("/dev/zero")
    assert left_out(tmp_path) == "not-a-regular-file"


def test_a_link_to_nowhere_is_told(tmp_path: Path, configuration: Path) -> None:
    configuration.symlink_to("nowhere")
    assert left_out(tmp_path) == "file-not-found"


def test_a_link_in_a_circle_is_told(tmp_path: Path, configuration: Path) -> None:
    configuration.symlink_to("wbond.conf")
    assert left_out(tmp_path) == "unreadable-file"


def test_a_file_too_large_is_left_out(tmp_path: Path, configuration: Path) -> None:
    configuration.write_bytes(b"[a]\n" + b"#" * (1 << 20))
    assert left_out(tmp_path) == "file-too-large"


def test_a_file_of_the_greatest_size_is_read(tmp_path: Path, configuration: Path) -> None:
    text = b"\n[a]"
    configuration.write_bytes(b"#" * ((1 << 20) - len(text)) + text)
    assert list(ini.read(str(tmp_path)).sections) == ["a"]


@contextmanager
def without_privileges() -> Iterator[None]:
    """Root may read everything; be nobody for a while."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_file_that_may_not_be_read_is_told() -> None:
    # Not below tmp_path, which only its owner may enter.
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        write(Path(folder), "etc/wbond.conf", "[a]").chmod(0)
        write(Path(folder), drop_in("etc", "x.conf"), "[b]")
        with without_privileges():
            document = ini.read(folder)
    (problem,) = document.problems
    assert (str(problem.place), problem.code) == (FILE, "permission-denied")
    assert list(document.sections) == ["b"]


def test_a_file_in_place_of_the_drop_ins_folder_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "etc/wbond.conf", "[a]")
    write(tmp_path, "etc/wbond.conf.d", "[b]")
    document = ini.read(str(tmp_path))
    assert list(document.sections) == ["a"]
    assert told(document.problems) == []
