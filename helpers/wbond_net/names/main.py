# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-dns VERB BOND…: the one publisher of names.

`set BOND SOURCE SERVERS DOMAINS` notes what a source says, two lists with blanks between, and
`drop BOND SOURCE` forgets it; both publish what holds then. `publish BOND` only does that, and
`withdraw BOND` takes all names of a bond back.
"""

import os
import sys

from wbond_net import pauses, runtime
from wbond_net.kernel.journal import say
from wbond_net.names import publisher, records
from wbond_net.names.sink import Unpublished, Unreachable

USAGE = """\
usage: wbond-dns set BOND SOURCE SERVERS DOMAINS
       wbond-dns drop BOND SOURCE
       wbond-dns publish|withdraw BOND
"""
ARGUMENTS = {"set": 5, "drop": 3, "publish": 2, "withdraw": 2}  # the verb included
REFUSED = 2
UNIT = "dns"  # whose failures are counted


def main(arguments: list[str]) -> int:
    """Entry point; returns 0, 1 when it could not be done, 2 when called wrongly or when names
    cannot be published as things are: to try again is of no use.
    """
    verb = arguments[0] if arguments else ""
    if len(arguments) != ARGUMENTS.get(verb):
        sys.stderr.write(USAGE)
        return REFUSED
    bond = arguments[1]
    if len(arguments) > 2 and not records.is_source(arguments[2]):
        sys.stderr.write("the name of a source consists of letters, digits and -\n")
        return REFUSED
    if not _runs(bond):
        sys.stderr.write("this bond does not run\n")
        return 1
    try:
        _act(verb, bond, arguments[2:])
    except Unpublished as error:
        say(f"{bond}: {error}")
        if not isinstance(error, Unreachable):
            return REFUSED
        if verb != "publish":
            publisher.try_again_later(bond)
        return 1
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _runs(bond: str) -> bool:
    """Tell whether a name is that of a bond that runs; no path leads out of the folder."""
    return "/" not in bond and bond not in ("", ".", "..") and os.path.isdir(runtime.path(bond))


def _act(verb: str, bond: str, arguments: list[str]) -> None:
    if verb == "publish":
        _publish(bond)
    elif verb == "withdraw":
        publisher.withdraw(bond)
    elif verb == "set":
        source, servers, domains = arguments
        publisher.say_names(bond, source, servers, domains)
        publisher.publish(bond)
    else:
        records.drop(bond, arguments[0])
        publisher.publish(bond)


def _publish(bond: str) -> None:
    """Publish for a unit that is started again when this fails: after pauses that grow."""
    pauses.wait(bond, UNIT)
    result = "exit-code"
    try:
        publisher.publish(bond)
        result = "success"
    finally:
        pauses.ended(bond, UNIT, {"SERVICE_RESULT": result})
