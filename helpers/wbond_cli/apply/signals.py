# SPDX-License-Identifier: LGPL-2.1-or-later
"""Signals that must not end `wbond apply` in the middle of a change."""

import signal


class Signals:
    """Remembers a signal that would end this process, for a moment at which it may end."""

    CAUGHT = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    # Suspended, or stopped for reading or writing in the background, it could not keep its word.
    IGNORED = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)

    def __init__(self) -> None:
        """Take over the signals; `last` is the number of the last one, 0 for none."""
        self.last = 0
        for number in self.CAUGHT:
            signal.signal(number, self._remember)
        for number in self.IGNORED:
            signal.signal(number, signal.SIG_IGN)

    def _remember(self, number: int, _frame: object) -> None:
        self.last = number
