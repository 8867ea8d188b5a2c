# SPDX-License-Identifier: LGPL-2.1-or-later
"""Network interfaces as sysfs shows them, and `ip` and its like to change them.

Every command stands in the journal as it is run, so that a person can read
and repeat it. No shell: names are arguments, and always behind `dev`.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SYSFS = "/sys/class/net"


class CommandFailed(Exception):
    """A command ended with an error; the text is the command's own words."""


def run(*command: str) -> None:
    """Run a command and show it; raises CommandFailed with what it said, or that it is missing."""
    say(" ".join(command))
    try:
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except FileNotFoundError:
        raise CommandFailed(f"{command[0]} is not installed") from None
    if result.returncode:
        words = result.stderr.decode("utf-8", "replace").strip() or f"exit code {result.returncode}"
        raise CommandFailed(f"{' '.join(command[:4])} …: {words}")


def attempt(*command: str) -> bool:
    """Run a command that may fail; tells whether it succeeded, a failure is shown."""
    try:
        run(*command)
    except CommandFailed as fault:
        say(str(fault))
        return False
    return True


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Wait until no other process has locked the interface; raises CommandFailed when it is gone.

    The lock is on its folder in sysfs (flock(2)), and ends with the process.
    """
    try:
        descriptor = os.open(os.path.join(SYSFS, name), os.O_RDONLY)
    except OSError as error:
        raise CommandFailed(f"{name}: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def output(*command: str) -> str:
    """Return a command's standard output; empty when it failed."""
    try:
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except FileNotFoundError:
        return ""
    return result.stdout.decode("utf-8", "replace") if result.returncode == 0 else ""


def details(*selector: str) -> list[dict[str, object]]:
    """Return what `ip -json -details link show` says of the interfaces selected."""
    import json  # many callers ask for nothing of the kind

    text = output("ip", "-json", "-details", "link", "show", *selector)
    found = json.loads(text) if text else []
    return [entry for entry in found if entry]


def say(text: str) -> None:
    """Write one line to the journal by standard output, control characters made visible."""
    line = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def attribute(name: str, what: str) -> str:
    """Return a sysfs attribute of an interface without its newline; empty when there is none."""
    try:
        with open(os.path.join(SYSFS, name, what), encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def exists(name: str) -> bool:
    """Tell whether the interface is there."""
    return os.path.lexists(os.path.join(SYSFS, name))


def is_bond(name: str) -> bool:
    """Tell whether the interface is a bond of the kernel's bonding driver."""
    return os.path.isdir(os.path.join(SYSFS, name, "bonding"))


def is_up(name: str) -> bool:
    """Tell whether the interface is administratively up (IFF_UP, netdevice(7))."""
    return bool(int(attribute(name, "flags") or "0", 16) & 1)


def ports(bond: str) -> list[str]:
    """Return the bond's ports in the order in which they joined."""
    return attribute(bond, "bonding/slaves").split()


def master(name: str) -> str:
    """Return the name of the bond or bridge that the interface is a port of, or nothing."""
    try:
        return os.path.basename(os.readlink(os.path.join(SYSFS, name, "master")))
    except OSError:
        return ""
