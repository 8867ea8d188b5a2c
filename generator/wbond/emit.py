# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plan -> disk: the one place that writes."""

import os

from wbond.plan import File, Link


def emit(directory: str, plan: "tuple[File | Link, ...]") -> list[str]:
    """Write the plan below `directory`; return what could not be written, a line each.

    Nothing is overwritten and no link is followed: systemd hands over empty
    directories, and two items of one name would be a fault of the plan.
    """
    failures: list[str] = []
    for item in plan:
        path = os.path.join(directory, item.path)
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if isinstance(item, Link):
                os.symlink(item.target, path)
            else:
                _write(path, item.text)
        except OSError as fault:
            failures.append(f"{path}: {fault.strerror}")
    return failures


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        os.write(fd, text.encode("utf-8", "surrogateescape"))
    finally:
        os.close(fd)
