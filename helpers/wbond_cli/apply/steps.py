# SPDX-License-Identifier: LGPL-2.1-or-later
"""Carries steps out, one after the other, and describes them."""

from collections.abc import Iterable
from typing import NamedTuple

from wbond import escape
from wbond_net.kernel import sysfs

from wbond_cli.apply import current
from wbond_cli.apply.changes import AwaitSuccessor, Command, Step
from wbond_cli.apply.signals import Signals
from wbond_cli.command import CommandError, CommandRunner, as_typed

SUCCESSOR_TIMEOUT = 15.0  # seconds; a radio scans, associates and is authorised in less


class Progress(NamedTuple):
    """For each step that was tried whether it was taken, and why not all were, or nothing."""

    taken: list[bool]
    failure: str = ""


def carry_out(runner: CommandRunner, steps: Iterable[Step], signals: Signals) -> Progress:
    """Take the steps until one fails; a signal counts between two steps."""
    taken: list[bool] = []
    try:
        for step in steps:
            if signals.last:
                return Progress(taken, "interrupted")
            take(runner, step)
            taken.append(True)
    except CommandError as error:
        return Progress(taken, str(error))
    return Progress(taken, "interrupted" if signals.last else "")


def carry_out_all(runner: CommandRunner, steps: Iterable[Step]) -> tuple[list[bool], list[str]]:
    """Take every step, whatever fails; returns for each whether it was taken, and the failures."""
    taken, failures = [], []
    for step in steps:
        try:
            take(runner, step)
        except CommandError as error:
            failures.append(str(error))
            taken.append(False)
        else:
            taken.append(True)
    return taken, failures


def take(runner: CommandRunner, step: Step) -> None:
    """Carry one step out. Raises CommandError."""
    if isinstance(step, AwaitSuccessor):
        _wait(runner, step)
    elif step.device and not sysfs.exists(step.device):
        runner.output.detail(f"  # {escape.printable(step.device)} has gone meanwhile")
    else:
        runner.run(*step.argv)


def _wait(runner: CommandRunner, step: AwaitSuccessor) -> None:
    """Wait until another port can take over; the next step is taken even if none can."""
    runner.output.detail(f"  # {step.reason}")
    if not current.wait_for_successor(step.bond, step.port, SUCCESSOR_TIMEOUT):
        runner.output.detail(f"    none does within {SUCCESSOR_TIMEOUT:g} s")


def description(step: Step) -> str:
    """Return a step for a list of what would be done."""
    if isinstance(step, Command):
        return f"  {as_typed(step.argv)}\n      {step.reason}"
    return f"  # {step.reason}"
