# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may change the network, and how to become who may."""

import os
import shlex
from collections.abc import Sequence

from wbond import escape

from wbond_cli.errors import UserError


def require_root(argv: Sequence[str], purpose: str) -> None:
    """Raise UserError unless this process is root's; `argv` are wbond's own arguments."""
    if os.geteuid() != 0:
        raise UserError(f"{purpose} takes root", f"`{with_sudo(*argv)}`")


def with_sudo(*argv: str) -> str:
    """Return the full sudo command line.

    It keeps every argument, because a bare `wbond down` would stop all bonds.
    """
    return shlex.join(["sudo", "wbond", *map(escape.printable, argv)])
