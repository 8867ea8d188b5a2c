# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may change the network, and how to become who may."""

import os
import shlex
from collections.abc import Sequence

from wbond import escape

from wbond_cli import terminal


def lacking(typed: Sequence[str], what: str) -> bool:
    """Tell whether `what` takes rights that this process has not, and say it then."""
    if os.geteuid() == 0:
        return False
    terminal.complain(f"{what} takes root", f"`{as_root(*typed)}`")
    return True


def as_root(*words: str) -> str:
    """Return a call of wbond's as it is to be typed: no word is lost, `wbond down` stops all."""
    return shlex.join(["sudo", "wbond", *map(escape.printable, words)])
