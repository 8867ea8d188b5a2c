# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole command line: verbs and their help; their options are in verb_options.py.

Nothing here imports a verb: `wbond --help` and the completions load none.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple, NoReturn

from wbond import escape
from wbond.version import VERSION

from wbond_cli import exit_status, verb_options, wifi_arguments
from wbond_cli.errors import UserError


class Verb(NamedTuple):
    """A verb's line in `wbond --help`, its own text, and what adds its options."""

    help: str
    description: str
    add_options: Callable[[argparse.ArgumentParser], None]


class Parser(argparse.ArgumentParser):
    """A parser whose exit status for a wrong call is that of no other outcome."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and what is wrong, and end the process."""
        self.print_usage(sys.stderr)
        self.exit(exit_status.USAGE, f"{self.prog}: error: {message}\n")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Return the options, with `verb`, and the whole of `argv`.

    Ends the process, with the usage of the verb, for options that it does not take, and after
    --help and --version. Raises UserError for a verb that there is not.
    """
    top = parser()
    before, verb = _split(argv)
    if verb:
        require_verb(verb)
    options, unknown = top.parse_known_args(argv, argparse.Namespace(argv=argv))
    if unknown:
        wrong = top if set(unknown) & set(before) else _called(top, options)
        wrong.error(f"unrecognized arguments: {' '.join(unknown)}")
    return options


def _called(top: argparse.ArgumentParser, options: argparse.Namespace) -> argparse.ArgumentParser:
    """Return the parser of the verb, or of what the verb was asked to do."""
    verb = verbs(top)[options.verb]
    return verbs(verb)[options.action] if getattr(options, "action", "") else verb


def _split(argv: Sequence[str]) -> tuple[Sequence[str], str]:
    """Return the options before the verb, none of which takes a value, and the verb if any."""
    index = next((n for n, word in enumerate(argv) if not word.startswith("-")), len(argv))
    return argv[:index], "".join(argv[index : index + 1])


def require_verb(name: str) -> None:
    """Raise UserError, which names the nearest, for a verb that there is not."""
    if name in VERBS:
        return
    # difflib: 6 ms, which a call that is right does without.
    from difflib import get_close_matches

    nearest = [f"the nearest is `wbond {verb}`" for verb in get_close_matches(name, VERBS, 1)]
    remedy = "; ".join([*nearest, "`wbond help` names all"])
    raise UserError(f"there is no verb {escape.printable(name)}", remedy, exit_status.USAGE)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line; completions are made from it."""
    top = Parser(
        prog="wbond",
        description="One network interface of a cable and a radio: see it, check it, change it.",
        epilog="wbond help VERB says more of a verb; wbond(8) says all.",
    )
    version = f"wbond {VERSION}"
    top.add_argument("--version", action="version", version=version, help="print the version")
    subparsers = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, verb in VERBS.items():
        verb.add_options(
            subparsers.add_parser(name, help=verb.help, description=verb.description.strip())
        )
    return top


