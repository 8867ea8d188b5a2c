# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond help: explains a verb."""

import argparse

from wbond_cli import arguments, exit_status


def run(options: argparse.Namespace) -> int:
    """Print the help of the verb named, or of all; returns the exit status.

    Raises UserError for a verb that there is not.
    """
    top = arguments.parser()
    if options.topic is None:
        top.print_help()
    else:
        arguments.require_verb(options.topic)
        arguments.verbs(top)[options.topic].print_help()
    return exit_status.SUCCESS
