# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond apply: makes a changed file real without a reboot, and goes back unless told to stay.

Only what the change touches is restarted; a port that stays as it is is left
alone. Then it asks. Without a yes within the time given, or when the terminal
is gone, the former files and the former state are restored, by a timer of
systemd's if need be. The time counts from the first step.

Exit status: 0 when the new configuration is in force, or was so already; 1
when the former one has been restored, or something failed; 2 when it was
refused, and nothing was changed.
"""

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from wbond import escape

from wbond_cli.terminal import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wbond.config import Config
    from wbond_net.deployed.snapshot import File

    from wbond_cli.apply.changes import Picture, Step
    from wbond_cli.apply.steps import Hands, Signals

HELP = "make a changed file real, and go back unless it is confirmed"
KEPT, RESTORED, REFUSED = 0, 1, 2
TIMEOUT = 120  # seconds
TIMEOUT_MAX = 24 * 3600  # seconds
LOCK_TIMEOUT = 180.0  # seconds; after that, whoever has the lock is taken for stuck
REVERT = "wbond-revert"  # the transient timer and its service
# Longer than a name of an interface: /var/lib/wbond/BOND is a bond's. Outlives a reboot.
REJECTED = "var/lib/wbond/rejected-configurations"
PROGRAM = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../wbond"))


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's options."""
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=TIMEOUT,
        metavar="SECONDS",
        help=f"the time in which a yes is expected, {TIMEOUT} if not given",
    )
    parser.add_argument("--yes", action="store_true", help="confirm at once, for scripts")
    parser.add_argument(
        "--force",
        action="store_true",
        help="go on in spite of faults in the file, or without a way back",
    )
    parser.add_argument("--quiet", action="store_true", help="do not show the commands")
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


