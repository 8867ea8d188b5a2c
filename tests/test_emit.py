# SPDX-License-Identifier: LGPL-2.1-or-later
"""Output: a plan is written to its directory and nowhere else, and nothing is overwritten."""

import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from wbond import emit
from wbond.plan import File, Link


def below(folder: Path) -> dict[str, str]:
    """Return all that is below a folder, links not followed."""
    found: dict[str, str] = {}
    for where, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = Path(where, name)
            found[str(path.relative_to(folder))] = (
                f"-> {os.readlink(path)}"
                if path.is_symlink()
                else path.read_bytes().decode("utf-8", "surrogateescape")
                if path.is_file()
                else "a folder"
            )
    return found


@contextmanager
def creation_mask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def test_files_and_folders_may_be_read_by_all(tmp_path: Path) -> None:
    with creation_mask(0):
        assert emit.emit(str(tmp_path / "new"), (File("a/b", "x\n"),)) == []
    modes = [stat.S_IMODE((tmp_path / "new" / name).stat().st_mode) for name in ("a", "a/b")]
    assert modes == [0o755, 0o644]


def test_folders_above_are_made(tmp_path: Path) -> None:
    folder = tmp_path / "x/y/z"
    assert emit.emit(str(folder), (File("a", "1"),)) == []
    assert (folder / "a").read_text() == "1"


def test_one_folder_takes_several_files(tmp_path: Path) -> None:
    items = (File("a/1", "1"), File("b/1", "2"), Link("a/2", "t"), File("c", "3"))
    assert emit.emit(str(tmp_path), items) == []
    assert below(tmp_path) == {
        "a": "a folder",
        "b": "a folder",
        "a/1": "1",
        "b/1": "2",
        "a/2": "-> t",
        "c": "3",
    }


def test_what_cannot_be_written_is_told_and_the_rest_is_written(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("in the way")
    failures = emit.emit(
        str(tmp_path), (File("a/1", "1"), File("b/1", "2"), Link("a/2", "t"), File("c" * 300, "3"))
    )
    assert failures == [
        f"{tmp_path}/a/1: File exists",
        f"{tmp_path}/a/2: Not a directory",
        f"{tmp_path}/{'c' * 300}: File name too long",
    ]
    assert below(tmp_path) == {"a": "in the way", "b": "a folder", "b/1": "2"}


def test_a_text_that_no_file_can_hold_costs_itself_alone(tmp_path: Path) -> None:
    failures = emit.emit(str(tmp_path), (File("a", "\ud800"), File("b", "2")))
    assert [failure.partition(": ")[0] for failure in failures] == [f"{tmp_path}/a"]
    assert below(tmp_path) == {"b": "2"}


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """Stand for a full disk: the kernel writes what fits, and refuses the rest (setrlimit(2))."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("fits", [0, 3])
def test_a_file_that_does_not_fit_is_not_there_at_all(tmp_path: Path, fits: int) -> None:
    with no_file_longer_than(fits):
        failures = emit.emit(str(tmp_path), (File("a/b", "long"), Link("c", "t")))
    assert failures == [f"{tmp_path}/a/b: File too large"]
    assert below(tmp_path) == {"a": "a folder", "c": "-> t"}


def test_nothing_is_written_where_a_file_is_in_the_folder_s_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for folder in ("file", "file/below"):
        (failure,) = emit.emit(f"{tmp_path}/{folder}", (File("a", "1"),))
        assert failure.startswith(f"{tmp_path}/{folder}: ")
    assert below(tmp_path) == {"file": "x"}


@pytest.mark.parametrize("item", [File("a", "new"), Link("a", "new")])
def test_nothing_is_overwritten(tmp_path: Path, item: File | Link) -> None:
    (tmp_path / "a").write_text("old")
    assert emit.emit(str(tmp_path), (item,)) == [f"{tmp_path}/a: File exists"]
    assert below(tmp_path) == {"a": "old"}


@pytest.mark.parametrize("item", [File("a", "new"), Link("a", "new")])
@pytest.mark.parametrize("target", ["outside", "nowhere"])
def test_no_link_is_followed_by_a_file(tmp_path: Path, item: File | Link, target: str) -> None:
    (tmp_path / "outside").write_text("old")
    (tmp_path / "output").mkdir()
    (tmp_path / "output/a").symlink_to(f"../{target}")
    (failure,) = emit.emit(f"{tmp_path}/output", (item,))
    assert failure == f"{tmp_path}/output/a: File exists"
    assert below(tmp_path) == {
        "outside": "old",
        "output": "a folder",
        "output/a": f"-> ../{target}",
    }


def test_two_items_of_one_name_are_told(tmp_path: Path) -> None:
    items = (File("a", "1"), File("a", "2"))
    assert emit.emit(str(tmp_path), items) == [f"{tmp_path}/a: File exists"]
    assert below(tmp_path) == {"a": "1"}


def test_no_folder_is_kept_open(tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    emit.emit(str(tmp_path), (File("a", "1"), File("a", "2"), File("b/c", "3")))
    assert os.listdir("/proc/self/fd") == before
