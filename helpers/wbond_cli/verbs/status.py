# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond status [--watch] [--json]: shows the bonds and their ports, and what is wrong with them.

Ends with 0 when every configured bond has an active port and an address that
reaches beyond the link, with 1 when one has not, with 2 when no bond is
configured or the call is wrong. With --watch: shows them anew at each change
that the kernel reports, until Ctrl-C, which ends it with 0. The JSON object of
--json is described by status.schema.json, whose place wbond(8) names; with
--watch there is one a line.
"""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wbond_cli.status.model import Picture
    from wbond_cli.status.monitor import Display

HELP = "show the bonds, their ports and addresses, and what is wrong with them"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("-w", "--watch", action="store_true", help="show each change, until Ctrl-C")
    parser.add_argument("--json", action="store_true", help="for programs; see status.schema.json")
    parser.add_argument(
        "--root", default="/", metavar="DIR", help="the folder that holds etc, run and var"
    )


def run(options: argparse.Namespace) -> int:
    """Show the state once, or at each change."""
    import time

    from wbond_net.kernel import rtnetlink
    from wbond_net.kernel.cache import Cache

    from wbond_cli import process, terminal
    from wbond_cli.status import collect, model, monitor

    netlink = rtnetlink.Socket(rtnetlink.LINKS | rtnetlink.ADDRESSES)
    host = collect.Host(process.ask, options.root)
    observer = monitor.Observer(host, Cache(netlink))
    if options.watch:
        return monitor.watch(observer, netlink, _display(options.json))
    found = observer.picture(time.time())
    status = model.exit_status(found)
    if options.json:
        monitor.show_json(found, indent=2)
    elif found.bonds or found.problems:
        _show(found)
    if status == 2:
        remedy = "`sudo wbond init` writes /etc/wbond.conf, see wbond.conf(5); then reboot"
        terminal.complain("no bond is configured", remedy)
    return status


# What draws tables takes longer to import than all else takes: programs that ask, such as a
# panel every second, go without.


def _show(found: "Picture") -> None:
    from wbond_cli import terminal
    from wbond_cli.status import screen

    screen.show(found, terminal.console())


def _display(as_json: bool) -> "Display":
    from wbond_cli import terminal
    from wbond_cli.status import monitor

    if as_json:
        return monitor.in_turn(monitor.show_json)
    from wbond_cli.status import screen

    return screen.display(terminal.console())
