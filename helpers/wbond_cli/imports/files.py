# SPDX-License-Identifier: LGPL-2.1-or-later
"""Other programs' files, which are hostile: of a bounded size and number, and regular."""

import os
from collections.abc import Iterator

from wbond import escape
from wbond_net import regular_file

from wbond_cli.imports.record import Found, Given, Left

LONGEST = 1 << 18  # bytes of a file; what people write has some hundred
FILES_MAX = 1000  # of a folder


def text(found: Found, path: str, program: str) -> str:
    """Return a file's text, nothing where there is none; what cannot be read is noted."""
    try:
        octets = regular_file.read(found.machine.real(path), LONGEST)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except PermissionError:
        found.left.append(Left(shown(path), 0, "", "only root may read it: run it with sudo"))
        return ""
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no such file can be"
        found.left.append(Left(shown(path), 0, "", f"it cannot be read: {why}"))
        return ""
    found.files.setdefault(shown(path), program)
    return octets.decode("utf-8", "surrogateescape")


def names(found: Found, folder: str, suffix: str = "") -> Iterator[str]:
    """Yield the paths of a folder's files, sorted, hidden ones left out."""
    listed = [
        name
        for name in found.machine.names(folder)
        if name.endswith(suffix)
        and name[0] != "."
        and not os.path.isdir(found.machine.real(f"{folder}/{name}"))
    ]
    if len(listed) > FILES_MAX:
        why = f"it has {len(listed)} files; only the first {FILES_MAX} are read"
        found.left.append(Left(shown(folder), 0, "", why))
    for name in listed[:FILES_MAX]:
        yield f"{folder}/{name}"


def shown(path: str) -> str:
    """Return a path below the root as people write it."""
    return escape.printable(f"/{path.lstrip('/')}")


def sections(content: str, path: str, apart: tuple[str, ...] = ()) -> Iterator[Given]:
    """Yield what a file of systemd's or NetworkManager's syntax gives, as `section.key`.

    A line ends with a newline alone, as for GLib; blanks at the end of a value stay. Sections
    named in `apart` have a number behind their names, the line of each one's header.
    """
    section = ""
    for number, line in enumerate(content.split("\n"), 1):
        line = line.rstrip("\r").lstrip(" \t")
        if line[:1] == "[":
            section = line.strip("[] \t").lower()
            section += f"#{number}" if section in apart else ""
        elif "=" in line and line[0] not in "#;":
            key, _, value = line.partition("=")
            name = f"{section}.{key.strip().lower()}"
            yield Given(name, value.lstrip(" \t"), shown(path), number)
