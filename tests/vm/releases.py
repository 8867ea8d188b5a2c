# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which releases a scenario runs on in `make test`: the table in releases.txt."""

import functools
from pathlib import Path
from typing import NamedTuple

import image

# Words for no single release; `make test-all` runs each scenario on every release anyway.
_SEVERAL = {"both": image.RELEASES, "test-all": ()}
TABLE = Path(__file__).resolve().parent / "releases.txt"


class Row(NamedTuple):
    """A scenario, or a module for those of its scenarios that have no row of their own."""

    scenario: str
    releases: tuple[str, ...]
    reason: str


@functools.cache
def rows() -> dict[str, Row]:
    """Return the table by scenario. Raises ValueError for a line that is no row."""
    found: dict[str, Row] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            scenario, names, reason = line.split(maxsplit=2)
            if scenario in found:
                raise ValueError(f"{scenario} has two rows")
            found[scenario] = Row(scenario, _releases(names), reason)
    return found


def _releases(names: str) -> tuple[str, ...]:
    if names in _SEVERAL:
        return _SEVERAL[names]
    if names not in image.RELEASES:
        raise ValueError(f"'{names}' is no release")
    return (names,)


def of(module: str, scenario: str) -> tuple[str, ...]:
    """Return the releases of a scenario. Raises KeyError where no row tells of it."""
    table = rows()
    return table.get(f"{module}::{scenario}", table[module]).releases
