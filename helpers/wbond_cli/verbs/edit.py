# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond edit: has a person edit the configuration, checks it, saves it, and makes it real."""

import argparse
import os

from wbond_net.deployed import snapshot

from wbond_cli import exit_status, privileges, question, termination
from wbond_cli.apply import transaction
from wbond_cli.command import CommandRunner
from wbond_cli.edit import draft, editor, file, review
from wbond_cli.edit.file import File
from wbond_cli.errors import UserError
from wbond_cli.output import Output
from wbond_cli.verbs import apply


def run(options: argparse.Namespace) -> int:
    """Run the verb; returns the exit status. Raises UserError for what cannot be edited."""
    privileges.require_root(options.argv, "to edit the configuration")
    if not all(map(question.can_ask, (0, 1))):  # standard input and output
        raise UserError(
            "there is no terminal for an editor",
            "change the file as you like, then `wbond check` and `sudo wbond apply`",
        )
    termination.by_exception()
    return edit(CommandRunner(Output(options.quiet)), snapshot.ROOT, options)


def edit(runner: CommandRunner, root: str, options: argparse.Namespace) -> int:
    """Have the file edited, saved and applied; returns the exit status. Raises UserError."""
    if snapshot.exists(root, snapshot.ATTEMPTED):
        return transaction.refuse_second().status
    edited = file.find(root, options.file)
    argv = editor.command(os.environ)
    decision, accepted = _edit(runner.output, edited, argv)
    if decision != review.SAVE:
        return exit_status.REFUSED if decision == review.KEEP else exit_status.SUCCESS
    runner.output.line(f"{edited.title} is saved.")
    return apply.apply(runner, root, options, accepted).status


def _edit(output: Output, edited: File, argv: list[str]) -> tuple[str, bool]:
    """Edit until a person is content; save, and return as review.decide(), nothing if unchanged."""
    with draft.of(edited) as copy:
        while True:
            editor.run(argv, copy.path)
            octets = copy.content()
            if octets == edited.start:
                output.line(f"{edited.title} is unchanged.")
                return "", False
            decision, accepted = review.decide(output, edited.root, copy)
            if decision == review.SAVE:
                file.save(edited, octets)
            if decision == review.KEEP:
                output.line(f"{edited.title} stays as it was.")
            if decision != review.AGAIN:
                return decision, accepted
