# SPDX-License-Identifier: LGPL-2.1-or-later
"""SIGTERM as an exception, so that what has begun is ended: a screen, a program."""

import signal
from typing import NoReturn

from wbond_cli import exit_status


def by_exception() -> None:
    """Have SIGTERM raise SystemExit from now on."""
    signal.signal(signal.SIGTERM, _terminate)


def _terminate(*_: object) -> NoReturn:
    raise SystemExit(exit_status.TERMINATED)
