# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the watch has had, given back to the kernel at its end, however that came."""

import os

from wbond import units

from wbond_net import files, runtime
from wbond_net.kernel import bonds, command, neighbours, netlink, request, sysfs
from wbond_net.ports import order, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def give_back(bond: str, environ: "Mapping[str, str]") -> None:
    """Give the kernel the configured order, and the timers of neighbours, after the watch's end.

    Not where the watch begins again at once: the kernel would go to a port that leads nowhere, and
    the watch back. Raises KernelError, OSError.
    """
    if not order.is_the_watch_s(bond) or _begins_again(bond, environ):
        return
    name = record.bond_name(bond)
    with runtime.locked(bond):
        os.unlink(runtime.path(bond, runtime.DECIDES))
        files.remove(runtime.path(bond, runtime.PATHS))
        if sysfs.is_bond(name):
            command.attempt(_restore_timers, bond, name)
            policy = {"primary_reselect": environ["PRIMARY_RESELECT"]}
            command.attempt(bonds.change, name, policy)
            if ranks := record.ranks(bond):
                order.rank(name, ranks)


def _begins_again(bond: str, environ: "Mapping[str, str]") -> bool:
    """Tell whether systemd starts a watch again that is to have the order: it has failed, or a job
    says so. One that has failed and is to stop is not started.
    """
    if environ["PATH_POLICY"] != "proof":
        return False
    unit = units.instance(units.WATCH, bond)
    jobs = command.output("systemctl", "list-jobs", "--no-legend", "--plain", "--", unit)
    kinds = {words[2] for words in map(str.split, jobs.splitlines()) if words[1:2] == [unit]}
    if environ.get("SERVICE_RESULT") == "success" or kinds:
        return "restart" in kinds
    return _is_started_after_a_failure(unit)


def _is_started_after_a_failure(unit: str) -> bool:
    """Tell whether systemd starts a unit that has failed: nobody has forbidden it."""
    words = ("-p", "LoadState", "-p", "Restart", "--", unit)
    shown = command.output("systemctl", "show", *words).split()
    return "LoadState=loaded" in shown and "Restart=no" not in shown


def _restore_timers(bond: str, name: str) -> None:
    path = runtime.path(bond, runtime.TIMERS)
    with open(path, encoding="ascii") as file:
        timers = neighbours.noted(file.read())
    with netlink.Socket() as kernel:
        for own in timers:
            neighbours.set_timers(kernel, request.index(name), own)
    os.unlink(path)
