# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a verb raises when a person has to do something first."""

from collections.abc import Iterable, Sequence

from wbond import escape

from wbond_cli import exit_status


class UserError(Exception):
    """What is wrong, what to do about it, and the exit status; `main` shows both texts."""

    def __init__(self, message: str, remedy: str = "", status: int = exit_status.REFUSED) -> None:
        """Take texts that are printable."""
        super().__init__(message)
        self.message, self.remedy, self.status = message, remedy, status


def require_bonds(named: Iterable[str], known: Sequence[str]) -> None:
    """Raise UserError for a bond that is not among those that are known."""
    for bond in named:
        if bond not in known:
            names = ", ".join(map(escape.printable, known)) or "none"
            message = f"there is no bond {escape.printable(bond)}"
            raise UserError(message, f"known here: {names}", exit_status.USAGE)
