# SPDX-License-Identifier: LGPL-2.1-or-later
"""What has come of `wbond apply`, for its exit status and for programs."""

from collections.abc import Sequence
from typing import NamedTuple

from wbond_cli import exit_status
from wbond_cli.apply.changes import Step
from wbond_cli.terminal import complain


class Outcome(NamedTuple):
    """A word for programs, the exit status, and if it is not as wanted, why and what to do.

    `steps` are all that were to be taken, and whether each was. `rejected` is the folder that the
    files went to if the former ones are back. `problems` are the configuration's.
    """

    result: str
    status: int
    text: str = ""
    remedy: str = ""
    steps: tuple[tuple[Step, bool], ...] = ()
    rejected: str = ""
    problems: tuple[str, ...] = ()

    def with_steps(self, steps: Sequence[Step], taken: Sequence[bool] = ()) -> "Outcome":
        """Return this outcome with its steps; those that `taken` does not reach were not taken."""
        rest = [False] * (len(steps) - len(taken))
        return self._replace(steps=tuple(zip(steps, [*taken, *rest], strict=True)))


KEPT = Outcome("kept", exit_status.SUCCESS)
UNCHANGED = Outcome("unchanged", exit_status.SUCCESS)
PLANNED = Outcome("planned", exit_status.SUCCESS)  # by --dry-run
TAKEN_BACK = Outcome("restored", exit_status.SUCCESS)  # by --restore
RESTORED = Outcome("restored", exit_status.RESTORED)
REFUSED = Outcome("refused", exit_status.REFUSED)
FAILED = Outcome("failed", exit_status.FAILURE)


def refuse(text: str, remedy: str) -> Outcome:
    """Say why nothing is changed, and return that."""
    complain(text, remedy)
    return REFUSED._replace(text=text, remedy=remedy)


def fail(text: str, remedy: str) -> Outcome:
    """Say what has failed, and return that."""
    complain(text, remedy)
    return FAILED._replace(text=text, remedy=remedy)