def _seconds(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= TIMEOUT_MAX:
        raise argparse.ArgumentTypeError(f"takes a whole number from 1 to {TIMEOUT_MAX}")
    return number


def run(options: argparse.Namespace) -> int:
    """Run the verb."""
    from wbond_net.deployed import snapshot

    from wbond_cli import privileges
    from wbond_cli.apply.steps import Hands, Voice

    # What is in force is kept for root alone: without it, nobody knows what would change.
    what = "to read what is in force" if options.dry_run else "to change the network"
    if privileges.lacking(options.typed, what):
        return REFUSED
    hands = Hands(Voice(options.quiet))
    if options.confirm:
        return confirm(hands, snapshot.ROOT)
    if options.restore:
        return restore(hands, snapshot.ROOT)
    return apply(hands, snapshot.ROOT, options)


# --- what is to be done -------------------------------------------------------


class Task(NamedTuple):
    """What is to be made real: files, steps, and whether there is a way back."""

    files: "dict[str, File]"
    steps: "list[Step]"
    trivial: bool  # only systemd's view of the units changes, and nothing can be lost by that
    restorable: bool
    bonds: tuple[str, ...]


def plan_steps(root: str, before: "Config | None", after: "Config") -> "list[Step]":
    """Return the steps from one configuration to the other, on the hardware that is there."""
    from wbond import main as generator

    from wbond_cli.apply import changes, current

    # A unit of another's making, or a masked one, names no defaults: wbond's stand below.
    default = changes.defaults(generator.own_template)
    default |= changes.defaults(lambda name: generator.template(root, name))
    devices = current.devices()

    def picture(wishes: "Config") -> "Picture":
        return changes.picture(wishes, devices, default)

    base = picture(before) if before else None
    return list(changes.steps(base, picture(after), current.running(root)))


def task(root: str, wanted: "Config") -> Task:
    """Find out what is to be done for a configuration. Raises OSError without a unit template."""
    from wbond_net.deployed import in_force, snapshot, unit_tree

    from wbond_cli.apply import changes

    before = in_force.configuration(root)
    steps = plan_steps(root, before, wanted)
    files = snapshot.read_files(root)
    kept = before is not None and snapshot.contents(files) == snapshot.contents(
        snapshot.read_files(snapshot.folder(root, snapshot.APPLIED))
    )
    tree = unit_tree.render(wanted, root)
    same = before is not None and tree == unit_tree.render(before, root)
    idle = changes.is_idle(steps)
    trivial = idle and (kept or same)
    if trivial and tree == unit_tree.read_generated(root):
        steps = []
    bonds = tuple(bond.name for bond in wanted.bonds)
    return Task(files, steps, trivial, before is not None, bonds)


# --- the way there ------------------------------------------------------------


def apply(hands: "Hands", root: str, options: argparse.Namespace) -> int:
    """Make the file real, ask, and keep or restore; returns the exit status."""
    from wbond_net.deployed import snapshot, unit_tree

    if snapshot.exists(root, snapshot.ATTEMPTED):
        return _refuse_second()
    wanted = unit_tree.read_config(root)
    if _faulty(wanted, options.force):
        return REFUSED
    found = task(root, wanted)
    if options.dry_run:
        return _list(hands, found)
    if not found.steps:
        snapshot.save(root, snapshot.APPLIED, found.files)  # comments may be others
        hands.voice.say("What the file says is in force already.")
        return KEPT
    if not found.restorable and not options.force:
        complain(
            "which configuration is in force is not known, so there would be no way back",
            "`sudo wbond apply --force` takes bonds down and up again as the file says, for good",
        )
        return REFUSED
    if found.trivial or not found.restorable:
        return _for_good(hands, root, found)
    return Attempt(hands, root, found, options).run()


def _faulty(wanted: "Config", force: bool) -> bool:
    """Show the faults of the file; tells whether they forbid going on."""
    for problem in wanted.problems:
        complain(escape.printable(str(problem)))
    if wanted.problems and not force:
        complain(
            "the file has faults, so nothing was changed",
            "`wbond check` shows them in their lines; --force goes on as stated above",
        )
    return bool(wanted.problems) and not force


def _refuse_second() -> int:
    complain(
        "a change waits to be confirmed already",
        "`sudo wbond apply --confirm` keeps it, `sudo wbond apply --restore` goes back",
    )
    return REFUSED


def _list(hands: "Hands", found: Task) -> int:
    from wbond_cli.apply.steps import described

    for step in found.steps:
        hands.voice.say(described(step))
    if not found.steps:
        hands.voice.say("Nothing would be done: what the file says is in force already.")
    return KEPT


def _for_good(hands: "Hands", root: str, found: Task) -> int:
    """Carry out what cannot be, or need not be, taken back."""
    from wbond_net.deployed import snapshot

    from wbond_cli.apply.steps import Signals

    with locked(root):
        if fault := _carry_out(hands, found.steps, Signals()):
            again = "`sudo wbond apply --force` tries again"
            complain(fault, f"{again}, `systemctl --failed` lists units")
            return RESTORED
        snapshot.save(root, snapshot.APPLIED, found.files)
    hands.voice.say("The configuration is in force.")
    return KEPT


def _carry_out(hands: "Hands", steps: "list[Step]", signals: "Signals") -> str:
    """Take the steps; returns why not all were taken. A signal counts between two of them."""
    from wbond_cli.apply.steps import Failed

    try:
        for step in steps:
            if signals.came:
                return "interrupted"
            hands.take(step)
    except Failed as fault:
        return str(fault)
    return "interrupted" if signals.came else ""


class Attempt:
    """A change that is taken back unless it is confirmed."""

    def __init__(self, hands: "Hands", root: str, found: Task, options: argparse.Namespace) -> None:
        from wbond_cli.apply.steps import Signals

        self.hands, self.root, self.found = hands, root, found
        self.options, self.voice = options, hands.voice
        self.signals = Signals()
        self.deadline = 0.0
        self.rejected = ""

    def run(self) -> int:
        """Take the steps and have them confirmed; returns the exit status."""
        from wbond_net.deployed import snapshot

        from wbond_cli.apply.steps import Failed

        with locked(self.root):
            if snapshot.exists(self.root, snapshot.ATTEMPTED):
                return _refuse_second()
            try:
                self._begin()
            except (OSError, Failed) as fault:
                complain(f"no way back can be made: {fault}", "nothing was changed")
                return REFUSED
            undone = _carry_out(self.hands, self.found.steps, self.signals)
        if undone:
            self.voice.say(f"Not done: {undone}")
            return self._go_back()
        if self.options.yes:
            return confirm(self.hands, self.root)
        self._show()
        return self._decide()

    def _begin(self) -> None:
        """Arm the timer, and only then give it something to do. Raises OSError, Failed."""
        from wbond_net.deployed import snapshot

        if not snapshot.exists(self.root, snapshot.APPLIED):
            snapshot.save(self.root, snapshot.APPLIED, {})  # there was none
        self.hands.run(*timer(self.options.timeout))
        self.deadline = time.monotonic() + self.options.timeout
        try:
            snapshot.save(self.root, snapshot.ATTEMPTED, self.found.files)
        except OSError:
            _disarm(self.hands)
            raise
        self.rejected = rejected(self.root)

    def _show(self) -> None:
        """Say of each bond what it lacks; a radio may take some seconds yet."""
        from wbond_net import wait_online
        from wbond_net.deployed import snapshot

        running = snapshot.running_bonds(self.root)
        for bond in self.found.bonds:
            name = escape.printable(bond)
            if bond not in running:
                self.voice.say(
                    f"{name} is stopped; `sudo wbond up` starts it, as the file says now"
                )
            elif lacking := wait_online.wait(bond, 0):
                self.voice.say(f"{name} {lacking}, so far")
            else:
                self.voice.say(f"{name} is online")

    def _decide(self) -> int:
        """Wait for an answer, here or from another session, and act by it."""
        from wbond_net.deployed import snapshot

        from wbond_cli.apply import question

        asks = question.possible()
        if not asks:
            self.voice.say(
                "There is no terminal to ask on. `sudo wbond apply --confirm` keeps the change; "
                f"without it the former configuration is back in {self._left():.0f} s."
            )
        if asks:
            self.voice.say("Keep the new configuration? y keeps it, n restores the former one.")
        while snapshot.exists(self.root, snapshot.ATTEMPTED):
            if self.signals.came or self._left() <= 0:
                return self._go_back()
            if not asks:
                time.sleep(min(1.0, max(0.0, self._left())))
                continue
            self.voice.count(f"{self._left():5.0f} s left: ")
            answer = question.line(min(1.0, self._left()))
            if answer is question.ENDED or question.is_no(answer):
                return self._go_back()
            if question.is_yes(answer):
                return confirm(self.hands, self.root)
        return self._decided_elsewhere()

    def _left(self) -> float:
        return self.deadline - time.monotonic()

    def _decided_elsewhere(self) -> int:
        from wbond_net.deployed import snapshot

        now = snapshot.read_files(snapshot.folder(self.root, snapshot.APPLIED))
        if snapshot.contents(now) == snapshot.contents(self.found.files):
            self.voice.say("Confirmed from another session.")
            return KEPT
        return self._told_restored()

    def _go_back(self) -> int:
        """Have the timer's service restore, which needs no terminal; else do it here."""
        from wbond_net.deployed import snapshot

        from wbond_cli.apply.steps import Failed

        self.voice.say("The former configuration is restored ...")
        try:
            self.hands.run("systemctl", "start", "--", f"{REVERT}.service")
        except Failed as fault:
            # It may have restored, and be gone from systemd's memory, at the end of the time.
            if snapshot.exists(self.root, snapshot.ATTEMPTED) or "not found" not in str(fault):
                self.voice.say(f"    {fault}")
        if snapshot.exists(self.root, snapshot.ATTEMPTED):
            restore(self.hands, self.root)
        return self._told_restored()

    def _told_restored(self) -> int:
        self.voice.say(
            f"The former files are back. Yours are in {self.rejected};\n"
            f"`journalctl -u {REVERT}` says what was done."
        )
        return RESTORED


def timer(timeout: int) -> tuple[str, ...]:
    """Return the command that arms the way back; it outlives this process and its terminal."""
    return (
        *("systemd-run", "--quiet", "--collect", f"--unit={REVERT}"),
        "--description=Restore the former configuration of wbond",
        *(f"--on-active={timeout}", "--timer-property=AccuracySec=1s", "--service-type=oneshot"),
        *("--", PROGRAM, "apply", "--restore"),
    )


@contextmanager
def locked(root: str) -> Iterator[None]:
    """Wait until no other process changes anything; the lock ends with its process (flock(2))."""
    import fcntl

    from wbond_net.deployed import snapshot

    os.makedirs(snapshot.folder(root), mode=0o700, exist_ok=True)
    descriptor = os.open(snapshot.folder(root), os.O_RDONLY | os.O_CLOEXEC)
    deadline = time.monotonic() + LOCK_TIMEOUT
    try:
        while time.monotonic() < deadline:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.1)
        yield
    finally:
        os.close(descriptor)


