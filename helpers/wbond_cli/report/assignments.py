# SPDX-License-Identifier: LGPL-2.1-or-later
"""Finds secrets in any text by the names that they are assigned to.

What follows such a name is taken to the end of its line: nobody can tell where a password ends.
"""

import os
import re

from wbond_cli.report.redaction import Redaction

SECRET, IDENTITY = "secret", "identity"
# Behind a part of a name, so many signs more at most: a search takes a time that grows with the
# text, not with its square.
_NAME = (
    r"(?:(?:psk|pass[-_]?w(?:or)?d|pass[-_]?phrase|passcode|secret|token|preshared[-_]?key|api[-_]?key"
    r"|wep[-_]?key|wireless-key|credential|keyinfo|authorization)[\w.-]{0,40}"
    r"|(?<![\w-])privatekey|(?<![A-Za-z])pin\d?(?:-value)?|(?<![A-Za-z])pass|(?<![A-Za-z])otp"
    r"|identity|user[-_]?name|(?<![\w-])login)"
)
_QUOTED = r'"(?:[^"\\\n]|\\.)*"'
_REST = r"[^\n]*(?:(?<=\\)\n[^\n]*)*"  # a backslash goes on in the next line
_ASSIGNED = re.compile(
    rf"(?P<name>{_NAME})(?:(?P<json>\"[ \t]*:[ \t]*)(?P<string>{_QUOTED})"
    rf"|(?P<sign>[\"']?(?:[ \t]*(?:=>?|:)[ \t]*|[ \t]+is[ \t]+))(?P<value>{_REST}))",
    re.IGNORECASE,
)
# `wpa_cli set_network 0 psk "…"`, `wpa_passphrase SSID …`, `nmcli … password …`, `--token …`.
_CALLED = re.compile(
    rf"(?P<name>(?:wpa_cli|set_network|set_cred|nmcli)\b[^\n]{{0,200}}?\b{_NAME}|wpa_passphrase"
    rf"|(?<![\w-])--?{_NAME}|\bconnect\b[^\n]{{0,200}}\bkeys?)(?P<sign>[ \t]+(?:\d+[ \t]+)?)"
    rf"(?P<value>{_REST})",
    re.IGNORECASE,
)
# Directives of ifupdown, dhclient and dhcpcd, and comments: a name, a blank, and what it is given.
_DIRECTIVE = re.compile(
    rf"^(?P<name>[ \t]*(?:[\w-]{{1,20}}-)?{_NAME}|[ \t]*[#;][^\n]*?{_NAME})"
    rf"(?P<sign>[ \t]+(?=[^\s=:]))(?P<value>{_REST})",
    re.IGNORECASE | re.MULTILINE,
)
_LOGIN = re.compile(r"(?<=://)(?P<value>[^\s/@]+)(?=@)")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?P<value>.*?)(?=-----END|\Z)", re.DOTALL
)


def hide(text: str, redaction: Redaction, is_configuration: bool = False) -> str:
    """Return a printable text without what is assigned to names of secrets.

    In a configuration, whose lines are meant so, it is also hidden everywhere else.
    """
    hiding = _Hiding(redaction, is_configuration)
    text = _PRIVATE_KEY.sub(hiding.whole, text)
    text = _LOGIN.sub(hiding.whole, text)
    text = _ASSIGNED.sub(hiding.assigned, text)
    text = _CALLED.sub(hiding.called, text)
    return _DIRECTIVE.sub(hiding.assigned, text) if is_configuration else text


class _Hiding:
    """What stands in place of a match of each pattern."""

    def __init__(self, redaction: Redaction, is_configuration: bool) -> None:
        self._redaction, self._is_configuration = redaction, is_configuration

    def whole(self, found: re.Match[str]) -> str:
        value = found["value"]
        if not value.strip() or self._redaction.is_sign(value):
            return found[0]
        if self._is_configuration:
            for part in (*value.split(), *value.split(":")[1:]):
                self._redaction.add(SECRET, part)
        return found[0].replace(value, self._redaction.sign(SECRET, value), 1)

    def assigned(self, found: re.Match[str]) -> str:
        groups = found.groupdict()
        value = groups.get("string") or found["value"] or ""
        sign = groups.get("json") or found["sign"]
        return f"{found['name']}{sign}{self._hidden(found['name'], value)}"

    def called(self, found: re.Match[str]) -> str:
        value = found["value"]
        if self._is_configuration and value.strip() and not self._redaction.is_sign(value):
            self._redaction.add(SECRET, value.split()[0].strip("\"'"))
        return self.assigned(found)

    def _hidden(self, name: str, value: str) -> str:
        kind = kind_of(name)
        if not kind or not value.strip() or self._redaction.is_sign(value):
            return value
        if self._is_configuration:
            register(self._redaction, kind, value)
        return self._redaction.sign(kind, unquoted(value))


def kind_of(name: str) -> str:
    """Return what is assigned to a name; nothing for a number such as psk-flags."""
    if name.lower().endswith("flags"):
        return ""
    words = re.split(r"[\s.]", name.lower())
    return IDENTITY if re.search(r"identity|user[-_]?name|login", words[-1]) else SECRET


def unquoted(value: str) -> str:
    """Return a value without the quotes and blanks around it."""
    value = value.strip()
    if value[:1] in ("'", '"') and value.rfind(value[0]) > 0:
        return value[1 : value.rfind(value[0])]
    return value.rstrip(";,")


def register(redaction: Redaction, kind: str, value: str) -> None:
    """Have a value replaced everywhere: with its quotes off, and as what its quotes, escapes or
    digits stand for.
    """
    value = value.strip()
    plain = unquoted(value[1:] if value.startswith('P"') else value)
    redaction.add(kind, plain, *meanings(value, plain))


def meanings(value: str, plain: str) -> list[str]:
    """Return what a value says if it is read in other ways."""
    found = [plain.partition(":")[2]] if plain.startswith(("hash:", "s:")) else []
    if '"' in plain or "'" in plain:  # Environment="PSK=…" "…": another program's quotes
        found += [plain.rstrip("\"'"), *re.split("[\"']", plain)[:1]]
    found += [re.sub(r"\\(.)", r"\1", text).replace("%%", "%") for text in (plain, *found)]
    octets = b""
    if value.startswith('P"'):
        octets = re.sub(rb"\\x([0-9a-fA-F]{2})", octet, os.fsencode(plain))
    elif re.fullmatch(r"(?:[0-9a-fA-F]{2}){3,}", plain):
        octets = bytes.fromhex(plain)
    elif re.fullmatch(r"(?:\d{1,3};)+", value):  # a list of bytes, in NetworkManager's files
        octets = bytes(min(int(number), 255) for number in value.split(";")[:-1])
    return [*found, os.fsdecode(octets)] if octets else found


def octet(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode())
