# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond log [--since TIME] [--until TIME] [--boot [ID]] [--bond BOND] [--json]: what happened.

Failovers and plugs, as a timeline: what wbond-watch has written to the journal,
in order, and how long what ended had lasted. Without --since and --boot: this
boot. Times are as journalctl(1) takes them: --since=yesterday, --since=-2h,
--since="2026-07-30 12:00". With --json one object a line: `lasted` in seconds
is how long `ended`, a state, had been; times are texts by RFC 3339. Ends with
0, with 1 when the journal cannot be read or asked so, with 2 when called
wrongly.
"""

import argparse

HELP = "show failovers and plugs as a timeline, with durations"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("-S", "--since", metavar="TIME", help="from then on, over all boots")
    parser.add_argument("-U", "--until", metavar="TIME", help="up to then")
    parser.add_argument(
        *("-b", "--boot"),
        nargs="?",
        const="0",
        metavar="ID",
        help="of one boot: 0 or none is this one, -1 the one before, all is all",
    )
    parser.add_argument("--bond", metavar="BOND", help="of this bond alone")
    parser.add_argument("--json", action="store_true", help="for programs, an object a line")


def run(options: argparse.Namespace) -> int:
    """Show the timeline."""
    from wbond_cli import process, terminal
    from wbond_cli.journal import history, reader

    reading = reader.read(process.ask, *selection(options))
    if reading.fault:
        terminal.complain(reading.fault, reading.remedy)
        return 1
    events = history.events(reading.entries, options.bond)
    if options.json:
        history.write_json(events)
    elif events:
        history.show(events, terminal.console())
    else:
        terminal.complain("nothing has happened", "--since and --boot show other times")
    return 0


def selection(options: argparse.Namespace) -> list[str]:
    """Return what journalctl is to select."""
    boot = options.boot or ("all" if options.since or options.until else "0")
    found = [f"--boot={boot}"]
    found += [f"--since={options.since}"] if options.since else []
    found += [f"--until={options.until}"] if options.until else []
    return found
