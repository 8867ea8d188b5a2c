# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond report: writes all that those who help need to know into one file, without secrets."""

import argparse
import os
import sys
import time

from wbond import escape
from wbond_net.deployed import snapshot, unit_tree

from wbond_cli import command, exit_status, terminal
from wbond_cli.check.machine import Machine
from wbond_cli.errors import UserError
from wbond_cli.report import document, personal, sources
from wbond_cli.report.redaction import Redaction

STANDARD_OUTPUT = "-"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def run(options: argparse.Namespace) -> int:
    """Write the report; returns the exit status. Raises UserError for a file that is there."""
    if options.output == STANDARD_OUTPUT:
        terminal.keep_to_locale()
        sys.stdout.write(made(Machine(snapshot.ROOT), command.run, options.anonymous))
        return exit_status.SUCCESS
    path = options.output or file_name(options.anonymous, time.time())
    # Made first: to gather takes some seconds, and would be in vain.
    try:
        descriptor = os.open(path, _NEW, 0o600)
    except OSError as error:
        raise UserError(
            f"{escape.printable(path)}: {error.strerror}; nothing is written",
            "name another file with --output; - is standard output",
            exit_status.FAILURE,
        ) from None
    try:
        text = made(Machine(snapshot.ROOT), command.run, options.anonymous)
        write(descriptor, text)
    except BaseException:
        os.unlink(path)
        raise
    _say(path)
    return exit_status.SUCCESS


def file_name(anonymous: bool, now: float) -> str:
    """Return the name of a report: with the host's, unless that is to be hidden."""
    date = time.strftime("%Y-%m-%d-%H%M%S", time.localtime(now))
    host = os.uname().nodename.replace("/", "-")
    return f"wbond-report-{date}.txt" if anonymous else f"wbond-report-{host}-{date}.txt"


def made(machine: Machine, run: command.Run, anonymous: bool) -> str:
    """Return the report of a machine; `run` is `command.run`, or what stands for it."""
    config = unit_tree.read_config(machine.root)
    redaction = Redaction()
    if anonymous:
        personal.add_hosts(redaction, *sources.host_names(machine, config))
    sections = sources.sections(machine, run, config)
    return document.text(sections, redaction, anonymous)


def write(descriptor: int, text: str) -> None:
    """Write the report; the file is for the user who called sudo(8), and for nobody else."""
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
        owner, group = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
        if os.geteuid() == 0 and owner.isdecimal() and group.isdecimal():
            os.fchown(descriptor, int(owner), int(group))
        os.fchmod(descriptor, 0o600)  # whatever the umask


def _say(path: str) -> None:
    shown = escape.printable(path)
    sys.stdout.write(f"{shown} is written. Passwords and identities in it are replaced.\n")
    sys.stdout.write("Read it before you send it; its end says what it contains.\n")
    if os.geteuid() != 0:
        terminal.complain(
            "not called by root: what only root may read is missing, and secrets there are unknown",
            "`sudo wbond report` has all",
        )