# --- the end of it ------------------------------------------------------------


def confirm(hands: "Hands", root: str) -> int:
    """Keep what was attempted; returns the exit status."""
    from wbond_net.deployed import snapshot

    with locked(root):
        if not snapshot.exists(root, snapshot.ATTEMPTED):
            complain(
                "nothing waits to be confirmed; it may have been restored meanwhile",
                f"`journalctl -u {REVERT}` tells, and files that were taken back are in "
                f"/{REJECTED}",
            )
            return RESTORED
        snapshot.confirm(root)
    _disarm(hands)
    hands.voice.say("The new configuration is in force, and stays.")
    return KEPT


def _disarm(hands: "Hands") -> None:
    """Stop the timer; one that has elapsed is gone."""
    from wbond_cli.apply.steps import Failed

    try:
        hands.run("systemctl", "stop", "--", f"{REVERT}.timer")
    except Failed:
        pass


def restore(hands: "Hands", root: str) -> int:
    """Put the former files back and take the steps the other way round; returns the exit status.

    A step that fails keeps none of the others from being taken.
    """
    from wbond_net.deployed import snapshot, unit_tree

    from wbond_cli.apply.steps import Failed

    with locked(root):
        if not snapshot.exists(root, snapshot.ATTEMPTED):
            hands.voice.say("Nothing waits to be confirmed, so nothing is restored.")
            return KEPT
        attempted = unit_tree.read_config(snapshot.folder(root, snapshot.ATTEMPTED))
        faults = put_back(root, rejected(root))
        before = unit_tree.read_config(snapshot.folder(root, snapshot.APPLIED))
        for step in plan_steps(root, attempted, before):
            try:
                hands.take(step)
            except Failed as fault:
                faults.append(str(fault))
        snapshot.delete(root, snapshot.ATTEMPTED)
    _disarm(hands)
    by_hand = f"Do it by hand; the former files are in {snapshot.folder(root, snapshot.APPLIED)}"
    for text in faults:
        complain(text, by_hand)
    hands.voice.say("The former configuration is in force again.")
    return RESTORED if faults else KEPT


