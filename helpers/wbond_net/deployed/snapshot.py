# SPDX-License-Identifier: LGPL-2.1-or-later
"""Snapshots of the configuration's files: what `wbond apply` can go back to.

`wbond-bond up` saves one when a bond starts, `wbond apply` when a change is
confirmed. A snapshot has the layout of the root directory, so that the modules
that read /etc/wbond.conf read it.
"""

import os

from wbond import ini, units

from wbond_net.kernel import sysfs
from wbond_net.kernel.journal import say

FOLDER = "run/wbond-apply"  # not below /run/wbond, where each folder is a bond's
APPLIED, ATTEMPTED = "applied", "attempted"  # names of snapshots
HOSTNAME = "etc/hostname"  # decides which `option[host]` holds; read, never restored
ROOT = "/"
_NULL = "/dev/null"
_GENERATION = 30.0  # s; the generator takes less from its first look at the files to its last unit


class File:
    """A file: its bytes, None for a link to /dev/null, which masks; mode and owner."""

    __slots__ = ("data", "group", "mode", "owner")

    def __init__(self, data: bytes | None, mode: int, owner: int, group: int) -> None:
        self.data, self.mode, self.owner, self.group = data, mode, owner, group


def folder(root: str, name: str = "") -> str:
    """Return the folder of a snapshot; without a name, the one that holds all."""
    return os.path.join(root, FOLDER, name)


def exists(root: str, name: str) -> bool:
    """Tell whether there is such a snapshot; it may hold no file."""
    return os.path.isdir(folder(root, name))


def is_unreadable(root: str) -> bool:
    """Tell whether there are snapshots that this user may not read."""
    return os.path.isdir(folder(root)) and not os.access(folder(root), os.X_OK)


def read_files(root: str) -> dict[str, File]:
    """Return the files that the generator reads below `root`, without those that it cannot."""
    files = {name: read_file(os.path.join(root, name)) for name in (*ini.files(root), HOSTNAME)}
    return {name: file for name, file in files.items() if file}


def read_file(path: str) -> File | None:
    """Return a file; None where there is none that the generator would read."""
    try:
        data = None if is_mask(path) else ini.content(path)
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return File(data, status.st_mode & 0o7777, status.st_uid, status.st_gid)


def contents(files: dict[str, File]) -> dict[str, bytes | None]:
    """Return what counts where two configurations are compared."""
    return {name: file.data for name, file in files.items()}


def is_mask(path: str) -> bool:
    """Tell whether a path is a link that masks a file of its name (systemd.unit(5))."""
    return os.path.islink(path) and os.readlink(path) == _NULL


def save(root: str, name: str, files: dict[str, File]) -> None:
    """Save files as the snapshot of that name, in place of a former one. Raises OSError.

    For root alone: what a file hides from others, its copy hides too.
    """
    os.makedirs(folder(root), mode=0o700, exist_ok=True)
    new = f"{folder(root, name)}.{os.getpid()}"
    os.mkdir(new, 0o700)
    for path, file in files.items():
        write_file(os.path.join(new, path), file)
    if exists(root, name):
        delete(root, name)
    os.rename(new, folder(root, name))


def delete(root: str, name: str) -> None:
    """Remove a snapshot."""
    # shutil: 4 ms, which a boot does without: it has nothing to remove.
    import shutil

    shutil.rmtree(folder(root, name), ignore_errors=True)


def confirm(root: str) -> None:
    """Make the attempted configuration the applied one. Raises OSError."""
    delete(root, APPLIED)
    os.rename(folder(root, ATTEMPTED), folder(root, APPLIED))


def write_file(path: str, file: File) -> None:
    """Write a file, whole or not at all, or the link that masks one. Raises OSError."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = f"{path}.wbond-new"  # not *.conf: the generator does not read it
    if os.path.lexists(temporary):
        os.unlink(temporary)
    if file.data is None:
        os.symlink(_NULL, temporary)
    else:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as stream:
            stream.write(file.data)
            if os.geteuid() == 0:
                os.fchown(fd, file.owner, file.group)
            os.fchmod(fd, file.mode)
    os.replace(temporary, path)


def save_applied(bond: str, root: str = "") -> None:
    """Save the present files, which `bond` has just been made by; never fails.

    Not while an attempt waits to be confirmed; nor where another bond is up, which
    may be as an earlier file said; nor where the units are not as these files say:
    edited, and systemd not reloaded.
    """
    root = root or ROOT
    try:
        _save_applied(bond, root)
    except Exception as error:  # the bond is up, whatever is wrong with the snapshot
        reason = f"{type(error).__name__}: {error}"
        say(f"{folder(root)}: {reason}; wbond apply will not be able to go back")


def _save_applied(bond: str, root: str) -> None:
    if exists(root, ATTEMPTED) or (exists(root, APPLIED) and _other_bonds(bond, root)):
        return
    files = read_files(root)
    if _is_older_than_units(root, list(files)) or _makes_the_units(root):
        save(root, APPLIED, files)


def _is_older_than_units(root: str, names: list[str]) -> bool:
    """Tell whether these files, and the list of them, have not changed since the generator's run.

    At boot they are older than that. A change is any that sets the time of the inode (stat(2)): of
    the text, the owner, or the name.
    """
    folders = [f"{top}/wbond.conf.d" for top in ini.DROP_IN_DIRECTORIES]
    # /etc itself changes at each boot, so the file must be there.
    if ini.CONFIGURATION not in names:
        return False
    try:
        made = os.stat(os.path.join(root, units.GENERATED)).st_mtime
        paths = [os.path.join(root, name) for name in (*names, *folders)]
        present = [path for path in paths if os.path.lexists(path)]
        changed = [look(path).st_ctime for path in present for look in (os.stat, os.lstat)]
    except OSError:
        return False
    return max(changed) < made - _GENERATION


def _makes_the_units(root: str) -> bool:
    """Tell whether the generator would write the units that are there."""
    # The generator's modules and typing: longer than all the rest of wbond-bond.
    from wbond_net.deployed import unit_tree

    return unit_tree.render_root(root)[1] == unit_tree.read_generated(root)


def _other_bonds(bond: str, root: str) -> list[str]:
    return [name for name in running_bonds(root) if name != bond]


def running_bonds(root: str = "/") -> list[str]:
    """Return the bonds that wbond has made and that are there; their units make a folder each."""
    try:
        names = sorted(os.listdir(os.path.join(root, "run/wbond")))
    except OSError:
        return []
    return [name for name in names if sysfs.is_bond(name)]
