# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond init: writes a commented /etc/wbond.conf for the hardware, and a network's password.

A file that is there is never overwritten.
"""

import argparse
import os
import sys

from wbond import clients, escape
from wbond_net.deployed import unit_tree

from wbond_cli import terminal
from wbond_cli.check import hardware
from wbond_cli.check.machine import Machine
from wbond_cli.check.ports import SUPPLICANT_CONF
from wbond_cli.init import draft
from wbond_cli.wifi import names, network_file, passphrase, security

CONFIGURATION = "/etc/wbond.conf"
_ABOUT_THE_KEY = """\
# The key is the passphrase hashed with the network's name: another name needs
# another key. WPA3 takes no key: `sudo wbond wifi add SSID` writes what it needs,
# key_mgmt=SAE for one. A network that hides its name is found only if it is asked
# for, by the line:
#scan_ssid=1
"""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def run(options: argparse.Namespace) -> int:
    """Write what is asked for, say what comes next; returns the exit status."""
    if options.hidden and options.ssid is None:
        remedy = "Name the network that hides its name: `wbond init --ssid SSID --hidden`."
        terminal.complain("--hidden needs --ssid; nothing is written", remedy)
        return 1
    supplicant_text = ""
    path = supplicant_path(options.root)
    if options.ssid is not None:
        if os.path.lexists(_below(options.root, path)):
            terminal.complain(
                f"{path} is there already, and stays as it is",
                "Add the network there: `sudo wbond wifi add SSID`.",
            )
        else:
            try:
                supplicant_text = _supplicant_text(options.ssid, options.hidden)
            except passphrase.PasswordError as error:
                terminal.complain(f"{error}; nothing is written", "Call `wbond init` once more.")
                return 1
    written = _write_configuration(options.root)
    if supplicant_text:
        written += create(options.root, path, supplicant_text, 0o600)
    if written:
        sys.stdout.write(_next_steps(options, path))
    return 0 if written else 1


def _below(root: str, path: str) -> str:
    return os.path.join(root, path.lstrip("/"))


def supplicant_path(root: str) -> str:
    """Return the place of wpa_supplicant.conf, which the present configuration may name."""
    settings = [bond.settings for bond in unit_tree.read_config(root).bonds]
    return next(iter(settings), {}).get("supplicant_conf", SUPPLICANT_CONF)


def _supplicant_text(name: str, hidden: bool) -> str:
    """Ask for the passphrase and return the file's text. Raises passphrase.PasswordError."""
    ssid = os.fsencode(name)
    names.check(ssid)
    secret = passphrase.ask(f"Passphrase of {escape.printable(name)}")
    fields = security.personal(security.WPA2, ssid, secret)
    fields |= {"scan_ssid": "1"} if hidden else {}
    return network_file.with_network("", ssid, fields, _ABOUT_THE_KEY)


def _write_configuration(root: str) -> list[str]:
    if os.path.lexists(_below(root, CONFIGURATION)):
        terminal.complain(
            f"{CONFIGURATION} is there already, and stays as it is",
            "`wbond check` tells whether it is right; move it away to have one written.",
        )
        return []
    machine = Machine(root)
    has_dhcp6 = any(machine.which(client.name) for client in clients.of("dhcp6"))
    text = draft.text(hardware.adapters(machine), has_dhcp6)
    return create(root, CONFIGURATION, text, 0o644)


def create(root: str, path: str, text: str, mode: int) -> list[str]:
    """Write a new file, whole or not at all; returns its path in a list, empty if it failed.

    What is there is never touched, not even by way of a link.
    """
    place = _below(root, path)
    try:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        fd = os.open(place, _NEW, mode)
    except PermissionError:
        terminal.complain(f"{path} cannot be written by this user", "Run it with sudo.")
        return []
    except OSError as error:
        terminal.complain(f"{path}: {error.strerror}", "It is not written; see to the place.")
        return []
    try:
        with os.fdopen(fd, "wb") as file:
            os.fchmod(fd, mode)  # whatever the umask
            file.write(text.encode("utf-8"))
    except OSError as error:
        os.unlink(place)
        terminal.complain(f"{path}: {error.strerror}", "It is not written; make room and repeat.")
        return []
    sys.stdout.write(f"{path} is written.\n")
    return [path]


def _next_steps(options: argparse.Namespace, path: str) -> str:
    steps = ["Look at it and change what you like: `wbond check` finds what is wrong."]
    if options.ssid is None and not os.path.lexists(_below(options.root, path)):
        steps.append(f"For a radio, have {path} written: `sudo wbond init --ssid SSID`.")
    steps.append("Then reboot.")
    numbered = (f"  {n}. {step}" for n, step in enumerate(steps, 1))
    lines = (terminal.wrapped(line, sys.stdout, " " * 5) for line in numbered)
    return "\n".join(["Next:", *lines]) + "\n"
