# SPDX-License-Identifier: LGPL-2.1-or-later
"""Radios whose wpa_supplicant does not answer: started if they wait for the file, else told."""

from collections.abc import Collection

from wbond_cli.check.machine import Machine
from wbond_cli.command import CommandError, CommandRunner, run
from wbond_cli.output import Output
from wbond_cli.wifi.radios import Fault, Radio

# A unit that pauses before it is started again, as it does without a file (systemd(1), states).
_WAITS = ("activating", "failed")


def start_waiting(
    machine: Machine,
    output: Output,
    missing: Collection[Radio],
    present: Collection[Radio],
    faults: Collection[Fault],
) -> None:
    """Start the units that failed for want of the file; say of the others when the file counts.

    One that a person has stopped stays stopped.
    """
    started = machine.running and [radio for radio in missing if _start(output, radio)]
    if not present or not machine.running:
        output.line("No wpa_supplicant runs yet: it reads the file at the next boot.")
    elif len(started or []) < len(missing):
        for fault in faults:
            output.line(f"{fault.text}. The file is written. {fault.remedy}")


def _start(output: Output, radio: Radio) -> bool:
    """Act on a radio's unit; tells whether there was something to do."""
    runner = CommandRunner(output)
    try:
        state = run("systemctl", "show", "--value", "-p", "ActiveState", "--", radio.unit).strip()
    except CommandError:
        return False
    if state in _WAITS:
        return runner.attempt("systemctl", "restart", "--no-block", "--", radio.unit)
    # It runs, without a control socket: it reads its file at SIGHUP.
    return state == "active" and runner.attempt("systemctl", "reload", "--", radio.unit)
