# SPDX-License-Identifier: LGPL-2.1-or-later
"""Passphrases: asked for and never shown, and the key that is computed from one."""

import getpass
import hashlib
import sys

_ITERATIONS, _KEY_SIZE = 4096, 32  # IEEE 802.11-2020, J.4.1; bytes
_SHORTEST, _LONGEST = 8, 63  # bytes of a passphrase, J.4.1


class PasswordError(ValueError):
    """A name or a passphrase that cannot be; the text says why, without the passphrase."""


def ask(prompt: str) -> bytes:
    """Return what is typed on the terminal, not shown; without one, a line of standard input.

    Raises PasswordError if there is none.
    """
    if not sys.stdin.isatty():
        return read_line()
    try:
        text = getpass.getpass(f"{prompt}: ")
    except EOFError:
        raise PasswordError("no passphrase was given") from None
    return text.encode("utf-8", "surrogateescape")


def read_line() -> bytes:
    """Return a line of standard input. Raises PasswordError if there is none."""
    line = sys.stdin.buffer.readline()
    if not line:
        raise PasswordError("standard input has no passphrase")
    return line.rstrip(b"\r\n")


def check(passphrase: bytes) -> None:
    """Raise PasswordError for what is neither a passphrase nor a key."""
    if is_key(passphrase):
        return
    if not _SHORTEST <= len(passphrase) <= _LONGEST:
        raise PasswordError(
            f"a passphrase has {_SHORTEST} to {_LONGEST} characters, or is a key of "
            f"{2 * _KEY_SIZE} hexadecimal digits; this one has {len(passphrase)}"
        )
    check_characters(passphrase)


def check_characters(secret: bytes) -> None:
    """Raise PasswordError for control characters, which a terminal has put there by mistake."""
    if any(octet < 0x20 or octet == 0x7F for octet in secret):
        raise PasswordError("a passphrase has no control characters; this one has")


def is_key(text: bytes) -> bool:
    """Tell whether a text is not a passphrase but the key itself, 64 hexadecimal digits."""
    return len(text) == 2 * _KEY_SIZE and all(octet in b"0123456789abcdefABCDEF" for octet in text)


def key(passphrase: bytes, ssid: bytes) -> str:
    """Return the key as 64 hexadecimal digits, which a passphrase of 64 already is.

    Raises PasswordError for what is no passphrase.
    """
    check(passphrase)
    if is_key(passphrase):
        return passphrase.decode("ascii").lower()
    return hashlib.pbkdf2_hmac("sha1", passphrase, ssid, _ITERATIONS, _KEY_SIZE).hex()
