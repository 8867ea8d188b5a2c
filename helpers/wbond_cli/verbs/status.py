# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond status: shows the bonds and their ports, and what is wrong with them."""

import argparse
import sys
import time
from collections import Counter

from wbond_net.kernel import default_routes, rtnetlink
from wbond_net.kernel.cache import Cache

from wbond_cli import command, exit_status, terminal
from wbond_cli.errors import UserError, require_bonds
from wbond_cli.journal import reader
from wbond_cli.status import collect, metrics, monitor
from wbond_cli.status.model import Status


def run(options: argparse.Namespace) -> int:
    """Show the status once, or at each change; returns the exit status.

    Raises UserError for a bond that there is not, and for metrics of what is to come.
    """
    if options.prometheus and options.watch:
        remedy = "leave out --watch, or --prometheus"
        raise UserError("metrics are of a moment", remedy, exit_status.USAGE)
    collector = collect.Collector(command.run, options.root, tuple(options.bonds))
    if options.bonds:
        require_bonds(options.bonds, collector.known_bonds())
    netlink = rtnetlink.Socket(rtnetlink.LINKS | rtnetlink.ADDRESSES | default_routes.ROUTES)
    status_monitor = monitor.StatusMonitor(collector, Cache(netlink), default_routes.read)
    if options.watch:
        return monitor.watch(status_monitor, netlink, _display(options.json))
    status = status_monitor.status(time.time())
    if options.prometheus:
        return _print_metrics(status)
    if options.json:
        monitor.print_json(status, indent=2)
    elif status.bonds or status.problems:
        # rich: 100 ms, more than all else; --json and what calls it each second do without.
        from wbond_cli.status import screen

        screen.show(status, terminal.console())
    if status.exit_status == exit_status.NOT_CONFIGURED:
        remedy = "`sudo wbond init` writes /etc/wbond.conf, see wbond.conf(5); then reboot"
        terminal.complain("no bond is configured", remedy)
    return status.exit_status


def _print_metrics(status: Status) -> int:
    """Print metrics, in UTF-8 whatever the locale; what is wrong they tell, not the exit status."""
    sys.stdout.buffer.write(metrics.text(status, _failovers()).encode())
    return exit_status.SUCCESS


def _failovers() -> Counter[str] | None:
    """Count the failovers of each bond in this boot; None if the journal cannot be read."""
    reading = reader.read(command.run, "--boot", "WBOND_EVENT=failover")
    return None if reading.fault else Counter(entry.bond for entry in reading.entries)


def _display(as_json: bool) -> monitor.Display:
    if as_json:
        return monitor.print_on_change(monitor.print_json)
    from wbond_cli.status import screen  # rich, as above

    return screen.display(terminal.console())
