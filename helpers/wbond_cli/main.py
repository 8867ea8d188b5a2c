# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond VERB …: finds the verb and hands over.

A verb is a module with HELP (a line), `arguments(parser)` and
`run(options) -> int`, the exit status. What costs start-up time is imported
where it is used.
"""

import argparse
import os
import sys
from importlib import import_module

from wbond_cli import terminal

# In the order in which a person meets them.
VERBS = ("init", "check", "plan", "apply", "status", "log", "up", "down")
WRONG = 2


def parser() -> argparse.ArgumentParser:
    """Return the whole command line; completions and the manual page are made from it."""
    top = argparse.ArgumentParser(
        prog="wbond",
        description="One network interface of a cable and a radio: see it, check it, change it.",
        epilog="wbond VERB --help says more of a verb; wbond(8) says all.",
    )
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb in VERBS:
        module = import_module(f"wbond_cli.verbs.{verb}")
        sub = verbs.add_parser(verb, help=module.HELP, description=module.__doc__)
        module.arguments(sub)
        sub.set_defaults(run=module.run)
    return top


def main(arguments: list[str]) -> int:
    """Entry point; returns the verb's exit status, 2 when called wrongly."""
    terminal.keep_to_locale()  # argparse prints as well
    options = parser().parse_args(arguments, argparse.Namespace(typed=arguments))
    try:
        return int(options.run(options))
    except ModuleNotFoundError as fault:
        if not _told(fault):
            raise
        return WRONG
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader, `head`, has seen enough; nothing is left to be said at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _told(fault: ModuleNotFoundError) -> bool:
    """Say which package has a Python module that is not there; tells whether one has it."""
    from wbond_cli.check import dependencies
    from wbond_cli.check.machine import Machine

    finding = dependencies.module(Machine(), (fault.name or "").partition(".")[0])
    if finding:
        terminal.complain(finding.text, finding.remedy)
    return finding is not None