def verbs(top: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parser of each verb."""
    return next(
        dict(action.choices)
        for action in top._actions
        if isinstance(action, argparse._SubParsersAction)
    )


# In the order in which a person meets them.
VERBS = {
    "init": Verb(
        "look at the hardware and write /etc/wbond.conf",
        """
wbond init: look at the hardware and write a commented /etc/wbond.conf.

A file that is there is never overwritten. With --ssid a configuration for
wpa_supplicant is written too: the passphrase is asked for on the terminal, or
read as one line from standard input, and only its hash is kept, in a file that
nobody but root may read.

Exit status: 0 when something was written; 1 when nothing was.
""",
        verb_options.init,
    ),
    "import": Verb(
        "take over cables, radios and networks from other programs",
        """
wbond import: write /etc/wbond.conf and the Wi-Fi networks, with their passwords,
from what NetworkManager, netplan, ifupdown, netctl, systemd-networkd or units
written by hand are configured to do.

It says what comes over, what does not, line by line and why, and what to switch
off. A configuration or a network that is there stays as it is, and the other
programs' files are not changed. No password is shown.

Exit status: 0 when something was written, or would be; 1 when nothing was; 2
when it was refused, and nothing was changed.
""",
        verb_options.import_,
    ),
    "check": Verb(
        "find what is wrong with the configuration and the machine",
        """
wbond check [FILE]: find what is wrong with the configuration and the machine.

Every problem of /etc/wbond.conf and its drop-ins is shown with the line and
what to do. Then the machine is looked at: programs and files that are missing,
other programs on the same ports, what systemd says of the units. With FILE,
that file is checked in place of all these; no drop-in is read.

Exit status: 0 nothing, or notes only; 1 warnings; 2 errors.
Errors are settings that were skipped or cannot work. Warnings of the
configuration are an option given twice and a delay that is rounded.
""",
        verb_options.check,
    ),
    "plan": Verb(
        "show what the configuration would come to, and what would change",
        """
wbond plan: show what the configuration would come to, and change nothing.

A tree shows every file and link that wbond-generator would write, and a diff
what would differ from the configuration in force; where that one is not known,
from what wbond-generator wrote last. What is marked + is new, - goes, ~ has
another text. `wbond apply` makes it real, as does a reboot. plan.schema.json, whose
place wbond(8) names, describes the JSON object of --json.

Exit status: 0, also where there is a difference; 1 when no plan can be made.
""",
        verb_options.plan,
    ),
    "apply": Verb(
        "make a changed file real, and go back unless it is confirmed",
        """
wbond apply: make a changed file real without a reboot, and go back unless you
confirm.

Only what the change touches is restarted; a port that stays as it is is left
alone. Then it asks. Without a yes within the time given, or when the terminal
is gone, the former files and the former state are restored, by a systemd timer
if need be. The time counts from the first step.

Exit status: 0 when the new configuration is in force, or was so already; 1
when the former one has been restored, or something failed; 2 when it was
refused, and nothing was changed. With --json, an object at the end says what
was done, and all else goes to standard error; apply.schema.json, whose place
wbond(8) names, describes it.
""",
        verb_options.apply,
    ),
    "edit": Verb(
        "edit the configuration, check it, and make it real",
        """
wbond edit: edit /etc/wbond.conf, check it, save it, and apply it.

SUDO_EDITOR, VISUAL or EDITOR name the editor; otherwise sensible-editor,
editor, nano or vi is taken. It edits a copy. What check finds in that is shown;
with errors in the file, you edit it again or keep the former one. Then it is
saved, and `wbond apply` makes it real and asks whether to keep it.

Exit status: 0 when the new configuration is in force, or the file is unchanged;
1 when the former one has been restored, or something failed; 2 when the former
file was kept, or it was refused.
""",
        verb_options.edit,
    ),
    "status": Verb(
        "show the bonds, their ports and addresses, and what is wrong with them",
        """
wbond status [BOND ...]: show the bonds and their ports, and what is wrong with
them.

Without a name, all bonds. Ends with 0 when every bond that is configured, or
named, has an active port and an address that reaches beyond the link, with 1
when one has not, with 2 when no bond is configured. With --watch: shows them again at each change
that the kernel reports, until Ctrl-C, which ends it with 0. status.schema.json,
whose place wbond(8) names, describes the JSON object of --json; with --watch
there is one a line. With --prometheus: metrics in Prometheus's text format, for
node_exporter's textfile collector; it ends with 0 when they are printed.
""",
        verb_options.status,
    ),
    "log": Verb(
        "show failovers and plugs as a timeline, with durations",
        """
wbond log: show failovers and plugs as a timeline.

It shows what wbond-watch has written to the journal, in order, and how long
each state that ended had lasted. Without --since and --boot: this boot. Times
are as journalctl(1) takes them: --since=yesterday, --since=-2h,
--since="2026-07-30 12:00". With --follow it goes on with each new entry until
Ctrl-C, which ends it with 0. With --chart it draws the days instead: a line for
each port, with the times at which it was active. With --json one object a line:
`lasted` is for how many seconds the state `ended` had been; times are texts by
RFC 3339. Ends with 0, or with 1 when the journal cannot be read or asked so.
""",
        verb_options.log,
    ),
    "up": Verb(
        "start bonds, and wait until they are online",
        """
wbond up [BOND ...]: start bonds, with their ports and clients, and wait until
they are online.

Without a name, all bonds of the configuration. Exit status: 0 when all are
online, 1 when one is not within the time given, 2 when it was refused.
""",
        verb_options.up,
    ),
    "wait": Verb(
        "wait until bonds are online, for scripts",
        """
wbond wait [BOND ...]: wait until bonds are online, all at the same time.

Without a name, all bonds that run. A bond that is named may still have to be
started. What online is, `wait_online` of wbond.conf(5) says; a bond with `no` is
online when its active port lets frames through.

Exit status: 0 when all are online, 1 when one is not within the time given, 2
when it was refused.
""",
        verb_options.wait,
    ),
    "down": Verb(
        "stop bonds, with their ports and clients",
        """
wbond down [BOND ...]: stop bonds with their ports and clients, and wait until
all is gone.

Without a name, all bonds that run. Asks before it cuts the SSH session that
it is called from. Exit status: 0 when they are down, 1 when one is not, 2 when
it was refused.
""",
        verb_options.down,
    ),
    "wifi": Verb(
        "show the Wi-Fi networks in reach; add and forget networks, select one",
        wifi_arguments.DESCRIPTION,
        wifi_arguments.add_options,
    ),
    "report": Verb(
        "write all that those who help need to know into one file",
        """
wbond report: write one file for a bug report: versions, configuration, units,
status, what kernel and udev say, and the journal of this boot and the one
before.

Passwords, keys, identities and tokens are replaced, each by the same label
wherever it is. The file is new, and nobody else may read it; its end says what
it contains and what was replaced. Read it before you send it. What a program
that is missing or fails would have said is left out.

Exit status: 0 when it is written, 1 when it cannot be.
""",
        verb_options.report,
    ),
    "help": Verb(
        "explain a verb and its options",
        """
wbond help [VERB]: explain a verb and its options, as wbond VERB --help does;
without a name, list the verbs.
""",
        verb_options.topic,
    ),
}
