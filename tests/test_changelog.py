# SPDX-License-Identifier: LGPL-2.1-or-later
"""The changelog fits the version, as RELEASING.md has it: before a release and after."""

import re

import pytest

from tests.conftest import REPOSITORY


def version() -> str:
    """Return the version by Debian's changelog, which the package's own is compared with."""
    text = (REPOSITORY / "packaging/debian/changelog").read_text(encoding="utf-8")
    (found,) = re.findall(r"\Awbond \((.+?)\) ", text)
    return str(found)


def check(changelog: str, version: str) -> None:
    """Raise AssertionError where a changelog does not fit the version.

    It begins with the version's section where there is one, and else with what is not released;
    every release has its day.
    """
    sections = dict(re.findall(r"^## \[(.+?)\](?: - (.+))?$", changelog, re.MULTILINE))
    assert next(iter(sections)) == (version if version in sections else "Unreleased")
    for name, day in sections.items():
        assert bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", day)) is (name != "Unreleased"), name


def test_the_changelog_begins_with_the_version_or_with_what_is_not_released() -> None:
    check((REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8"), version())


@pytest.mark.parametrize(
    "wrong",
    [
        "## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n",  # released, and the version not raised
        "## [0.1.0] - 2026-11-01\n",  # raised, and no section for what comes
        "## [0.2.0]\n\n## [0.1.0] - 2026-11-01\n",  # released on no day
    ],
)
def test_a_changelog_that_does_not_fit_is_found(wrong: str) -> None:
    check("## [Unreleased]\n\n## [0.1.0] - 2026-11-01\n", "0.2.0")
    check("## [0.2.0] - 2026-12-01\n\n## [0.1.0] - 2026-11-01\n", "0.2.0")
    with pytest.raises(AssertionError):
        check(wrong, "0.2.0")
