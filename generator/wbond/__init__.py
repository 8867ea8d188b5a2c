# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond's configuration and plan: text -> Config -> Plan -> disk.

Standard library only, and little of it: this package runs in systemd's
generator, where start-up time is boot time. `typing`, `re`, `collections` and
`configparser` each cost more than the whole generator and stay out.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ConfigError(ValueError):
    """Something that a configuration may not say: a code, and what its sentence needs.

    The codes and their sentences are in wbond.messages. Defined here because
    every module knows this one already: a module of its own costs 0.15 ms at boot.
    """

    def __init__(self, code: str, **arguments: "Any") -> None:
        super().__init__(code)
        self.code, self.arguments = code, arguments
