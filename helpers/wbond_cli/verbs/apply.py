# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond apply: makes a changed file real, and goes back unless a person confirms it."""

import argparse
import json
import sys

from wbond import escape, ini, messages
from wbond.config import Config
from wbond_net.deployed import snapshot, unit_tree

from wbond_cli import privileges
from wbond_cli.apply import document, outcome, rollback, transaction
from wbond_cli.apply.lock import locked
from wbond_cli.apply.outcome import Outcome
from wbond_cli.apply.preparation import Preparation, prepare
from wbond_cli.apply.signals import Signals
from wbond_cli.apply.steps import carry_out, description
from wbond_cli.apply.transaction import Transaction
from wbond_cli.command import CommandRunner
from wbond_cli.output import Output
from wbond_cli.terminal import complain


def run(options: argparse.Namespace) -> int:
    """Run the verb; returns the exit status. Raises UserError without root's rights."""
    # What is in force is kept for root alone: without it, nobody knows what would change.
    purpose = "to read what is in force" if options.dry_run else "to change the network"
    privileges.require_root(options.argv, purpose)
    # With --json, standard output is for that alone.
    output = Output(options.quiet, sys.stderr if options.json else sys.stdout)
    ended = _run(CommandRunner(output), snapshot.ROOT, options)
    if options.json:
        _print_json(ended)
    return ended.status


def _run(runner: CommandRunner, root: str, options: argparse.Namespace) -> Outcome:
    if options.confirm:
        return transaction.confirm(runner, root)
    if options.restore:
        return rollback.restore(runner, root)
    return apply(runner, root, options)


def _print_json(ended: Outcome) -> None:
    Output().write(json.dumps(document.outcome_to_dict(ended), indent=2) + "\n")


def apply(
    runner: CommandRunner, root: str, options: argparse.Namespace, accepted: bool = False
) -> Outcome:
    """Make the file real, ask, and keep or restore; returns what has come of it.

    `accepted`: its problems have been shown already, and it is wanted all the same.
    """
    if snapshot.exists(root, snapshot.ATTEMPTED):
        return transaction.refuse_second()
    wanted = unit_tree.read_config(root)
    problems = tuple(escape.printable(messages.line(problem)) for problem in wanted.problems)
    for problem in () if accepted else problems:
        complain(problem)
    ended = _apply(runner, root, wanted, options, accepted or options.force)
    return ended._replace(problems=problems)


def _apply(
    runner: CommandRunner, root: str, wanted: Config, options: argparse.Namespace, accepted: bool
) -> Outcome:
    if wanted.problems and not accepted:
        return outcome.refuse(
            "the file has faults, so nothing was changed",
            "`wbond check` shows them in their lines; --force goes on as stated above",
        )
    prepared = prepare(root, wanted)
    if not prepared.steps and not ini.files(root):
        return outcome.refuse("there is no configuration", "have one written: `sudo wbond init`")
    if options.dry_run:
        return _plan(runner.output, prepared, options)
    if not prepared.steps:
        snapshot.save(root, snapshot.APPLIED, prepared.files)  # comments may differ
        runner.output.line("What the file says is in force already.")
        return outcome.UNCHANGED
    if not prepared.is_reversible and not options.force:
        return outcome.refuse(
            "which configuration is in force is not known, so there would be no way back",
            "`sudo wbond apply --force` takes bonds down and up again as the file says, for good",
        ).with_steps(prepared.steps)
    if prepared.is_trivial or not prepared.is_reversible:
        return _apply_for_good(runner, root, prepared)
    return Transaction(runner, root, prepared).run(options.timeout, confirmed=options.yes)


def _plan(output: Output, prepared: Preparation, options: argparse.Namespace) -> Outcome:
    """List the steps, for people if it is not for programs."""
    if not options.json:
        for step in prepared.steps:
            output.line(description(step))
        if not prepared.steps:
            output.line("Nothing would be done: what the file says is in force already.")
    return outcome.PLANNED.with_steps(prepared.steps)


def _apply_for_good(runner: CommandRunner, root: str, prepared: Preparation) -> Outcome:
    """Carry out what cannot be, or need not be, taken back."""
    with locked(root):
        progress = carry_out(runner, prepared.steps, Signals())
        if progress.failure:
            again = "`sudo wbond apply --force` tries again"
            failed = outcome.fail(progress.failure, f"{again}, `systemctl --failed` lists units")
            return failed.with_steps(prepared.steps, progress.taken)
        snapshot.save(root, snapshot.APPLIED, prepared.files)
    runner.output.line("The configuration is in force.")
    return outcome.KEPT.with_steps(prepared.steps, progress.taken)
