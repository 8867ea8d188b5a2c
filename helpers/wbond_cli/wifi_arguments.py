# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line of `wbond wifi`: a command each for what it does."""

import argparse
from collections.abc import Callable, Mapping

DESCRIPTION = """
wbond wifi: the Wi-Fi networks of the bonds' radios. Networks are saved in the
file that wpa_supplicant reads, and the rest of that file stays as it is.

wbond wifi scan, list, add, forget and select each have --help. Exit status: 0
when it was done; 1 when it failed, or a radio did not connect; 2 when it was
refused, and nothing was changed.
"""
# What --security takes; wbond_cli.wifi.security has what each means, and a test compares them.
SECURITY = ("auto", "wpa2-wpa3", "wpa2", "wpa3", "open", "owe", "peap", "tls")
_PRIORITY_MAX = 1_000_000
_ENTERPRISE: Mapping[str, tuple[str, str]] = {
    "--identity": ("NAME", "802.1X: who you are"),
    "--anonymous-identity": ("NAME", "802.1X: who you are for all that listen"),
    "--ca-cert": ("FILE", "802.1X: the authority that certifies the server"),
    "--domain": ("NAME", "802.1X: the server's name, or its domain"),
    "--client-cert": ("FILE", "tls: your certificate"),
    "--private-key": ("FILE", "tls: your private key"),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the commands, each with its options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    for name, (text, add) in _ACTIONS.items():
        action = actions.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        add(action)
        action.add_argument("--bond", metavar="BOND", default="", help="of this bond alone")
        action.add_argument("--root", default="/", metavar="DIR", help="the system below DIR")
    # Without a command it lists.
    parser.set_defaults(action="list", bond="", root="/", json=False)


def _show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs; see wifi.schema.json")


def _name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ssid", metavar="SSID", help="the network's name")


def _add(parser: argparse.ArgumentParser) -> None:
    _name(parser)
    parser.add_argument(
        "--stdin", action="store_true", help="read the passphrase as a line of standard input"
    )
    parser.add_argument(
        "--security",
        choices=SECURITY,
        default="auto",
        metavar="KIND",
        help=f"one of {', '.join(SECURITY)}; auto, if not given, takes what is in reach",
    )
    parser.add_argument("--hidden", action="store_true", help="the network hides its name")
    parser.add_argument(
        "--country", type=_country, metavar="CC", help="set the country's rules for radio, as DE"
    )
    parser.add_argument(
        "--priority", type=_priority, metavar="N", help="a higher number is preferred; 0 by default"
    )
    for option, (metavar, text) in _ENTERPRISE.items():
        parser.add_argument(option, metavar=metavar, help=text)


def _country(text: str) -> str:
    if not (len(text) == 2 and text.isascii() and text.isalpha()):
        raise argparse.ArgumentTypeError("takes the two letters of a country (ISO 3166)")
    return text.upper()


def _priority(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number <= _PRIORITY_MAX:
        raise argparse.ArgumentTypeError(f"takes a whole number from 0 to {_PRIORITY_MAX}")
    return number


_ACTIONS: Mapping[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "scan": ("show the networks in reach", _show),
    "list": ("show the networks that are saved", _show),
    "add": ("save a network, or another password of one, and connect", _add),
    "forget": ("remove a network", _name),
    "select": ("connect to a saved network now, until it is lost", _name),
}
