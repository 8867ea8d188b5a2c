# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lab's clock, which stands still while a guest waits for the processor."""

import os
import subprocess
import sys
import time

from timing import withheld

SPIN = [sys.executable, "-IS", "-c", "while True: pass"]


def test_a_process_that_shares_a_processor_is_kept_waiting() -> None:
    processor = {min(os.sched_getaffinity(0))}
    with subprocess.Popen(SPIN) as one, subprocess.Popen(SPIN) as other:
        try:
            for process in (one, other):
                os.sched_setaffinity(process.pid, processor)
            began, limit = time.monotonic(), 30.0
            while withheld(one.pid) < 0.2 and time.monotonic() - began < limit:
                time.sleep(0.05)
            waited, took = withheld(one.pid), time.monotonic() - began
        finally:
            one.kill()
            other.kill()
    assert 0.2 <= waited <= took


def test_a_process_that_has_ended_waits_for_nothing() -> None:
    ended = subprocess.Popen([sys.executable, "-IS", "-c", ""])
    ended.wait()
    assert withheld(ended.pid) == 0.0
