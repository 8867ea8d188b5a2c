# SPDX-License-Identifier: LGPL-2.1-or-later
"""Packages of the distribution's, which `python3 -S` does not find: systemd-python, pyudev."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

_VERSION = f"python{sys.version_info[0]}.{sys.version_info[1]}"
# Debian's; with what is compiled and without, of every other.
_FOLDERS = (
    f"{sys.prefix}/lib/python3/dist-packages",
    f"{sys.prefix}/{sys.platlibdir}/{_VERSION}/site-packages",
    f"{sys.prefix}/lib/{_VERSION}/site-packages",
)


def load(name: str) -> "ModuleType":
    """Import a module by its full name. Raises ImportError where it is not installed.

    The module site would find all of them, and what pip has installed below /usr/local. It takes
    0.6 MB and half as long as Python's own start, so it is asked last.
    """
    sys.path += [folder for folder in _FOLDERS if folder not in sys.path]
    try:
        __import__(name)
    except ImportError:
        if "site" in sys.modules:
            raise
        import site

        site.main()
        __import__(name)
    return sys.modules[name]
