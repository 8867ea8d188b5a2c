# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plan -> disk: the one place that writes."""

import os

from wbond.plan import File, Link


def emit(directory: str, plan: "tuple[File | Link, ...]") -> list[str]:
    """Write the plan below `directory`; return what could not be written, a line each.

    Nothing is overwritten and no link is followed: systemd hands over empty
    directories, and two items of one name would be an error of the plan.
    """
    try:
        os.makedirs(directory, exist_ok=True)
        top = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        return [f"{directory}: {error.strerror}"]
    failures: list[str] = []
    made = {""}
    for item in plan:
        folder = item.path.rpartition("/")[0]
        try:
            if folder not in made:
                made.add(folder)
                os.mkdir(folder, 0o755, dir_fd=top)
            if isinstance(item, Link):
                os.symlink(item.target, item.path, dir_fd=top)
            else:
                _write(item.path, item.text, top)
        except (OSError, ValueError) as error:  # a ValueError: text that no file can hold
            reason = error.strerror if isinstance(error, OSError) else str(error)
            failures.append(f"{directory}/{item.path}: {reason}")
    os.close(top)
    return failures


_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def _write(path: str, text: str, top: int) -> None:
    """Write a file, whole or not at all: systemd takes an empty unit file for a masked unit."""
    content = text.encode("utf-8", "surrogateescape")
    fd = os.open(path, _NEW, 0o644, dir_fd=top)
    try:
        while content:
            content = content[os.write(fd, content) :]
    except OSError:
        os.unlink(path, dir_fd=top)
        raise
    finally:
        os.close(fd)
