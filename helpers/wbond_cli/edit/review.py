# SPDX-License-Identifier: LGPL-2.1-or-later
"""What check finds in a draft, and what a person wants to have done about it."""

from wbond_cli import exit_status, question, terminal
from wbond_cli.check import diagnostics, runner
from wbond_cli.edit.draft import Draft
from wbond_cli.errors import UserError
from wbond_cli.output import Output

SAVE, AGAIN, KEEP = "save", "edit again", "keep the former"


def decide(output: Output, root: str, draft: Draft) -> tuple[str, bool]:
    """Check a draft, show what is found, and ask.

    Returns SAVE, AGAIN or KEEP, and whether the configuration has problems that are accepted by
    saving it. Raises UserError when the terminal is gone, or Ctrl-D ends its input.
    """
    source = runner.Source(root, "", draft.folder)
    read, in_text = runner.configuration(source)
    found = in_text + runner.on_machine(source, read)
    if found:
        diagnostics.show(terminal.console(), found)
        output.line(f"{diagnostics.summary(found)}.")
    if diagnostics.exit_status(found) == exit_status.SUCCESS:
        return SAVE, False
    # What the machine lacks, the file need not wait for.
    may_save = diagnostics.exit_status(in_text) != exit_status.ERRORS
    return _ask(output, may_save), bool(in_text)


def _ask(output: Output, may_save: bool) -> str:
    """Ask until there is an answer."""
    answers = {"e": AGAIN, "k": KEEP} | ({"s": SAVE} if may_save else {})
    choices = ["e edits it again", "k keeps the former file"]
    choices += ["s saves it all the same"] if may_save else []
    while True:
        output.line(f"{', '.join(choices)}: ", end="")
        answer = question.read_line(None)
        if answer is question.ENDED:
            raise UserError("nobody answers any more, so the former file stays")
        if decision := answers.get(answer.strip().lower()[:1]):
            return decision
