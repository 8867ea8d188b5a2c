# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond check: finds what is wrong with the configuration and the machine."""

import argparse
import os
import sys
from typing import TYPE_CHECKING

from wbond import escape

from wbond_cli import exit_status, terminal

if TYPE_CHECKING:
    from wbond_cli.check import runner
    from wbond_cli.check.diagnostics import Diagnostic


def run(options: argparse.Namespace) -> int:
    """Check, show, and return the exit status."""
    from wbond_cli.check import diagnostics, runner

    if options.file and not os.path.lexists(options.file):
        terminal.complain(f"{options.file}: no such file", "Name a file, or none for all.")
        return exit_status.USAGE
    # The units of the plan name it, by its whole path (SourcePath=).
    file = os.path.abspath(options.file) if options.file else ""
    source = runner.Source(options.root, file)
    found = runner.run(source)
    status = diagnostics.exit_status(found)
    if options.json:
        import json

        shown = {
            "findings": [diagnostics.as_data(diagnostic) for diagnostic in found],
            "exit": status,
        }
        sys.stdout.write(json.dumps(shown, indent=2) + "\n")
    else:
        console = terminal.console()
        diagnostics.show(console, found)
        end = escape.printable(_end(source, found))
        for line in terminal.broken(end, terminal.columns(console), "", ""):
            console.print(line, soft_wrap=True)
    return status


def _end(source: "runner.Source", found: "list[Diagnostic]") -> str:
    """Return the closing words: what was looked at, and the count or that nothing was found."""
    from wbond_cli.check import diagnostics

    text = diagnostics.summary(found)
    text = f"{text}." if text else f"Nothing is wrong with {source.title} and the machine."
    if source.file:
        text += " Drop-ins were not read."
    if os.geteuid() and source.root == "/":
        text += " Files that only root may read were not looked into."
    return text
