# SPDX-License-Identifier: LGPL-2.1-or-later
"""The report as a text: gathered whole, and only then replaced in, because a secret of the last
section may stand in the first.
"""

from collections.abc import Iterable
from typing import NamedTuple

from wbond import escape

from wbond_cli.command import CommandError
from wbond_cli.report import assignments, configurations, personal
from wbond_cli.report.redaction import Redaction, printable
from wbond_cli.report.sources import LONGEST, Section

_INTRODUCTION = """\
A report of wbond for those who help. Labels such as <secret-1> stand for what was replaced; the
same label stands for the same text. Its end says what it contains, and what was replaced.
"""
_END = """\
Please read this file before you send it. What is known to be secret was replaced by its place and
by its value; a secret that stands where nobody expects it, such as in the name of a file, may have
been missed. Texts of one or two characters were replaced only where they are set.
"""
_OPEN = """\
Addresses, names of networks, hosts and devices are in it; `wbond report --anonymous` replaces them.
"""
# What each label stands for.
_KINDS = {
    assignments.SECRET: "passwords, keys, tokens, and fields of their files that are not known",
    assignments.IDENTITY: "identities and names of users",
    "comment": "comments in files with passwords",
    personal.SSID: "names of wireless networks",
    personal.HOST: "names of hosts and domains, and the machine id",
    personal.MAC: "MAC addresses",
    personal.SERIAL: "serial numbers",
    "identifier": "identifiers such as DUIDs",
    "ipv4": "IPv4 addresses",
    "ipv6": "IPv6 addresses",
    "ipv4-link-local": "IPv4 link-local addresses",
    "ipv6-link-local": "IPv6 link-local addresses",
}


class Part(NamedTuple):
    """A section that was gathered: printable text, or why there is none."""

    title: str
    text: str
    missing: str = ""


def text(sections: Iterable[Section], redaction: Redaction, anonymous: bool) -> str:
    """Gather all sections and return the whole report; a section that fails costs no other."""
    parts = [_gathered(section, redaction) for section in sections]
    if anonymous:
        for part in parts:
            personal.find(f"{part.title}\n{part.text}", redaction)
    shown = [_shown(part, redaction, anonymous) for part in parts]
    body = "\n".join([_INTRODUCTION, *shown])
    return redaction.labelled(body) + "\n" + _end(parts, redaction, anonymous)


def _gathered(section: Section, redaction: Redaction) -> Part:
    title = escape.printable(section.title)
    try:
        text = _limited(printable(section.gather()), section.from_end)
        return Part(title, section.reader(text, redaction))
    except CommandError as error:
        why, rest = error.message, error.stdout
    except OSError as error:
        why, rest = error.strerror or str(error), ""
    except Exception as error:  # a fault of wbond's own is told as well
        why, rest = f"{type(error).__name__} in wbond", ""
    shown = configurations.output(printable(rest), redaction)
    return Part(title, shown, configurations.output(printable(why), redaction))


def _limited(text: str, from_end: bool) -> str:
    """Return a text, of a long one its beginning or its end, whole lines."""
    if len(text) <= LONGEST:
        return text
    note = f"[{len(text) - LONGEST} characters more are left out]\n"
    if from_end:
        return note + text[-LONGEST:].partition("\n")[2]
    return text[:LONGEST].rpartition("\n")[0] + "\n" + note


def _shown(part: Part, redaction: Redaction, anonymous: bool) -> str:
    """Return a section with its title, everything in it replaced."""
    lines = f"===== {part.title} =====\n"
    if part.missing:
        lines += f"[not available: {part.missing}]\n"
    lines += part.text if part.text.endswith("\n") or not part.text else f"{part.text}\n"
    if not part.text and not part.missing:
        lines += "[empty]\n"
    lines = redaction.replaced(lines)
    return personal.replaced(lines, redaction) if anonymous else lines


def _end(parts: list[Part], redaction: Redaction, anonymous: bool) -> str:
    """Return what the report contains and what was replaced, and ask the reader to look."""
    lines = ["===== What this report contains =====\n"]
    for part in parts:
        title = redaction.replaced(part.title)
        title = personal.replaced(title, redaction) if anonymous else title
        lines.append(f"{redaction.labelled(title)}{': not available' if part.missing else ''}\n")
    lines.append("\n===== What was replaced =====\n")
    lines += [
        f"{count} different: {_KINDS.get(kind, kind)} (<{kind}-1> ...)\n"
        for kind, count in sorted(redaction.counts.items())
    ]
    if not redaction.counts:
        lines.append("Nothing.\n")
    lines += ["\n", *([] if anonymous else [_OPEN]), _END]
    return "".join(lines)
