# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a problem of the configuration has in words; the tables of wbond.messages are made of it."""

ERROR, WARNING, NOTE = "error", "warning", "note"


class Message:
    """A code's words, for str.format(): `{value}` and the problem's arguments go in.

    An error is a setting that is skipped or cannot work; a warning loses nothing
    that was said. `instead` is empty where that depends on where the value
    stands, see EFFECTS. `remedy` begins with a verb.
    """

    __slots__ = ("instead", "remedy", "severity", "wrong")

    def __init__(self, severity: str, wrong: str, instead: str, remedy: str) -> None:
        self.severity, self.wrong, self.instead, self.remedy = severity, wrong, instead, remedy
