# SPDX-License-Identifier: LGPL-2.1-or-later
"""What all sinks have in common: a failure, and where programs are."""

import os

PROGRAM_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


class Unpublished(Exception):
    """Names could not be published; the text says why, and what to do."""


class Unreachable(Unpublished):
    """The program that takes them did not: it may do so later."""


def program(name: str) -> str:
    """Return the path of a program, nothing where it is not installed."""
    paths = (os.path.join(folder, name) for folder in PROGRAM_PATH)
    return next((path for path in paths if os.access(path, os.X_OK)), "")
