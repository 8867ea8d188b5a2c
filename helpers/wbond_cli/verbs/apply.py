# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond apply: makes a changed file real, and goes back unless a person confirms it."""

import argparse

from wbond import escape, ini, messages
from wbond.config import Config
from wbond_net.deployed import snapshot, unit_tree

from wbond_cli import privileges
from wbond_cli.apply import rollback, transaction
from wbond_cli.apply.lock import locked
from wbond_cli.apply.preparation import Preparation, prepare
from wbond_cli.apply.signals import Signals
from wbond_cli.apply.steps import carry_out, description
from wbond_cli.apply.transaction import KEPT, REFUSED, RESTORED, Transaction
from wbond_cli.command import CommandRunner
from wbond_cli.output import Output
from wbond_cli.terminal import complain


def run(options: argparse.Namespace) -> int:
    """Run the verb; returns the exit status. Raises UserError without root's rights."""
    # What is in force is kept for root alone: without it, nobody knows what would change.
    purpose = "to read what is in force" if options.dry_run else "to change the network"
    privileges.require_root(options.argv, purpose)
    runner = CommandRunner(Output(options.quiet))
    if options.confirm:
        return transaction.confirm(runner, snapshot.ROOT)
    if options.restore:
        return KEPT if rollback.restore(runner, snapshot.ROOT) else RESTORED
    return apply(runner, snapshot.ROOT, options)


def apply(runner: CommandRunner, root: str, options: argparse.Namespace) -> int:
    """Make the file real, ask, and keep or restore; returns the exit status."""
    if snapshot.exists(root, snapshot.ATTEMPTED):
        return transaction.refuse_second()
    wanted = unit_tree.read_config(root)
    if not _acceptable(wanted, options.force):
        return REFUSED
    prepared = prepare(root, wanted)
    if options.dry_run:
        return _list_steps(runner.output, prepared)
    if not prepared.steps and not ini.files(root):
        complain("there is no configuration", "have one written: `sudo wbond init`")
        return REFUSED
    if not prepared.steps:
        snapshot.save(root, snapshot.APPLIED, prepared.files)  # comments may differ
        runner.output.line("What the file says is in force already.")
        return KEPT
    if not prepared.is_reversible and not options.force:
        complain(
            "which configuration is in force is not known, so there would be no way back",
            "`sudo wbond apply --force` takes bonds down and up again as the file says, for good",
        )
        return REFUSED
    if prepared.is_trivial or not prepared.is_reversible:
        return _apply_for_good(runner, root, prepared)
    return Transaction(runner, root, prepared).run(options.timeout, confirmed=options.yes)


def _acceptable(wanted: Config, force: bool) -> bool:
    """Show the problems of the configuration; tells whether to go on all the same."""
    for problem in wanted.problems:
        complain(escape.printable(messages.line(problem)))
    if wanted.problems and not force:
        complain(
            "the file has faults, so nothing was changed",
            "`wbond check` shows them in their lines; --force goes on as stated above",
        )
    return force or not wanted.problems


def _list_steps(output: Output, prepared: Preparation) -> int:
    for step in prepared.steps:
        output.line(description(step))
    if not prepared.steps:
        output.line("Nothing would be done: what the file says is in force already.")
    return KEPT


def _apply_for_good(runner: CommandRunner, root: str, prepared: Preparation) -> int:
    """Carry out what cannot be, or need not be, taken back."""
    with locked(root):
        if failure := carry_out(runner, prepared.steps, Signals()):
            again = "`sudo wbond apply --force` tries again"
            complain(failure, f"{again}, `systemctl --failed` lists units")
            return RESTORED
        snapshot.save(root, snapshot.APPLIED, prepared.files)
    runner.output.line("The configuration is in force.")
    return KEPT
