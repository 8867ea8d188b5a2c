# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond VERB …: reads the command line and calls the verb.

A verb is a module of `wbond_cli.verbs` with `run(options) -> int`, the exit
status. It is imported when it is called.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from wbond_cli import arguments, exit_status, terminal
from wbond_cli.errors import UserError


def main(argv: Sequence[str]) -> int:
    """Entry point; returns the exit status."""
    terminal.keep_to_locale()  # argparse prints as well
    try:
        options = arguments.parse(argv)
        return int(import_module(f"wbond_cli.verbs.{options.verb}").run(options))
    except ModuleNotFoundError as error:
        if not _explained(error):
            raise
        return exit_status.UNAVAILABLE
    except UserError as error:
        terminal.complain(error.message, error.remedy)
        return error.status
    except KeyboardInterrupt:
        return exit_status.INTERRUPTED
    except BrokenPipeError:
        # The reader, such as `head`, has gone; the interpreter must not fail at exit when it
        # flushes what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_status.NOBODY_READS


def _explained(error: ModuleNotFoundError) -> bool:
    """Say which package has a Python module that is not there; tells whether one has it."""
    # For this error alone: 10 ms, which no other call is to pay.
    from wbond_cli.check import dependencies
    from wbond_cli.check.machine import Machine

    finding = dependencies.module(Machine(), (error.name or "").partition(".")[0])
    if finding:
        terminal.complain(finding.text, finding.remedy)
    return finding is not None
