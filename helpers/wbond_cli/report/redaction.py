# SPDX-License-Identifier: LGPL-2.1-or-later
"""Replaces texts by labels, each everywhere and by the same one, in all forms that they take.

While a report is made, a private-use character of Unicode stands for each label: what is gathered
is made printable first, so that none of it can be taken for one (str.isprintable()), nor can a
secret be that is a part of a label.
"""

import base64
import json
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from urllib.parse import quote

from wbond import escape

_FIRST = 0xF0000  # Supplementary Private Use Area-A
_LAST = 0xFFFFD
# Below this number of characters, a text may be part of a word that has nothing to do with it.
_WORD = 8
_LONGEST = 512  # to look for a text over several lines takes a time that grows with it
_SHORTEST = 3  # shorter ones are replaced where they are assigned, and nowhere else
# A line that the journal has broken goes on behind blanks, or as an entry of its own.
_PREFIX = r"[^\n]{0,100}?\]: "
_GAP = rf"(?:\\?\n(?:{_PREFIX}|[ \t]*))?"
_GAPS = re.compile(rf"\n(?:{_PREFIX}|[ \t]*)")
_BLANKS = str.maketrans("", "", " \t\\")
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")


class Redaction:
    """What is replaced, and by which labels."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.counts: Counter[str] = Counter()  # of different texts, by kind
        self._labels: list[str] = []
        self._signs: dict[tuple[str, str], str] = {}
        self._forms: dict[str, str] = {}

    def sign(self, kind: str, value: str) -> str:
        """Return the character that stands for a text, the same for the same text."""
        value = printable(value)
        if (kind, value) not in self._signs:
            self.counts[kind] += 1
            self._labels.append(f"<{kind}-{self.counts[kind]}>")
            at = min(_FIRST + len(self._labels) - 1, _LAST)
            self._signs[kind, value] = chr(at)
        return self._signs[kind, value]

    def add(self, kind: str, value: str, *also: str) -> None:
        """Have a text, and others that mean the same, replaced wherever they are."""
        if not any(map(_is_long, (value, *also))):
            return
        sign = self.sign(kind, value)
        for text in (value, *also):
            for form in filter(_is_long, _forms(text)):
                self._forms.setdefault(form, sign)

    def replaced(self, text: str) -> str:
        """Return a printable text without any of those that were added."""
        joined = _joined(text)
        for form in sorted(self._forms, key=len, reverse=True):  # one may begin with another
            sign = self._forms[form]
            if len(form) < _WORD:
                text = _replaced_word(text, form, sign)
                continue
            text = text.replace(form, sign)
            if len(form) <= _LONGEST and any(form.translate(_BLANKS) in lines for lines in joined):
                text = _replaced_across_lines(text, form, sign)
        return text

    def labelled(self, text: str) -> str:
        """Return a text with labels in place of the characters that stand for them."""
        table = {_FIRST + number: label for number, label in enumerate(self._labels)}
        return text.translate(table)

    def is_sign(self, text: str) -> bool:
        """Tell whether a text is a label's character, and quotes at most."""
        return len(text.strip(" \t\"';,")) == 1 and ord(text.strip(" \t\"';,")) >= _FIRST


def printable(text: str) -> str:
    """Return a text with escapes for what is not printable, but for line feeds and tabs."""
    return "\n".join(
        line if line.isprintable() else "\t".join(map(escape.printable, line.split("\t")))
        for line in text.split("\n")
    )


def _is_long(text: str) -> bool:
    """Tell whether a text says enough to be looked for; asterisks stand for one hidden already."""
    return len(text) >= _SHORTEST and any(sign.isalnum() for sign in text)


def _joined(text: str) -> tuple[str, str]:
    """Return a text in one line without blanks, with and without what the journal puts before
    lines: what is in neither is not in lines that follow each other.
    """
    plain = text.translate(_BLANKS).replace("\n", "")
    return plain, re.sub(rf"\n{_PREFIX}", "", text).translate(_BLANKS).replace("\n", "")


def _replaced_word(text: str, word: str, sign: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", sign, text) if word in text else text


def _replaced_across_lines(text: str, form: str, sign: str) -> str:
    def replacement(found: re.Match[str]) -> str:
        return sign + "".join(_GAPS.findall(found[0]))

    return re.sub(_GAP.join(map(re.escape, form)), replacement, text)


def _forms(text: str) -> Iterator[str]:
    """Yield a printable text as it is, and as programs write it or what its escapes stand for."""
    yield text
    for meant in dict.fromkeys((text, _ESCAPE.sub(_character, text))):
        octets = meant.encode("utf-8", "surrogateescape" if _is_encodable(meant) else "replace")
        yield printable(meant).replace("%", "%%")
        yield from (json.dumps(meant)[1:-1], printable(json.dumps(meant, ensure_ascii=False)[1:-1]))
        yield printable(shlex.quote(meant)).strip("'")
        yield from (quote(octets), base64.b64encode(octets).decode(), _escaped(octets))
        yield from _hexadecimal(octets)
    if len(text) % 2 == 0 and re.fullmatch("[0-9A-Fa-f]{16,}", text):
        yield from _hexadecimal(bytes.fromhex(text))


def _is_encodable(text: str) -> bool:
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _character(found: re.Match[str]) -> str:
    number = int(found[1] or found[2] or found[3], 16)
    return chr(number) if number <= 0x10FFFF else found[0]


def _hexadecimal(octets: bytes) -> Iterator[str]:
    """Yield bytes as wpa_supplicant, iw and others print them."""
    if len(octets) < _SHORTEST:
        return
    for text in (octets.hex(), octets.hex(" "), octets.hex(":")):
        yield from (text, text.upper())


def _escaped(octets: bytes) -> str:
    """Return bytes as wpa_supplicant and iw write names (printf_encode(), src/utils/common.c)."""
    return "".join(
        {'"': '\\"', "\\": "\\\\"}.get(chr(octet), chr(octet))
        if 0x20 <= octet < 0x7F
        else f"\\x{octet:02x}"
        for octet in octets
    )
