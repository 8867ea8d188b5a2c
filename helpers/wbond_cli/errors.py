# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a verb raises when a person has to do something first."""


class UserError(Exception):
    """What is wrong, what to do about it, and the exit status; `main` shows both texts."""

    def __init__(self, message: str, remedy: str = "", status: int = 2) -> None:
        """Take texts that are printable."""
        super().__init__(message)
        self.message, self.remedy, self.status = message, remedy, status
