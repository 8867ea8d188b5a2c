# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a short helper says: its unit has the journal take down its standard output."""

import sys

from wbond import escape


def say(text: str) -> None:
    """Write one line to the journal, control characters made visible.

    A character that the locale's encoding lacks is shown as an escape, and is no failure.
    """
    line = escape.printable(text) + "\n"
    encoding = sys.stdout.encoding
    sys.stdout.write(line.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()
