# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that are asked for what only they know, and how they answered."""

import subprocess
from collections.abc import Callable
from typing import NamedTuple

MISSING = 127  # the shell's exit status for a program that is not there


class Answer(NamedTuple):
    """A program's exit status, output and complaints; undecodable bytes are surrogates."""

    code: int
    out: str = ""
    err: str = ""


Ask = Callable[..., Answer]


def ask(*words: str) -> Answer:
    """Run a program to its end, without a shell.

    The folders of root's programs are tried too: Debian gives an ordinary user
    a PATH without them.
    """
    for program in (words[0], f"/usr/sbin/{words[0]}", f"/sbin/{words[0]}"):
        try:
            done = subprocess.run(
                (program, *words[1:]), stdin=subprocess.DEVNULL, capture_output=True, check=False
            )
        except FileNotFoundError:
            continue
        except OSError as error:
            return Answer(MISSING, err=f"{words[0]}: {error.strerror}")
        return Answer(done.returncode, _text(done.stdout), _text(done.stderr))
    return Answer(MISSING, err=f"{words[0]} is not installed")


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")
