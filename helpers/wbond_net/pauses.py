# SPDX-License-Identifier: LGPL-2.1-or-later
"""Growing pauses between the tries of a unit that fails again and again.

systemd has them from 254 on (RestartSteps=), and before it warns of an unknown key each time that
it reads the unit. So a unit's programs count, and the next start waits before it tries. Where a
program runs at each end of the unit (ExecStopPost=), it notes how that has ended(). Else a start
counts as one that has failed_unless_stopped(), until ExecStop= has it forgotten(): that runs at a
clean end alone. A unit that somebody stops is tried at once when it is started.
"""

import os
import time

from wbond_net import runtime
from wbond_net.kernel.journal import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = "failures"  # of a bond's runtime directory
LONGEST = 30  # s; with what comes after it, less than TimeoutStartSec= of the units
ENOUGH = 10  # failures, more than make the pause longer
FORGOTTEN = 90.0  # s; what works for a minute after the longest pause fails for another reason


def wait(bond: str, unit: str) -> None:
    """Pause before a try, the longer the more often `unit` has failed; not after the first time."""
    failures, _ = _noted(bond, unit)
    pause = min(2 ** max(failures - 1, 0) - 1, LONGEST)
    if not pause:
        return
    import signal  # with enum, as much as Python's start; not for what has not failed

    def stopped(*_: object) -> None:
        forgotten(bond, unit)
        raise SystemExit(0)

    former = signal.signal(signal.SIGTERM, stopped)  # ExecStop= does not run before the start
    time.sleep(pause)
    signal.signal(signal.SIGTERM, former)


def failed_unless_stopped(bond: str, unit: str) -> None:
    """Count the start that begins here as one that fails."""
    failures, fault = _noted(bond, unit)
    _note(bond, unit, min(failures + 1, ENOUGH), fault)


def forgotten(bond: str, unit: str) -> None:
    """Have the next start of `unit` be the first one."""
    try:
        os.unlink(_path(bond, unit))
    except OSError:
        pass


def ended(bond: str, unit: str, environ: "Mapping[str, str]") -> None:
    """Note how `unit` has ended, as systemd tells it (systemd.exec(5), $SERVICE_RESULT)."""
    if environ.get("SERVICE_RESULT", "success") != "success":
        failed_unless_stopped(bond, unit)
    else:
        forgotten(bond, unit)


def tell(bond: str, unit: str, fault: str) -> None:
    """Tell why `unit` fails; once, if it is the same each time."""
    failures, told = _noted(bond, unit)
    if fault != told:
        say(fault)  # not to standard error, which dhclient's unit throws away
        _note(bond, unit, failures, fault)


def _path(bond: str, unit: str) -> str:
    return runtime.path(bond, os.path.join(FOLDER, unit))


def _noted(bond: str, unit: str) -> tuple[int, str]:
    """Return how often in a row a unit has failed, and what has been told of it."""
    try:
        with open(_path(bond, unit), encoding="utf-8", errors="surrogateescape") as file:
            failures, _, fault = file.read().partition(" ")
            age = time.time() - os.fstat(file.fileno()).st_mtime
    except OSError:
        return 0, ""
    valid = failures.isascii() and failures.isdigit() and len(failures) < 3
    return (int(failures), fault) if valid and age < FORGOTTEN else (0, "")


def _note(bond: str, unit: str, failures: int, fault: str) -> None:
    """Note this; without it, the unit is tried without pauses."""
    path = _path(bond, unit)
    try:
        folder = os.path.dirname(path)
        if not os.path.exists(folder):
            os.mkdir(folder, mode=0o700)  # not the bond's own, which is the sign that it is up
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(f"{failures} {fault}")
    except OSError:
        pass
