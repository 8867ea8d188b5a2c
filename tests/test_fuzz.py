# SPDX-License-Identifier: LGPL-2.1-or-later
"""The fuzzer: its readers take mutants, it tells what it finds, and a seed repeats it."""

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from wbond import main as generator
from wbond import plan
from wbond_net.clients import leases

from tests import fuzz, fuzz_generator
from tests.mutants import Finding

READERS = [fuzz_generator.Generator, *fuzz.READERS]


@pytest.mark.parametrize("make", READERS, ids=[str(make.__name__) for make in READERS])
def test_a_reader_takes_mutants(make: Any, tmp_path: Path) -> None:
    reader = make(tmp_path, random.Random("a"))
    for _ in range(30):
        fuzz.turn(reader)


def test_mutants_follow_from_the_seed_alone(tmp_path: Path) -> None:
    first, second = (
        [reader.mutant() for _ in range(50)]
        for name in ("a", "b")
        for reader in [fuzz_generator.Generator(tmp_path / name, random.Random("s"))]
    )
    assert first == second
    assert len(set(first)) > 40


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (plan.File("x", "[Unit]\nExecStart=/bin/x\nEvil=1\n"), "broken out of: 'Evil=1'"),
        (plan.File("../x", "[Unit]\n"), "a path that leads elsewhere"),
        (plan.File("a" * 256, "[Unit]\n"), "a name that cannot be"),
        (plan.Link("a/x", "/etc/passwd"), "a link that leads elsewhere"),
    ],
)
def test_what_is_not_wbond_s_is_found(item: Any, told: str) -> None:
    good = tuple(
        plan.Link(path, "/usr/lib/systemd/system/wbond@.service")
        for path in fuzz_generator.GOOD_LINKS
    )
    fuzz_generator.check_items(good)
    with pytest.raises(Finding, match=told):
        fuzz_generator.check_items((*good, item))
    with pytest.raises(Finding, match="the good bond is not planned"):
        fuzz_generator.check_items(good[:1])


def test_what_is_written_elsewhere_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = fuzz_generator.Generator(tmp_path, random.Random("a"))
    reader.write(b"[bond0]\n")
    generate = generator.generate

    def strays(root: str, *rest: Any) -> int:
        (Path(root) / "stray").touch()
        return int(generate(root, *rest))

    monkeypatch.setattr(generator, "generate", strays)
    with pytest.raises(Finding, match="outside"):
        reader.write(b"[bond0]\n")


def test_it_runs_by_itself() -> None:
    words = [sys.executable, str(Path(fuzz.__file__)), "--minutes", "0.01", "--seed", "1"]
    done = subprocess.run(words, env={}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "mutants, no finding" in done.stdout


def test_an_exception_is_a_finding_with_its_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def raises(text: str) -> None:
        raise KeyError("lease")

    monkeypatch.setattr(leases, "parse", raises)
    monkeypatch.setattr("sys.argv", ["fuzz", "--minutes", "0.2", "--seed", "1"])
    assert fuzz.main() == 1
    said = capsys.readouterr().out
    assert "Leases: Traceback" in said
    assert "KeyError: 'lease'" in said
    assert "fixed-address" in said
