# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond init: look at the hardware and write a commented /etc/wbond.conf.

A file that is there is never overwritten. With --ssid a configuration for
wpa_supplicant is written too: the passphrase is asked for on the terminal, or
read as one line from standard input, and only its hash is kept, in a file that
nobody but root may read.

Exit status: 0 when something was written; 1 when nothing was.
"""

import argparse
import os
import sys

from wbond_cli import terminal

HELP = "look at the hardware and write /etc/wbond.conf"
CONFIGURATION = "/etc/wbond.conf"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the verb takes."""
    parser.add_argument(
        "--ssid", metavar="SSID", help="write wpa_supplicant.conf for the network of this name"
    )
    parser.add_argument("--root", default="/", metavar="DIR", help="write and look below DIR")


def run(options: argparse.Namespace) -> int:
    """Write what is asked for, say what comes next, and return the exit status."""
    from wbond_cli.init import passwords

    secret = ""
    path = supplicant_path(options.root)
    if options.ssid is not None:
        if os.path.lexists(_below(options.root, path)):
            terminal.complain(
                f"{path} is there already, and stays as it is",
                "Add the network there; wpa_supplicant.conf(5) and wpa_passphrase(8) tell how.",
            )
        else:
            try:
                secret = _secret(options.ssid)
            except passwords.Refused as fault:
                terminal.complain(f"{fault}; nothing is written", "Call `wbond init` once more.")
                return 1
    written = _write_configuration(options.root)
    if secret:
        written += create(options.root, path, secret, 0o600)
    if written:
        sys.stdout.write(_next(options, path))
    return 0 if written else 1


def _below(root: str, path: str) -> str:
    return os.path.join(root, path.lstrip("/"))


def supplicant_path(root: str) -> str:
    """Return where wpa_supplicant.conf is to be: the present configuration may say."""
    from wbond_net.deployed import unit_tree

    from wbond_cli.check import ports

    try:
        wishes = unit_tree.render_root(root)[0]
    except OSError:
        return ports.SUPPLICANT_CONF
    settings = [bond.settings for bond in wishes.bonds]
    return next(iter(settings), {}).get("supplicant_conf", ports.SUPPLICANT_CONF)


def _secret(name: str) -> str:
    """Ask for the passphrase and return the file's text; raises passwords.Refused."""
    from wbond import escape

    from wbond_cli.init import passwords

    ssid = os.fsencode(name)
    passwords.check_ssid(ssid)
    key = passwords.key(passwords.ask(escape.printable(name)), ssid)
    return passwords.configuration(ssid, key)


def _write_configuration(root: str) -> list[str]:
    from wbond_cli.check import hardware
    from wbond_cli.check.machine import Machine
    from wbond_cli.init import draft

    machine = Machine(root)
    found = draft.Found(hardware.adapters(machine), bool(machine.which("dhcp6c")))
    if os.path.lexists(_below(root, CONFIGURATION)):
        terminal.complain(
            f"{CONFIGURATION} is there already, and stays as it is",
            "`wbond check` tells whether it is right; move it away to have one written.",
        )
        return []
    return create(root, CONFIGURATION, draft.text(found), 0o644)


def create(root: str, path: str, text: str, mode: int) -> list[str]:
    """Write a new file, whole or not at all; return its path in a list, empty where it failed.

    What is there is never touched, not even by way of a link.
    """
    place = _below(root, path)
    try:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        fd = os.open(place, _NEW, mode)
    except PermissionError:
        terminal.complain(f"{path} cannot be written by this user", "Run it with sudo.")
        return []
    except OSError as fault:
        terminal.complain(f"{path}: {fault.strerror}", "It is not written; see to the place.")
        return []
    try:
        with os.fdopen(fd, "wb") as file:
            os.fchmod(fd, mode)  # whatever the umask
            file.write(text.encode("utf-8"))
    except OSError as fault:
        os.unlink(place)
        terminal.complain(f"{path}: {fault.strerror}", "It is not written; make room and repeat.")
        return []
    sys.stdout.write(f"{path} is written.\n")
    return [path]


def _next(options: argparse.Namespace, path: str) -> str:
    steps = ["Look at it and change what you like: `wbond check` finds what is wrong."]
    if options.ssid is None and not os.path.lexists(_below(options.root, path)):
        steps.append(f"For a radio, have {path} written: `sudo wbond init --ssid SSID`.")
    steps.append("Then reboot.")
    numbered = (f"  {n}. {step}" for n, step in enumerate(steps, 1))
    lines = (terminal.wrapped(line, sys.stdout, " " * 5) for line in numbered)
    return "\n".join(["Next:", *lines]) + "\n"
