# SPDX-License-Identifier: LGPL-2.1-or-later
"""Publishes what the records of the bonds come to, to the one sink of each.

One process at a time. Two bonds whose names go to the same file share it, the one with the lower
metric first, then by name.
"""

import os

from wbond import escape, units

from wbond_net import runtime
from wbond_net.kernel import command
from wbond_net.kernel.journal import say
from wbond_net.names import records, resolv_conf, resolvconf, resolved
from wbond_net.names.records import STATIC, Published, Record, Settings
from wbond_net.names.sink import PROGRAM_PATH, Unpublished

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from io import TextIOWrapper

RESOLVED, RESOLVCONF, FILE, NONE = "resolved", "resolvconf", "file", "none"
# What systemd-resolved has resolv.conf lead to: in /run, or its file that never changes.
OF_RESOLVED = ("/run/systemd/resolve/", "/usr/lib/systemd/resolv.conf")


def configure(bond: str, environ: "Mapping[str, str]") -> None:
    """Take in what the bond's unit says of its names: it starts, or the file has changed.

    Also puts back a resolv.conf of before the last crash. Raises OSError, Unpublished.
    """
    metric = records.number(environ.get("METRIC", ""))
    records.write_settings(bond, Settings(environ.get("DNS", "auto"), metric))
    servers, domains = environ.get("NAMESERVERS", ""), environ.get("SEARCH", "")
    if servers or domains:
        say_names(bond, STATIC, servers, domains)
    else:
        records.drop(bond, STATIC)
    publish(bond)


def say_names(bond: str, source: str, servers: str, domains: str) -> None:
    """Note what a source says, and tell what is left out of it. Raises OSError."""
    record, left_out = records.cleaned(bond, source, servers, domains)
    if left_out:
        text = " ".join(left_out)[:200]
        say(f"{bond}: {source} names what is no server or no domain: {escape.printable(text)}")
    records.write(bond, record)


def withdraw(bond: str) -> None:
    """Forget all names of a bond that stops, and publish what is left. Raises OSError,
    Unpublished.
    """
    for source in records.sources(bond):
        records.drop(bond, source)
    publish(bond)


def publish(bond: str) -> None:
    """Publish what holds now. Raises OSError, Unpublished; then a later try may be under way."""
    os.environ["PATH"] = ":".join(PROGRAM_PATH)  # dhcp6c's script has none
    with _locked():
        sink = choice(records.settings(bond).sink)
        former = records.published(bond).sink
        try:
            if former not in ("", sink):
                _retract(former, bond)
            # Who has been told nothing need not be told that there is nothing, as at each boot,
            # when the bus may not run yet. The file may be there since before a crash.
            if former or sink == FILE or records.read(bond):
                _publish_to(sink, bond)
        except Unpublished as error:
            records.note_published(bond, Published(sink, escape.printable(str(error))))
            raise
        records.note_published(bond, Published(sink))


def try_again_later(bond: str) -> None:
    """Have a unit publish later, when the program that did not take names may do so.

    As at boot, when the bond may have its names before the bus runs.
    """
    unit = units.instance(units.DNS, bond)
    command.attempt(command.run, "systemctl", "start", "--no-block", "--", unit)


def choice(setting: str) -> str:
    """Return the sink that a value of the option `dns` comes to on this machine."""
    return decide(setting, os.path.realpath(resolv_conf.PATH), resolvconf.installed)


def decide(setting: str, target: str, has_resolvconf: "Callable[[], bool]") -> str:
    """Return the sink for a value of the option, where resolv.conf is, or leads to, `target`."""
    if setting in (RESOLVED, RESOLVCONF, FILE, NONE):
        return setting
    if target.startswith(OF_RESOLVED):
        return RESOLVED
    return RESOLVCONF if has_resolvconf() else FILE


def _publish_to(sink: str, bond: str) -> None:
    found = records.read(bond)
    if sink == RESOLVED:
        resolved.publish(bond, _servers(found), _domains(found))
    elif sink == RESOLVCONF:
        metric = records.settings(bond).metric
        resolvconf.publish(bond, _servers(found), _domains(found), metric)
    elif sink == FILE:
        found = [record for name in _sharing(bond) for record in records.read(name)]
        resolv_conf.publish(_servers(found), _domains(found))


def _retract(sink: str, bond: str) -> None:
    """Take a bond's names out of where they went before."""
    if sink == RESOLVED:
        resolved.publish(bond, (), ())
    elif sink == RESOLVCONF:
        resolvconf.publish(bond, (), ())
    elif sink == FILE:
        others = [name for name in _sharing(bond) if name != bond]
        found = [record for name in others for record in records.read(name)]
        resolv_conf.publish(_servers(found), _domains(found))


def _sharing(bond: str) -> list[str]:
    """Return the bonds whose names go to the file, this one included, in their order."""
    ordered = []
    for name in _bonds():
        settings = records.settings(name)
        if name == bond or choice(settings.sink) == FILE:
            ordered.append((settings.metric, name))
    return [name for _, name in sorted(ordered)]


def _bonds() -> list[str]:
    """Return the bonds that run."""
    names = os.listdir(runtime.FOLDER)
    return [name for name in names if os.path.isdir(runtime.path(name))]


def _servers(found: "Sequence[Record]") -> tuple[str, ...]:
    return records.union(server for record in found for server in record.servers)


def _domains(found: "Sequence[Record]") -> tuple[str, ...]:
    return records.union(domain for record in found for domain in record.domains)


def _locked() -> "TextIOWrapper":
    """Wait until no other process publishes; `with` ends that."""
    return runtime.lock(os.path.join(runtime.FOLDER, "dns.lock"))
