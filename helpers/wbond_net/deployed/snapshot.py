# SPDX-License-Identifier: LGPL-2.1-or-later
"""The configuration that was made real, kept as files: what `wbond apply` can go back to.

`wbond-bond up` keeps it when a bond starts, `wbond apply` when a change is
confirmed. A copy has the layout of the root directory, so that it is read by
the modules that read /etc/wbond.conf.
"""

import os
from typing import NamedTuple

from wbond import ini

from wbond_net.kernel import sysfs
from wbond_net.kernel.journal import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wbond.config import Config

FOLDER = "run/wbond-apply"  # not below /run/wbond, where each folder is a bond's
APPLIED, ATTEMPTED = "applied", "attempted"
HOSTNAME = "etc/hostname"  # decides which `option[host]` holds; read, never restored
ROOT = "/"
_NULL = "/dev/null"


class Content(NamedTuple):
    """A file: its bytes, None for a link to /dev/null, which masks; mode and owner."""

    octets: bytes | None
    mode: int
    owner: int
    group: int


def folder(root: str, which: str = "") -> str:
    """Return the place of a copy; of the folder that holds all, if none is named."""
    return os.path.join(root, FOLDER, which)


def kept(root: str, which: str) -> bool:
    """Tell whether there is such a copy; one of no files is one too."""
    return os.path.isdir(folder(root, which))


def hidden(root: str) -> bool:
    """Tell whether there are copies that this user may not look at."""
    return os.path.isdir(folder(root)) and not os.access(folder(root), os.X_OK)


def in_force(root: str) -> "Config | None":
    """Return the configuration in force; None where nobody has kept it, or it is hidden.

    Where there is no bond and no unit, there is none, and that is known.
    """
    from wbond.config import Config

    from wbond_net.deployed import unit_tree

    if kept(root, APPLIED):
        return unit_tree.configuration(folder(root, APPLIED))
    if unit_tree.present(root) or running(root):
        return None
    return Config([])


def read(root: str) -> dict[str, Content]:
    """Return the files that the generator reads below `root`; those it cannot read are left out."""
    found = {name: look(os.path.join(root, name)) for name in (*ini.files(root), HOSTNAME)}
    return {name: content for name, content in found.items() if content}


def look(path: str) -> Content | None:
    """Return a file; None where there is none that the generator would read."""
    try:
        octets = None if masks(path) else ini.content(path)
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return Content(octets, status.st_mode & 0o7777, status.st_uid, status.st_gid)


def octets(files: dict[str, Content]) -> dict[str, bytes | None]:
    """Return what counts where two configurations are compared."""
    return {name: content.octets for name, content in files.items()}


def masks(path: str) -> bool:
    """Tell a link that masks a file of its name (systemd.unit(5))."""
    return os.path.islink(path) and os.readlink(path) == _NULL


def keep(root: str, which: str, files: dict[str, Content]) -> None:
    """Make a copy, in place of the former one of that name. Raises OSError.

    For root alone: what a file hides from others, its copy hides too.
    """
    os.makedirs(folder(root), mode=0o700, exist_ok=True)
    new = f"{folder(root, which)}.{os.getpid()}"
    os.mkdir(new, 0o700)
    for name, content in files.items():
        write(os.path.join(new, name), content)
    if kept(root, which):
        forget(root, which)
    os.rename(new, folder(root, which))


def forget(root: str, which: str) -> None:
    """Remove a copy."""
    import shutil  # not when a bond starts for the first time, at boot

    shutil.rmtree(folder(root, which), ignore_errors=True)


def confirm(root: str) -> None:
    """Take the attempted configuration for the one that was made real. Raises OSError."""
    forget(root, APPLIED)
    os.rename(folder(root, ATTEMPTED), folder(root, APPLIED))


def write(path: str, content: Content) -> None:
    """Write a file, whole or not at all, or the link that masks one. Raises OSError."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = f"{path}.wbond-new"  # not *.conf: the generator does not read it
    if os.path.lexists(temporary):
        os.unlink(temporary)
    if content.octets is None:
        os.symlink(_NULL, temporary)
    else:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(content.octets)
            if os.geteuid() == 0:
                os.fchown(fd, content.owner, content.group)
            os.fchmod(fd, content.mode)
    os.replace(temporary, path)


def note(bond: str, root: str = "") -> None:
    """Keep the present files, as `bond` has just been made by them; never a failure.

    Not while an attempt waits to be confirmed; nor where another bond is up, which
    may be as an earlier file said; nor where the units are not as these files say:
    edited, and systemd not reloaded.
    """
    root = root or ROOT
    try:
        _note(bond, root)
    except Exception as fault:  # the bond is up, whatever is wrong with the copy
        words = f"{type(fault).__name__}: {fault}"
        say(f"{folder(root)}: {words}; wbond apply will not be able to go back")


def _note(bond: str, root: str) -> None:
    from wbond_net.deployed import unit_tree  # with all that it imports, some milliseconds

    if kept(root, ATTEMPTED) or (kept(root, APPLIED) and _others(bond, root)):
        return
    files = read(root)
    if unit_tree.planned(root)[1] == unit_tree.present(root):
        keep(root, APPLIED, files)


def _others(bond: str, root: str) -> list[str]:
    """Return the other bonds of wbond's that are up."""
    return [name for name in running(root) if name != bond]


def running(root: str = "/") -> list[str]:
    """Return the bonds of wbond's that are there: their units have made a folder for each."""
    try:
        names = sorted(os.listdir(os.path.join(root, "run/wbond")))
    except OSError:
        return []
    return [name for name in names if sysfs.is_bond(name)]
