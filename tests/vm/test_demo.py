# SPDX-License-Identifier: LGPL-2.1-or-later
"""`make demo` tells its story to the end, on any release."""

from collections.abc import Iterator
from pathlib import Path

import demo
import image
import pytest
from laptop import Laptop


@pytest.fixture
def stock(release: str, tmp_path: Path) -> Iterator[Laptop]:
    """A laptop without wbond, switched off."""
    Laptop.current = laptop = Laptop(image.image(release), tmp_path)
    with laptop:
        yield laptop


def test_the_demo_ends_well(stock: Laptop, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.tell(stock, demo.Story()) == 0
    told = capsys.readouterr().out
    for step in ("the cable is back", "a dock with a cable is plugged", "TCP stream: unbroken"):
        assert step in told
