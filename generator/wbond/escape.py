# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every quoting rule in one place: unit names, unit-file values, fnmatch patterns.

Interface names and configured strings are hostile input; what leaves this
module is safe at the place that the function names.
"""

import os

# systemd's VALID_CHARS (src/basic/unit-name.c) without '-' and '\', which
# unit_name_escape() always escapes.
_KEPT = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:_.")


def unit_instance(text: str) -> str:
    """Escape `text` for use in a unit name, as systemd-escape(1) does.

    In: any string (undecodable bytes as surrogates). Out: ASCII. Source:
    unit_name_escape(), src/basic/unit-name.c.
    """
    octets = os.fsencode(text)
    return "".join(_escaped(octet, first=index == 0) for index, octet in enumerate(octets))


def _escaped(octet: int, first: bool) -> str:
    if octet == 0x2F:
        return "-"
    kept = octet in _KEPT and not (first and octet == 0x2E)
    return chr(octet) if kept else f"\\x{octet:02x}"


def device_unit(interface: str) -> str:
    """Name the device unit that systemd keeps for a network interface.

    The alias is set by 99-systemd.rules: /sys/subsystem/net/devices/NAME.
    """
    return f"sys-subsystem-net-devices-{unit_instance(interface)}.device"


def specifiers(text: str) -> str:
    """Double `%`, which systemd would expand (systemd.unit(5), "Specifiers")."""
    return text.replace("%", "%%")


def environment(name: str, value: str) -> str:
    """Return one `Environment=` line that sets `name` to exactly `value`.

    Raises ValueError for a control character: no line may be broken out of.
    Source: systemd.exec(5), Environment=; systemd.syntax(7), "Quoting".
    """
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in value):
        raise ValueError(f"control character in {name}")
    assignment = f"{name}={specifiers(value)}"
    quoted = assignment.replace("\\", "\\\\").replace('"', '\\"')
    return f"Environment={quoted}" if _plain(assignment) else f'Environment="{quoted}"'


def _plain(text: str) -> bool:
    """Tell whether `text` needs no quotes in a unit file."""
    return not any(character in "\"'\\ \t" for character in text)


def glob_literal(text: str) -> str:
    """Escape `text` so that fnmatch(3) takes it literally."""
    return "".join(f"\\{character}" if character in "\\*?[" else character for character in text)


def is_glob(text: str) -> bool:
    """Tell a glob from a literal name."""
    return any(character in "*?[" for character in text)


def printable(text: str) -> str:
    """Make `text` fit for one line of a log: control and undecodable characters are shown."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
