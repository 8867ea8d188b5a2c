# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table that says which releases the lab's scenarios run on."""

import ast
from pathlib import Path

import image
import pytest
import releases

LAB = Path(__file__).resolve().parent / "vm"


def scenarios() -> set[str]:
    """Return all scenarios as the table names them."""
    return {
        f"{path.stem}::{node.name}"
        for path in LAB.glob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_each_row_tells_of_a_module_or_scenario_that_is_there() -> None:
    there = scenarios() | {name.partition("::")[0] for name in scenarios()}
    assert set(releases.rows()) - there == set()


def test_each_module_has_a_row_and_each_row_a_reason() -> None:
    for name in scenarios():
        module, _, scenario = name.partition("::")
        assert module in releases.rows()
        assert set(releases.of(module, scenario)) <= set(image.RELEASES)
    assert all(len(row.reason) > 10 for row in releases.rows().values())


def test_no_row_of_a_scenario_says_what_its_module_s_says() -> None:
    for name, row in releases.rows().items():
        module = releases.rows()[name.partition("::")[0]]
        assert row is module or row.releases != module.releases, name


def test_both_releases_have_their_share() -> None:
    names = [name.split("::") for name in scenarios()]
    shares = [sum(release in releases.of(*name) for name in names) for release in image.RELEASES]
    assert min(shares) > 0.25 * len(names)


@pytest.mark.parametrize("line", ["test_x  potato  a reason", "test_x both a\ntest_x both b"])
def test_a_table_at_fault_is_refused(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "TABLE", tmp_path / "table")
    (tmp_path / "table").write_text(line)
    with pytest.raises(ValueError, match=r"test_x|potato"):
        releases.rows.__wrapped__()
