# SPDX-License-Identifier: LGPL-2.1-or-later
"""A draft -> the text of wbond.conf, which has no problem; each option says where it is from."""

from wbond import config, ini
from wbond.config import Config

from wbond_cli.imports import cables
from wbond_cli.imports.choose import Draft, Option
from wbond_cli.imports.record import Found, where
from wbond_cli.init.draft import comment

_ABOUT = (
    "wbond: one network interface of a cable and a radio. Written by wbond import; wbond.conf(5) "
    "and wbond.conf.example, in share/doc/wbond, tell every option."
)
_TITLES = {
    "wired": "Cables, the most preferred first.",
    "wireless": "Radios, used when no cable has a link.",
    "exclude": "Other programs go on with these.",
    "dhcp4": "No connection had DHCP.",
    "dhcp6": "No connection had DHCPv6.",
}
_FILE = "/etc/wbond.conf"


def text(found: Found, draft: Draft) -> str:
    """Return the file's text; an option that would be a problem is left out and noted."""
    options = draft.options
    for _ in draft.options:
        _, problems = read(_text(draft, options))
        names = {problem.option for problem in problems.problems}
        wrong = [option for option in options if option.name in names]
        if not wrong:
            break
        for given in (given for option in wrong for given in option.sources):
            found.leave(given, "with the other values, wbond.conf does not take it")
        options = [option for option in options if option not in wrong]
    return _text(draft, options)


def read(content: str) -> tuple[ini.Document, Config]:
    """Return what a text means."""
    document = ini.Document()
    ini.parse(content.encode("utf-8"), _FILE, document)
    return document, config.interpret(document, "")


def _text(draft: Draft, options: list[Option]) -> str:
    blocks = [comment(_ABOUT) + "\n", f"[{draft.bond}]\n"]
    sections = (cables.section(draft.bond, cable) for cable in draft.cables)
    return "\n".join([*blocks, *map(_block, options), *sections])


def _block(option: Option) -> str:
    sources = list(dict.fromkeys(where(given.file, given.line) for given in option.sources))
    said = [_TITLES.get(option.name, ""), *([f"From {', '.join(sources)}."] if sources else [])]
    lines = [comment(" ".join(filter(None, said)))] if any(said) else []
    return "\n".join([*lines, f"{option.name} = {' '.join(option.entries)}".rstrip()]) + "\n"
