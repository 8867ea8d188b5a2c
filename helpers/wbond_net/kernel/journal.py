# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a short helper says: its unit has the journal take down its standard output."""

import sys

from wbond import escape


def say(text: str) -> None:
    """Write one line to the journal, control characters made visible."""
    sys.stdout.write(escape.printable(text) + "\n")
    sys.stdout.flush()
