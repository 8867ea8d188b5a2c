# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond plan: shows what the configuration would come to, and changes nothing."""

import argparse
import json
import sys

from wbond_net.deployed import snapshot

from wbond_cli import exit_status, terminal
from wbond_cli.plan import comparison, document
from wbond_cli.plan.comparison import Comparison

_OLDER = (
    "what runs may be older than the units that systemd knows, which this compares with",
    "`sudo wbond plan` compares with what runs.",
)


def run(options: argparse.Namespace) -> int:
    """Show the plan; a configuration with problems is planned as the generator would.

    Returns the exit status.
    """
    try:
        compared = comparison.compare(options.root)
    except OSError as error:
        terminal.complain(
            f"{error.filename}: {error.strerror}; no plan can be made",
            "Install wbond's units: `sudo make install` in a checkout, or the package.",
        )
        return exit_status.FAILURE
    faults = [_OLDER] if snapshot.is_unreadable(options.root) else []
    if options.json:
        shown = document.plan_to_dict(compared, faults)
        sys.stdout.write(json.dumps(shown, indent=2) + "\n")
        return exit_status.SUCCESS
    _warn(compared, faults)
    _show(compared, has_tree=not options.diff, has_difference=not options.tree)
    return exit_status.SUCCESS


def _warn(compared: Comparison, faults: list[tuple[str, str]]) -> None:
    """Say what makes the plan less than the whole truth."""
    for text, remedy in faults:
        terminal.complain(text, remedy)
    if count := len(compared.config.problems):
        terminal.complain(
            f"the configuration has {count} problem{'s' if count > 1 else ''}; "
            "this is what the generator makes of the rest",
            "`wbond check` shows them.",
        )


def _show(compared: Comparison, has_tree: bool, has_difference: bool) -> None:
    # rich: 70 ms, which --json does without.
    from wbond_cli.plan import screen

    console = terminal.console()
    if has_tree and compared.marks:
        screen.print_tree(console, compared)
    if has_difference:
        screen.print_difference(console, compared)
    screen.print_summary(console, compared)
