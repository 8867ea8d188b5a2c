# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every quoting rule in one place: unit names, unit-file values, lines of a log; and globs.

Interface names and configured strings are hostile input; what leaves this
module is safe at the place that the function names.
"""

import os

# systemd's VALID_CHARS (src/basic/unit-name.c) without '-' and '\\', which
# unit_name_escape() always escapes.
_KEPT = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ:_."


class _Escapes(dict[int, str]):
    """What each byte becomes; filled as it is asked for, which is for a dozen at boot."""

    def __missing__(self, octet: int) -> str:
        kept = octet in _KEPT
        escaped = self[octet] = chr(octet) if kept else f"\\x{octet:02x}"
        return escaped


_ESCAPED = _Escapes({0x2F: "-"})
_QUOTED = frozenset("\"'\\ \t")


def unit_instance(text: str) -> str:
    """Escape `text` for use in a unit name, as systemd-escape(1) does.

    In: any string (undecodable bytes as surrogates). Out: ASCII. Source:
    unit_name_escape(), src/basic/unit-name.c.
    """
    if text.isascii() and text.isalnum():  # as nearly all are; nothing of them is escaped
        return text
    escaped = "".join(map(_ESCAPED.__getitem__, text.encode("utf-8", "surrogateescape")))
    return f"\\x2e{escaped[1:]}" if escaped[:1] == "." else escaped


def instance_text(escaped: str) -> str:
    """Return the text that `unit_instance` has escaped, as systemd-escape(1) --unescape does.

    Nothing for what is no such text: names in systemd's directories may be anybody's.
    """
    kept, *octets = os.fsencode(escaped.replace("-", "/")).split(b"\\x")
    try:
        return os.fsdecode(kept + b"".join(bytes.fromhex(o[:2].decode()) + o[2:] for o in octets))
    except ValueError:
        return ""


def specifiers(text: str) -> str:
    """Double `%`, which systemd would expand (systemd.unit(5), "Specifiers")."""
    return text.replace("%", "%%")


def description(text: str) -> str:
    """Make `text` fit for a `Description=`, which knows no quotes: a backslash at its end
    would take in the next line (systemd.syntax(7)).
    """
    return unit_instance(text) if "\\" in text else specifiers(text)


def environment(name: str, value: str) -> str:
    """Return one `Environment=` line that sets `name` to exactly `value`.

    Raises ValueError for a control character: no line may be broken out of.
    Source: systemd.exec(5), Environment=; systemd.syntax(7), "Quoting".
    """
    if not value.isprintable() and any(ord(c) < 0x20 or ord(c) == 0x7F for c in value):
        raise ValueError(f"control character in {name}")
    assignment = f"{name}={specifiers(value)}"
    quoted = assignment.replace("\\", "\\\\").replace('"', '\\"')
    return f"Environment={quoted}" if _plain(assignment) else f'Environment="{quoted}"'


def _plain(text: str) -> bool:
    """Tell whether `text` needs no quotes in a unit file."""
    return _QUOTED.isdisjoint(text)


def is_glob(text: str) -> bool:
    """Tell a glob from a literal name."""
    return "*" in text or "?" in text or "[" in text


def fits(text: str, glob: str) -> bool:
    """Tell whether a glob fits a text as fnmatch(3) does, case included."""
    start = glob.removesuffix("*")
    if not is_glob(start):
        return text.startswith(start) if glob != start else text == glob
    # re, which fnmatch needs: 10 ms, which names, `en*` and its like do without.
    from fnmatch import fnmatchcase

    return fnmatchcase(text, glob)


def printable(text: str) -> str:
    """Make `text` fit for one line of a log: control and undecodable characters are shown."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
