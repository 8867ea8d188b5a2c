# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine as its files show it: programs, units that are enabled, modules, adapters.

Nothing is asked of systemd or of a running service, so that a folder, a
mounted disk for one, can be looked at as well as the machine that runs.
"""

import os
import stat
import sys
from collections.abc import Iterator

from wbond import ini
from wbond import main as generator
from wbond_net import regular_file

# Where systemd looks for programs that units name without a path (systemd.exec(5)).
PROGRAM_PATH = ("usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "sbin", "bin")
# Links that `systemctl enable` makes stand in the first; the second can hold them as well, and
# generators make some, netplan's for systemd-networkd.
_ENABLED = ("etc/systemd/system", "run/systemd/system", "run/systemd/generator")
_PYTHON = ("usr/lib", "usr/local/lib")
_LONGEST = 1 << 24  # bytes; a distribution's modules.dep has below one million
_LINKS_MAX = 40  # links one behind the other, as the kernel allows (path_resolution(7))


class Machine:
    """Files below a root directory, by paths relative to it."""

    def __init__(self, root: str = "/") -> None:
        self.root = root

    @property
    def running(self) -> bool:
        """Tell whether it is the machine that this process runs on."""
        return os.path.realpath(self.root) == "/"

    def real(self, path: str) -> str:
        """Return the true path of what a name leads to; links are read as below the root."""
        found = os.path.join(self.root, path.lstrip("/"))
        for _ in range(_LINKS_MAX):
            if not os.path.islink(found):
                break
            target = os.readlink(found)
            if target.startswith("/"):
                found = os.path.join(self.root, target.lstrip("/"))
            else:
                found = os.path.join(os.path.dirname(found), target)
        return found

    def read(self, path: str, errors: str = "replace") -> str:
        """Return a file's text; nothing where there is none or it may not be read.

        `errors` is how to decode what is not UTF-8.
        """
        try:
            return ini.content(self.real(path)).decode("utf-8", errors)
        except (OSError, ValueError):
            return ""

    def attribute(self, path: str) -> str:
        """Return a file's text whatever size it says that it has, without blanks around it.

        Those of sysfs say a page; modules.dep is larger than any configuration.
        """
        try:
            octets = regular_file.read(self.real(path), _LONGEST)
        except OSError:
            return ""
        return octets.decode("utf-8", "replace").strip()

    def exists(self, path: str) -> bool:
        """Tell whether a name leads to something."""
        return os.path.exists(self.real(path))

    def status(self, path: str) -> os.stat_result | None:
        """Return stat(2)'s answer, None where there is nothing. Raises PermissionError."""
        try:
            return os.stat(self.real(path))
        except PermissionError:
            raise
        except OSError:
            return None

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, sorted; none where there is no such folder."""
        try:
            return sorted(os.listdir(self.real(folder)))
        except OSError:
            return []

    def which(self, program: str) -> str:
        """Return a program's path, nothing where there is none."""
        for folder in PROGRAM_PATH:
            path = self.real(f"{folder}/{program}")
            if os.path.isfile(path) and os.stat(path).st_mode & stat.S_IXUSR:
                return f"/{folder}/{program}"
        return ""

    def has_python_module(self, name: str) -> bool:
        """Tell whether the interpreter that runs the helpers finds a module."""
        from importlib.machinery import PathFinder

        return PathFinder.find_spec(name, self._python_path()) is not None

    def _python_path(self) -> list[str]:
        if self.running:
            return sys.path
        return [
            os.path.join(self.root, base, version, kind)
            for base in _PYTHON
            for version in self.names(base)
            if version.startswith("python3")
            for kind in ("dist-packages", "site-packages")
        ]

    def unit(self, name: str) -> str:
        """Return the path by which systemd takes a unit, nothing without one or if it is masked."""
        path = self.unit_file(name)
        return "" if path and self.masks(path) else path

    def unit_file(self, name: str) -> str:
        """Return the path of the file that counts for a unit, also one that masks it."""
        for folder in generator.UNIT_PATH:
            path = f"{folder}/{name}"
            if os.path.lexists(os.path.join(self.root, path)):
                return path
        return ""

    def masks(self, path: str) -> bool:
        """Tell whether systemd and udev pass a file over: it is empty, or a link to /dev/null."""
        found = os.path.join(self.root, path)
        if os.path.islink(found) and os.readlink(found) == "/dev/null":
            return True
        return os.path.isfile(found) and os.stat(found).st_size == 0

    def enabled(self) -> Iterator[str]:
        """Yield the units that are started with the machine: wanted by one, and not masked."""
        for folder in _ENABLED:
            for wanting in self.names(folder):
                if not wanting.endswith((".wants", ".requires")):
                    continue
                for unit in self.names(f"{folder}/{wanting}"):
                    if not any(self.masks(f"{place}/{unit}") for place in _ENABLED):
                        yield unit

    def systemd_version(self) -> int:
        """Return systemd's version by the name of its library, 0 where that is not found."""
        bases = ["usr/lib/systemd", "lib/systemd"]
        bases += [f"usr/lib/{triple}/systemd" for triple in self.names("usr/lib") if "-" in triple]
        for base in bases:
            for name in self.names(base):
                number = name.removeprefix("libsystemd-shared-").partition(".")[0]
                if number != name and number.partition("-")[0].isdecimal():
                    return int(number.partition("-")[0])
        return 0

    def kernels(self) -> list[str]:
        """Return the kernel's release; all that are installed where the machine does not run."""
        return [os.uname().release] if self.running else self.names("lib/modules")

    def distribution(self) -> list[str]:
        """Return the distribution's ID and those that it is like (os-release(5))."""
        words = []
        for line in (self.read("etc/os-release") or self.read("usr/lib/os-release")).splitlines():
            name, _, value = line.partition("=")
            if name in ("ID", "ID_LIKE"):
                words += value.strip("\"'").split()
        return words
