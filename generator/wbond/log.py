# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages of the generator: the kernel's log at boot, standard error else.

A generator may not talk to the journal (systemd.generator(7)); its standard
streams are /dev/null. systemd sets SYSTEMD_SCOPE for generators since v251.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_LINE_MAX = 900  # the kernel cuts a record at LOG_LINE_MAX, 1024 bytes less its prefix


class Log:
    """Writes whole lines to one file descriptor; a log that fails never fails the program."""

    __slots__ = ("_fd", "_kernel")

    def __init__(self, environ: "Mapping[str, str]") -> None:
        self._fd, self._kernel = 2, False
        if environ.get("SYSTEMD_SCOPE"):
            try:
                self._fd = os.open("/dev/kmsg", os.O_WRONLY | os.O_CLOEXEC | os.O_NOCTTY)
                self._kernel = True
            except OSError:
                pass

    def __call__(self, priority: int, message: str) -> None:
        """Write one message; `priority` is syslog's (3 error, 4 warning)."""
        if self._kernel:
            text = f"<{priority}>wbond-generator[{os.getpid()}]: {message}"
        else:
            text = f"wbond-generator: {message}"
        line = text.encode("utf-8", "backslashreplace")
        if self._kernel:
            line = line[:_LINE_MAX]
        try:
            os.write(self._fd, line + b"\n")
        except OSError:
            pass
