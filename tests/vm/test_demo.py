# SPDX-License-Identifier: LGPL-2.1-or-later
"""`make demo` tells its story to the end, on any release."""

from collections.abc import Iterator
from pathlib import Path

import demo
import pytest
import stock
from laptop import Laptop, resumed


@pytest.fixture
def laptop(release: str, tmp_path: Path) -> Iterator[Laptop]:
    """A stock Debian without wbond."""
    Laptop.current = laptop = resumed(release, tmp_path, stock.booted(release))
    with laptop:
        yield laptop


def test_the_demo_ends_well(laptop: Laptop, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.tell(laptop, demo.Story()) == 0
    told = capsys.readouterr().out
    for step in ("the cable is back", "a dock with a cable is plugged", "TCP stream: unbroken"):
        assert step in told
