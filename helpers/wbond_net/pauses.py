# SPDX-License-Identifier: LGPL-2.1-or-later
"""Growing pauses between the tries of a unit that fails again and again.

systemd has them from 254 on (RestartSteps=), and before it warns of an unknown key each time that
it reads the unit. So a unit's programs count: ExecStopPost= notes how the unit has ended, and the
next start waits before it tries. A unit that somebody stops is tried at once when it is started.
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
    if pause:
        time.sleep(pause)


def ended(bond: str, unit: str, environ: "Mapping[str, str]") -> None:
    """Note how `unit` has ended, as systemd tells it (systemd.exec(5), $SERVICE_RESULT)."""
    failures, fault = _noted(bond, unit)
    if environ.get("SERVICE_RESULT", "success") != "success":
        _note(bond, unit, min(failures + 1, ENOUGH), fault)
    elif failures or fault:
        os.unlink(_path(bond, unit))


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
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(f"{failures} {fault}")
    except OSError:
        pass
