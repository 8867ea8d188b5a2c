# SPDX-License-Identifier: LGPL-2.1-or-later
"""The transient systemd timer that restores the former configuration if nobody confirms."""

import os

from wbond_cli.command import CommandError, CommandRunner

UNIT = "wbond-revert"  # of the timer and of its service
PROGRAM = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../wbond"))


def arm(runner: CommandRunner, seconds: int) -> None:
    """Start the timer, which outlives this process and its terminal. Raises CommandError."""
    runner.run(
        *("systemd-run", "--quiet", "--collect", f"--unit={UNIT}"),
        "--description=Restore the former configuration of wbond",
        *(f"--on-active={seconds}", "--timer-property=AccuracySec=1s", "--service-type=oneshot"),
        *("--", PROGRAM, "apply", "--restore"),
    )


def disarm(runner: CommandRunner) -> None:
    """Stop the timer; one that has elapsed is gone, which is no failure."""
    try:
        runner.run("systemctl", "stop", "--", f"{UNIT}.timer")
    except CommandError:
        pass


def fire(runner: CommandRunner) -> None:
    """Have the timer's service restore now. Raises CommandError."""
    runner.run("systemctl", "start", "--", f"{UNIT}.service")
