# SPDX-License-Identifier: LGPL-2.1-or-later
"""Durations and times as text."""

import pytest
from wbond_cli import formatting

from tests.stories import NOW


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0041, "4 ms"),
        (1, "1.0 s"),
        (42.4, "42 s"),
        (59.7, "1 min"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (3605, "1 h"),
        (7384, "2 h 3 min"),
        (86_400 * 12 + 3600 * 5, "12 d 5 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert formatting.duration(seconds) == text


def test_times_of_day_with_the_date_where_it_is_not_today() -> None:
    assert formatting.clock(NOW - 60, NOW) == "14:05:20"
    assert formatting.clock(NOW - 86_400, NOW) == "29 Jul 14:06"
    assert formatting.clock(NOW - 86_400 * 365, NOW) == "2025-07-30"