def rejected(root: str) -> str:
    """Return the folder for the files of the attempt, named by the time of it."""
    from wbond_net.deployed import snapshot

    made = os.stat(snapshot.folder(root, snapshot.ATTEMPTED)).st_mtime
    name = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(made))
    return os.path.join(root, REJECTED, name)


def put_back(root: str, place: str) -> list[str]:
    """Make the files those that were in force; what they replace goes to `place`.

    Returns what could not be done.
    """
    from wbond_net.deployed import snapshot

    live, wanted = (
        snapshot.read_files(root),
        snapshot.read_files(snapshot.folder(root, snapshot.APPLIED)),
    )
    faults = []
    for name in sorted({*live, *wanted} - {snapshot.HOSTNAME}):
        path = os.path.join(root, name)
        try:
            _put_back(path, wanted.get(name), os.path.join(place, name))
        except OSError as fault:
            faults.append(f"/{name}: {fault.strerror}; it is not restored")
    return faults


def _put_back(path: str, wanted: "File | None", aside: str) -> None:
    """Restore one file, through a link where it is one; the one that is there is not lost."""
    from wbond_net.deployed import snapshot

    now = snapshot.read_file(path)
    if now and wanted and now.data == wanted.data:
        return
    if now:
        snapshot.write_file(aside, now)
    elif os.path.lexists(path):  # nothing that can be read: a folder, a link to nowhere
        import shutil

        os.makedirs(os.path.dirname(aside), exist_ok=True)
        shutil.move(path, aside)
    if wanted is None:
        os.unlink(path)
    elif wanted.data is None or snapshot.is_mask(path):
        snapshot.write_file(path, wanted)
    else:
        snapshot.write_file(os.path.realpath(path), wanted)
