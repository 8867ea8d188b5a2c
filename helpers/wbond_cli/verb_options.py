# SPDX-License-Identifier: LGPL-2.1-or-later
"""The options of each verb, as arguments.VERBS names them."""

import argparse
from collections.abc import Callable

APPLY_TIMEOUT = 120  # seconds
APPLY_TIMEOUT_MAX = 24 * 3600  # seconds
IMPORT_SOURCES = ("networkmanager", "netplan", "ifupdown", "netctl", "networkd", "by-hand")
LINES_MAX = 1_000_000
ONLINE_TIMEOUT = 30.0  # seconds; wbond-wait-online@ gives a boot the same
ONLINE_TIMEOUT_END = 1e6  # seconds


def init(parser: argparse.ArgumentParser) -> None:
    """Add those of `init`."""
    parser.add_argument(
        "--ssid", metavar="SSID", help="write wpa_supplicant.conf for the network of this name"
    )
    parser.add_argument(
        "--hidden", action="store_true", help="with --ssid: the network hides its name"
    )
    _root(parser, "write and look below DIR")


def import_(parser: argparse.ArgumentParser) -> None:
    """Add those of `import`."""
    parser.add_argument(
        "--from",
        dest="source",
        action="append",
        choices=IMPORT_SOURCES,
        metavar="PROGRAM",
        help=f"of this one alone, may be given again: {', '.join(IMPORT_SOURCES)}",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be written, without passwords"
    )
    _root(parser, "write and look below DIR")


def check(parser: argparse.ArgumentParser) -> None:
    """Add those of `check`."""
    parser.add_argument(
        "file", nargs="?", metavar="FILE", default="", help="check this file instead"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print {findings: [{severity, file, line, column, section, option, text, remedy}],"
        " exit}; without a place, texts are empty and numbers 0",
    )
    _root(parser, "look at the system below DIR; its units are not verified")


def plan(parser: argparse.ArgumentParser) -> None:
    """Add those of `plan`."""
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--tree", action="store_true", help="show the tree alone")
    only.add_argument("--diff", action="store_true", help="show the differences alone")
    only.add_argument("--json", action="store_true", help="for programs; see plan.schema.json")
    _root(parser, "look at the configuration below DIR")


def apply(parser: argparse.ArgumentParser) -> None:
    """Add those of `apply`."""
    _apply_timeout(parser)
    parser.add_argument("--yes", action="store_true", help="confirm at once, for scripts")
    parser.add_argument(
        "--force",
        action="store_true",
        help="go on in spite of faults in the file, or without a way back",
    )
    parser.add_argument("--json", action="store_true", help="for programs; see apply.schema.json")
    _quiet(parser)
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--dry-run", action="store_true", help="say what would be done, and do nothing"
    )
    instead.add_argument(
        "--confirm", action="store_true", help="keep what another session waits to have confirmed"
    )
    instead.add_argument(
        "--restore", action="store_true", help="restore at once what was before that"
    )


def edit(parser: argparse.ArgumentParser) -> None:
    """Add those of `edit`, and what it has `apply` do."""
    parser.add_argument(
        "--file",
        metavar="DROPIN",
        default="",
        help="edit this file of /etc/wbond.conf.d, which may be new",
    )
    _apply_timeout(parser)
    _quiet(parser)
    parser.set_defaults(yes=False, force=False, dry_run=False)


def _apply_timeout(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--timeout",
        type=_whole_number(1, APPLY_TIMEOUT_MAX),
        default=APPLY_TIMEOUT,
        metavar="SECONDS",
        help=f"the time in which a yes is expected, {APPLY_TIMEOUT} if not given",
    )


def _whole_number(least: int, most: int) -> Callable[[str], int]:
    """Return what reads a number within these limits."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"takes a whole number from {least} to {most}")
        return number

    return read


def status(parser: argparse.ArgumentParser) -> None:
    """Add those of `status`."""
    parser.add_argument("bonds", nargs="*", metavar="BOND", help="all, if none is named")
    parser.add_argument("-w", "--watch", action="store_true", help="show each change, until Ctrl-C")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--json", action="store_true", help="for programs; see status.schema.json")
    only.add_argument("--prometheus", action="store_true", help="metrics, in Prometheus's format")
    _root(parser, "the folder that holds etc, run and var")


def log(parser: argparse.ArgumentParser) -> None:
    """Add those of `log`."""
    end = parser.add_mutually_exclusive_group()
    end.add_argument("-f", "--follow", action="store_true", help="what comes, until Ctrl-C")
    parser.add_argument(
        "--chart", action="store_true", help="a line a port, with the times at which it was active"
    )
    parser.add_argument(
        *("-n", "--lines"),
        type=_whole_number(0, LINES_MAX),
        metavar="N",
        help="the last N entries alone; with --follow 10, if not given",
    )
    parser.add_argument("-S", "--since", metavar="TIME", help="from then on, over all boots")
    end.add_argument("-U", "--until", metavar="TIME", help="up to then")
    parser.add_argument(
        *("-b", "--boot"),
        nargs="?",
        const="0",
        metavar="ID",
        help="of one boot: 0 or none is this one, -1 the one before, all is all",
    )
    parser.add_argument("--bond", metavar="BOND", help="of this bond alone")
    parser.add_argument("--json", action="store_true", help="for programs, an object a line")


def up(parser: argparse.ArgumentParser) -> None:
    """Add those of `up`."""
    parser.add_argument("bonds", nargs="*", metavar="BOND", help="all configured, if none is named")
    _online_timeout(parser)
    _quiet(parser)


def wait(parser: argparse.ArgumentParser) -> None:
    """Add those of `wait`."""
    parser.add_argument("bonds", nargs="*", metavar="BOND", help="all that run, if none is named")
    _online_timeout(parser)
    parser.add_argument("--quiet", action="store_true", help="answer by the exit status alone")


def _online_timeout(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=ONLINE_TIMEOUT,
        metavar="SECONDS",
        help=f"how long to wait, {ONLINE_TIMEOUT:g} if not given",
    )


def _seconds(text: str) -> float:
    """Return a number of seconds that can be waited for."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < ONLINE_TIMEOUT_END:
        raise argparse.ArgumentTypeError("takes a number of seconds")
    return seconds


def down(parser: argparse.ArgumentParser) -> None:
    """Add those of `down`."""
    parser.add_argument("bonds", nargs="*", metavar="BOND", help="all that run, if none is named")
    parser.add_argument("--yes", action="store_true", help="also when that cuts this session")
    _quiet(parser)


def report(parser: argparse.ArgumentParser) -> None:
    """Add those of `report`."""
    parser.add_argument(
        "--anonymous",
        action="store_true",
        help="replace addresses too, and the names of networks, hosts and devices",
    )
    parser.add_argument(
        *("-o", "--output"),
        metavar="FILE",
        default="",
        help="write this file, which must be new; - is standard output",
    )


def topic(parser: argparse.ArgumentParser) -> None:
    """Add those of `help`."""
    parser.add_argument("topic", nargs="?", metavar="VERB", help="all, if none is named")


def _root(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument("--root", default="/", metavar="DIR", help=text)


def _quiet(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", action="store_true", help="do not show the commands")
