# SPDX-License-Identifier: LGPL-2.1-or-later
"""Carries steps out, one after the other, and describes them."""

from collections.abc import Iterable

from wbond_cli.apply import current
from wbond_cli.apply.changes import AwaitSuccessor, Command, Step
from wbond_cli.apply.signals import Signals
from wbond_cli.command import CommandError, CommandRunner, as_typed

SUCCESSOR_TIMEOUT = 15.0  # seconds; a radio scans, associates and is authorised in less


def carry_out(runner: CommandRunner, steps: Iterable[Step], signals: Signals) -> str:
    """Take the steps until one fails; returns why not all were taken, or nothing.

    A signal counts between two steps.
    """
    try:
        for step in steps:
            if signals.last:
                return "interrupted"
            take(runner, step)
    except CommandError as error:
        return str(error)
    return "interrupted" if signals.last else ""


def take(runner: CommandRunner, step: Step) -> None:
    """Carry one step out. Raises CommandError."""
    if isinstance(step, AwaitSuccessor):
        _wait(runner, step)
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
