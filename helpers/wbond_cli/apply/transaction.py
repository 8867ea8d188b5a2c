# SPDX-License-Identifier: LGPL-2.1-or-later
"""A change that is taken back unless it is confirmed, here or from another session."""

import time

from wbond import escape
from wbond_net import wait_online
from wbond_net.deployed import snapshot

from wbond_cli import question
from wbond_cli.apply import outcome, rollback, timer
from wbond_cli.apply.lock import locked
from wbond_cli.apply.outcome import Outcome
from wbond_cli.apply.preparation import Preparation
from wbond_cli.apply.signals import Signals
from wbond_cli.apply.steps import carry_out
from wbond_cli.command import CommandError, CommandRunner

NOT_CONFIRMED = "it was not confirmed"


class Transaction:
    """From the first step to the answer; nothing is done before the way back is armed."""

    def __init__(self, runner: CommandRunner, root: str, prepared: Preparation) -> None:
        """Take over the signals, which count between two steps from now on."""
        self.runner, self.root, self.prepared = runner, root, prepared
        self.output = runner.output
        self.signals = Signals()
        self.deadline = 0.0  # of time.monotonic()
        self.rejected = ""

    def run(self, timeout: int, confirmed: bool) -> Outcome:
        """Take the steps and have them confirmed; returns what has come of them.

        `timeout` is in seconds, from the first step; `confirmed`: a yes has been given before.
        """
        with locked(self.root):
            if snapshot.exists(self.root, snapshot.ATTEMPTED):
                return refuse_second()
            try:
                self._begin(timeout)
            except (OSError, CommandError) as error:
                refused = outcome.refuse(f"no way back can be made: {error}", "nothing was changed")
                return refused.with_steps(self.prepared.steps)
            progress = carry_out(self.runner, self.prepared.steps, self.signals)
        ended = self._conclude(progress.failure, confirmed)
        return ended.with_steps(self.prepared.steps, progress.taken)

    def _conclude(self, failure: str, confirmed: bool) -> Outcome:
        """Keep what was done, go back from what was not, or ask."""
        if failure:
            self.output.line(f"Not done: {failure}")
            return self._roll_back(failure)
        if confirmed:
            return confirm(self.runner, self.root)
        self._show_bonds()
        return self._decide()

    def _begin(self, timeout: int) -> None:
        """Arm the timer, and only then give it something to do. Raises OSError, CommandError."""
        if not snapshot.exists(self.root, snapshot.APPLIED):
            snapshot.save(self.root, snapshot.APPLIED, {})  # there was none
        timer.arm(self.runner, timeout)
        self.deadline = time.monotonic() + timeout
        try:
            snapshot.save(self.root, snapshot.ATTEMPTED, self.prepared.files)
        except OSError:
            timer.disarm(self.runner)
            raise
        self.rejected = rollback.rejected_folder(self.root)

    def _show_bonds(self) -> None:
        """Say of each bond what it lacks; a radio may take some seconds yet."""
        running = snapshot.running_bonds(self.root)
        for bond in self.prepared.bonds:
            name = escape.printable(bond)
            if bond not in running:
                self.output.line(
                    f"{name} is stopped; `sudo wbond up` starts it, as the file says now"
                )
            elif missing := wait_online.wait(bond, 0, self.prepared.awaited[bond]):
                self.output.line(f"{name} {missing}, so far")
            else:
                self.output.line(f"{name} is online")

    def _decide(self) -> Outcome:
        """Wait for an answer, here or from another session, and act by it."""
        asks = question.can_ask()
        if asks:
            self.output.line("Keep the new configuration? y keeps it, n restores the former one.")
        else:
            self.output.line(
                "There is no terminal to ask on. `sudo wbond apply --confirm` keeps the change; "
                f"without it the former configuration is back in {self._seconds_left():.0f} s."
            )
        while snapshot.exists(self.root, snapshot.ATTEMPTED):
            if self.signals.last or self._seconds_left() <= 0:
                return self._roll_back(NOT_CONFIRMED)
            answer = self._answer(asks)
            if answer is question.ENDED or question.is_no(answer):
                return self._roll_back(NOT_CONFIRMED)
            if question.is_yes(answer):
                return confirm(self.runner, self.root)
        return self._decided_elsewhere()

    def _answer(self, asks: bool) -> str | None:
        """Return what is answered within the next second; nothing if nobody can be asked."""
        seconds = min(1.0, max(0.0, self._seconds_left()))
        if not asks:
            time.sleep(seconds)
            return ""
        self.output.countdown(f"{self._seconds_left():5.0f} s left: ")
        return question.read_line(seconds)

    def _seconds_left(self) -> float:
        return self.deadline - time.monotonic()

    def _decided_elsewhere(self) -> Outcome:
        applied = snapshot.read_files(snapshot.folder(self.root, snapshot.APPLIED))
        if snapshot.contents(applied) == snapshot.contents(self.prepared.files):
            self.output.line("Confirmed from another session.")
            return outcome.KEPT
        return self._report_restored(NOT_CONFIRMED)

    def _roll_back(self, reason: str) -> Outcome:
        """Have the timer's service restore, which needs no terminal; else do it here."""
        self.output.line("The former configuration is restored ...")
        try:
            timer.fire(self.runner)
        except CommandError as error:
            # It may have restored at the end of the time already; systemd forgets it then.
            waits = snapshot.exists(self.root, snapshot.ATTEMPTED)
            if waits or "not found" not in error.message:
                self.output.line(f"    {error}")
        if snapshot.exists(self.root, snapshot.ATTEMPTED):
            rollback.restore(self.runner, self.root)
        return self._report_restored(reason)

    def _report_restored(self, reason: str) -> Outcome:
        remedy = f"`journalctl -u {timer.UNIT}` says what was done"
        self.output.line(f"The former files are back. Yours are in {self.rejected};\n{remedy}.")
        return outcome.RESTORED._replace(text=reason, remedy=remedy, rejected=self.rejected)


def refuse_second() -> Outcome:
    """Refuse a change while another waits to be confirmed."""
    return outcome.refuse(
        "a change waits to be confirmed already",
        "`sudo wbond apply --confirm` keeps it, `sudo wbond apply --restore` goes back",
    )


def confirm(runner: CommandRunner, root: str) -> Outcome:
    """Keep what was attempted; returns what has come of it."""
    with locked(root):
        if not snapshot.exists(root, snapshot.ATTEMPTED):
            return outcome.fail(
                "nothing waits to be confirmed; it may have been restored meanwhile",
                f"`journalctl -u {timer.UNIT}` tells, and files that were taken back are in "
                f"/{rollback.REJECTED}",
            )
        snapshot.confirm(root)
    timer.disarm(runner)
    runner.output.line("The new configuration is in force, and stays.")
    return outcome.KEPT
