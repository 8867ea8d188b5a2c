# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a problem of the configuration is called, in words: one table for the log and for people.

A problem is data (`ini.Problem`); its code is the key to MESSAGES. Loaded only
where something is wrong: a good configuration is not to pay for it at boot.
"""

from wbond import address_messages, other_tools
from wbond.message import ERROR, WARNING, Message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from wbond.ini import Problem

EFFECTS = {
    "default": "the default is used",
    "no-default": "there is no default",
    "entry": "this entry is left out",
    "section": "the section is ignored",
}
_FILE, _LINE, _SECTION = "the file is left out", "the line is skipped", EFFECTS["section"]
_NAMES = "`ip link` shows the names that there are; a glob such as en* takes all that it matches."
_COMMENT = "Give the comment a line of its own: behind a value, # and ; are part of the value."
_SUGGESTION = "Write {suggestion} if that is what you mean; otherwise remove it."

MESSAGES = {
    **address_messages.MESSAGES,
    # The files.
    "permission-denied": Message(
        ERROR,
        "{reason}",
        _FILE,
        "Run `sudo wbond check`, or let everybody read the file: chmod 0644.",
    ),
    "file-not-found": Message(
        ERROR, "{reason}", _FILE, "Remove the link, or create what it leads to."
    ),
    "unreadable-file": Message(ERROR, "{reason}", _FILE, "Make the file readable, or remove it."),
    "not-a-regular-file": Message(
        ERROR, "is not a regular file", _FILE, "Remove it, or put a file in its place."
    ),
    "file-too-large": Message(
        ERROR,
        "is larger than {limit} bytes",
        _FILE,
        "Remove it; this does not seem to be a configuration of wbond.",
    ),
    "too-many-problems": Message(
        ERROR,
        "this file has more problems, which are not listed",
        "",
        "Solve those above first; this may not be a configuration of wbond.",
    ),
    # Their lines.
    "not-utf-8": Message(
        ERROR, "is not UTF-8 text", _LINE, "Save the file as UTF-8, or write this line again."
    ),
    "control-character": Message(
        ERROR, "contains a control character", _LINE, "Remove the marked character."
    ),
    "not-a-header": Message(
        ERROR,
        "is not a section header such as [bond0]",
        "everything up to the next one is skipped",
        "Write the name in brackets, alone on its line: [bond0].",
    ),
    "not-an-assignment": Message(
        ERROR,
        "is neither a section, an option nor a comment",
        _LINE,
        "Write option = value, or begin the line with # for a comment.",
    ),
    "option-outside-section": Message(
        ERROR,
        "comes before the first section, such as [bond0]",
        _LINE,
        "Write the bond's name above it: [bond0].",
    ),
    "duplicate-option": Message(
        WARNING, "is given twice", "the later one is used", "Remove one of the two lines."
    ),
    "comment-after-value": Message(WARNING, "'{value}' is part of the value", "", _COMMENT),
    # Names of sections and options.
    "no-such-parent": Message(
        ERROR,
        "there is no section [{value}]",
        "this parent is ignored",
        "Name a section that exists, or remove the parent.",
    ),
    "no-such-bond": Message(
        ERROR,
        "there is no bond [{value}]",
        _SECTION,
        "Name a bond that has a section of its own, such as [bond0].",
    ),
    "unknown-option": Message(
        ERROR, "unknown option", "ignored", "Remove the line; wbond.conf(5) lists the options."
    ),
    "port-option-of-a-bond": Message(
        ERROR,
        "is an option of a port, not of a bond",
        "ignored",
        "Move it to a section of that port, such as [bond0/dock].",
    ),
    "bond-option-of-a-port": Message(
        ERROR,
        "is an option of a bond, not of a port",
        "ignored",
        "Move it to the bond's own section.",
    ),
    "bad-host": Message(
        ERROR,
        "needs a host name and a closing ']' behind the '['",
        "ignored",
        "Write option[host] = value, with the host as in /etc/hostname.",
    ),
    "port-without-kind": Message(
        ERROR,
        "needs 'kind = wired' or 'kind = wireless'",
        _SECTION,
        "Write kind = wired or kind = wireless below the section's name.",
    ),
    "port-without-match": Message(
        ERROR,
        "needs a match_ option",
        _SECTION,
        "Say how to recognize the port, such as match_usb = 17ef:a387.",
    ),
    "port-without-name": Message(
        ERROR,
        "needs a name after the slash",
        _SECTION,
        "Write a name of your choice behind the slash: [bond0/dock].",
    ),
    # Values.
    "empty-value": Message(
        ERROR, "has no value", "", "Write a value behind the =, or remove the line."
    ),
    "tab-in-value": Message(
        ERROR,
        "'{value}' contains a tab, which no unit file can hold",
        "",
        "Remove the tab, or rename what it names.",
    ),
    "interface-name-length": Message(
        ERROR,
        "'{value}' is not an interface name: it has {size} bytes, and at most {high} are possible",
        "",
        f"Write a name of 1 to 15 bytes. {_NAMES}",
    ),
    "interface-name-reserved": Message(
        ERROR, "'{value}' cannot be used as an interface name", "", f"Write another name. {_NAMES}"
    ),
    "interface-name-characters": Message(
        ERROR,
        "'{value}' is not an interface name: blanks, / : and % cannot be part of one",
        "",
        f"Write a name without these. {_NAMES}",
    ),
    "interface-name-dash": Message(
        ERROR,
        "'{value}' starts with '-', so that programs would take it for an option",
        "",
        f"Rename the interface, or leave it out. {_NAMES}",
    ),
    "name-with-comma": Message(
        ERROR,
        "'{value}' has a comma, which is no part of a name",
        "",
        "Separate the names by blanks alone.",
    ),
    "name-in-quotes": Message(
        ERROR,
        "{value} has quotes, which are no part of a name",
        "",
        "Write the name without quotes.",
    ),
    "name-with-parent": Message(
        ERROR,
        "'{value}' has an @, which is no part of a name: `ip link` shows behind it what the "
        "interface hangs on",
        "",
        "Write what stands before the @.",
    ),
    "glob-characters": Message(
        ERROR,
        "'{value}' can match no interface name: / and : cannot be part of one",
        "",
        f"Write a glob without these. {_NAMES}",
    ),
    "port-is-a-bond": Message(
        ERROR, "'{value}' is itself a bond", "", "Name a port here: a bond cannot be one."
    ),
    "port-of-another-bond": Message(
        ERROR, "'{value}' is already a port of {owner}", "", "Name it in one place only."
    ),
    "port-is-excluded": Message(
        ERROR,
        "'{value}' is in `exclude` as well",
        "",
        "Name it in one of the two: what `exclude` has is never a port.",
    ),
    "not-an-integer": Message(
        ERROR,
        "'{value}' is not a whole number from {low} to {high} {unit}",
        "",
        "Write the number alone, in digits and without a unit.",
    ),
    "not-a-multiple": Message(
        WARNING,
        "{value} ms is not a multiple of miimon ({miimon} ms)",
        "{rounded} ms is used",
        "Write the number that is used, or another multiple of miimon.",
    ),
    "not-one-of": Message(
        ERROR, "'{value}' is not one of {names}", "", "Write one of these words."
    ),
    "not-a-boolean": Message(ERROR, "'{value}' is neither yes nor no", "", "Write yes or no."),
    "mode-with-radio": Message(
        ERROR,
        "'{value}' cannot work with Wi-Fi: an access point accepts only frames from the "
        "associated station, so a bond with a radio can use one port at a time (active-backup)",
        "",
        "Remove the line, or write active-backup.",
    ),
    "not-an-absolute-path": Message(
        ERROR,
        "'{value}' is not an absolute path",
        "",
        "Write the whole path, from / on and without '..'.",
    ),
    "mac-not-unicast": Message(
        ERROR,
        "'{value}' is not the address of a single station (it is multicast or zero)",
        "",
        "Write an address whose first byte is even, such as 02:00:00:12:34:56.",
    ),
    "not-a-mac-policy": Message(
        ERROR,
        "'{value}' is a word of NetworkManager's",
        "",
        "Write active (each port its own address), stable (one that all have), an interface, or an "
        "address.",
    ),
    "mac-follow": Message(
        ERROR,
        "'{value}' changes a radio's address at failover, which a radio refuses while it is "
        "associated: the connection would be lost",
        "",
        "Write active, or stable for one address that all ports have.",
    ),
    "mac-of-a-bond": Message(
        ERROR,
        "'{value}' is a bond, and takes its address from its ports",
        "",
        "Name an interface that is a port, or write active or stable.",
    ),
    "not-a-mac-address": Message(
        ERROR,
        "'{value}' is not a MAC address such as 02:00:00:12:34:56",
        "",
        "Write six pairs of hexadecimal digits with colons between them.",
    ),
    "not-a-mac-glob": Message(
        ERROR,
        "'{value}' fits no MAC address such as 02:00:00:12:34:56",
        "",
        "Write pairs of hexadecimal digits with colons between them, or * for some of them.",
    ),
    "not-a-usb-glob": Message(
        ERROR,
        "'{value}' fits no USB id such as 17ef:a387",
        "",
        "Write vendor and product as lsusb(8) shows them, with a colon between them.",
    ),
    "driver-file": Message(
        ERROR,
        "'{value}' is a file's name, not a driver's",
        "",
        "Write the driver's name, as in `ethtool -i`: without .ko.",
    ),
    "not-a-duid": Message(
        ERROR,
        "'{value}' is neither 'auto' nor 3 to 130 bytes in hexadecimal",
        "",
        "Write auto, or the bytes as 00:04:12:34 and so on, type first.",
    ),
    "not-a-driver": Message(
        ERROR,
        "'{value}' is not a wpa_supplicant driver such as nl80211",
        "",
        "Write nl80211, or remove the line.",
    ),
    "not-a-nameserver": Message(
        ERROR,
        "'{value}' is not the IP address of a name server, such as 192.0.2.1 or 2001:db8::1",
        "",
        "Write the address alone, without a port or an interface; a link-local one is the bond's.",
    ),
    "not-a-domain": Message(
        ERROR,
        "'{value}' is not a domain name such as example.org",
        "",
        "Write letters, digits and dashes, with dots between; other letters as xn--… (IDNA).",
    ),
    "not-a-unit-name": Message(
        ERROR,
        "'{value}' is not the name of a unit such as dhcpcd.service",
        "",
        "Write the whole name with its suffix, such as dhcpcd.service.",
    ),
    # The configuration as a whole; `wbond check` alone looks for these.
    "no-configuration": Message(
        ERROR,
        "there is no configuration",
        "wbond does nothing",
        "Have one written: `sudo wbond init`.",
    ),
    "empty-configuration": Message(WARNING, "is empty", "no bond is created", "Add [bond0]."),
    "no-bond-section": Message(
        WARNING,
        "no section is a bond",
        "none is created",
        "Add one, such as [bond0]; wbond.conf(5) tells more.",
    ),
    # wbond itself.
    "internal-error": Message(
        ERROR,
        "internal error of wbond: {error}",
        _SECTION,
        "Report it, with the configuration; until then, change what is unusual in the section.",
    ),
}


def line(problem: "Problem") -> str:
    """Return a problem as one line of the log: `FILE:LINE: [SECTION] OPTION: what is wrong`."""
    section = f" [{problem.section}]" if problem.section else ""
    option = f" {problem.option}" if problem.option else ""
    about = f"{section}{option}:" if section or option else ""
    return f"{problem.place}:{about} {text(problem)}"


def text(problem: "Problem") -> str:
    """Return what is wrong and what happens instead."""
    message = MESSAGES[problem.code]
    suggested = suggestion(problem)
    suggested = f" (did you mean '{suggested}'?)" if suggested else ""
    instead = _filled(message.instead or EFFECTS.get(problem.effect, ""), problem)
    return _filled(message.wrong, problem) + suggested + (f"; {instead}" if instead else "")


def severity(problem: "Problem") -> str:
    """Return ERROR or WARNING."""
    return MESSAGES[problem.code].severity


def remedy(problem: "Problem") -> str:
    """Return what to do about a problem."""
    value = problem.value
    if " #" in value or " ;" in value or value[:1] in ("#", ";"):
        return _COMMENT
    if instead := _of_another_tool(problem):
        return instead
    if suggested := suggestion(problem):
        return _SUGGESTION.format(suggestion=suggested)
    return MESSAGES[problem.code].remedy


def suggestion(problem: "Problem") -> str:
    """Return the word that may be meant, of those that the problem's `known` has; or nothing."""
    known = problem.arguments.get("known")
    return _nearest(problem.value, known) if known and not _of_another_tool(problem) else ""


def _of_another_tool(problem: "Problem") -> str:
    return other_tools.remedy(problem.value) if problem.code == "unknown-option" else ""


def _nearest(word: str, known: "Iterable[str]") -> str:
    from difflib import get_close_matches  # costs 10 ms, and few problems have a suggestion

    by_case = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), by_case, 1)
    return by_case[near[0]] if near else ""


def _filled(template: str, problem: "Problem") -> str:
    # An argument may be empty at the end: the unit of a number that counts nothing.
    return template.format(value=problem.value, **problem.arguments).rstrip()
