# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mutants: texts with some changes, as the fuzzer gives them to what reads them."""

import random

from wbond import config

TOKENS = [
    *(b"[bond0]", b"[bond0/dock]", b"[DEFAULT]", b"[b:bond0]", b"[", b"]", b":", b"=", b"#", b";"),
    *(b"\t", b"\n", b"\r", b"\r\n", b"\x00", b"\x0b", b"\x0c", b"\x1c", b"\x1e", b"\x7f", b" "),
    *("\x85\u2028\u2029\ufeff\ufffe\xa0٥ß".encode(), b"\xff\xfe", b"\xed\xa0\x80"),
    *(b"\xf4\x90\x80\x80", b"%n", b"%", b"$X", b"${BOND}", b'"', b"'", b"\\", b"\\n"),
    *(b"\\x2d", b"/../", b"//", b"-", b"@"),
    *(b"*", b"?", b"[!a]", b"[[:alpha:]]", b"a" * 300, b"9" * 5000, b"-1", b"0", b"1e9", b"0x10"),
    *(name.encode() for name in (*config.BOND_SETTINGS, *config.BOND_LISTS)),
    *(name.encode() for name in (*config.PORT_SETTINGS, *config.PORT_LISTS)),
    *(b"yes", b"none", b"auto", b"stable", b"active", b"enp0s10", b"wl*", b"02:00:00:00:00:01"),
    *(b"192.0.2.7/24", b"192.0.2.1", b"2001:db8::7/64", b"fe80::1", b"::ffff:192.0.2.7/120"),
    *(b"0.0.0.0/0", b"::/0", b"/", b"/24", b"fe80::1%bond0"),
]


class Finding(Exception):
    """What a reader has done that it should not."""


def mutated(seed: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Return a text with some changes: bytes, tokens, lines, and parts of other texts."""
    text = bytearray(seed)
    for _ in range(chance.choice((1, 1, 2, 3, 5, 10))):
        at = chance.randint(0, len(text))
        end = min(len(text), at + chance.choice((0, 1, 1, 2, 8, 40)))
        kind = chance.randrange(7)
        if kind == 0:
            text[at:end] = chance.choice(TOKENS)
        elif kind == 1:
            text[at:at] = chance.choice(TOKENS)
        elif kind == 2:
            text[at:end] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 4)))
        elif kind == 3:
            del text[at:end]
        else:
            lines = bytes(text).split(b"\n")
            line = chance.randrange(len(lines))
            if kind == 4:
                lines.insert(chance.randint(0, len(lines)), lines[line])
            elif kind == 5:
                lines[line] = chance.choice(chance.choice(others).split(b"\n"))
            else:
                other = chance.choice(others)
                lines[line:line] = other[: chance.randint(0, len(other))].split(b"\n")
            text = bytearray(b"\n".join(lines))
    return bytes(text)
