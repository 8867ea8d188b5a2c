# SPDX-License-Identifier: LGPL-2.1-or-later
"""wbond-watch [OPTION VALUE]… BOND: reports on a bond, and speeds up failover.

Options, each may be given more than once but --runtime:
  --start UNIT     started when the bond is first operational; told to ask again when it may be in
                   another network, and the IPv6 routers are solicited
  --refresh UNIT   reloaded when the bond's MAC address is no longer the one that DHCPv4's client
                   knows
  --dhcp4 TEMPLATE --start and --refresh for the bond's instance of a unit, or `none`
  --dhcp6 TEMPLATE --start for the bond's instance of a unit, as far as the routers have hosts ask
                   by DHCPv6; or `none`
  --mac POLICY     the bond's `mac`; if it names an interface, the ports are aligned to that
  --path POLICY    `proof`: ports are to prove that they lead to the router; `link`, the default
  --reselect WHEN  the bond's `primary_reselect`; with any but `always`, the default, a better port
                   does not get the traffic back
  --runtime DIR    what outlives the watch stands in DIR/BOND; /run/wbond

Memory counts: imports are few.
"""

from __future__ import annotations

import os
import sys

from wbond import escape, units

from wbond_net import runtime
from wbond_net.clients import notes
from wbond_net.kernel import bpf, rtnetlink
from wbond_net.watch import clients, names, network
from wbond_net.watch.alignment import Alignment
from wbond_net.watch.claims import Claims
from wbond_net.watch.clients import Clients
from wbond_net.watch.failover import Failover
from wbond_net.watch.host import Host
from wbond_net.watch.journal_events import Report
from wbond_net.watch.loop import Watch, run, stop_descriptor
from wbond_net.watch.names import Names
from wbond_net.watch.network import Network
from wbond_net.watch.path.duty import Path
from wbond_net.watch.reopen import Reopen
from wbond_net.watch.routers import Routers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from wbond_net.named_tuple import NamedTuple

# Groups of netlink, for the duty that follows paths. A router's advertisements refresh addresses of
# IPv6 again and again, and these tell it nothing.
PATHS = rtnetlink.NEIGHBOURS | rtnetlink.ROUTES | rtnetlink.IPV4_ADDRESSES
USAGE = "usage: wbond-watch [--start UNIT] [--refresh UNIT] [--dhcp4 TEMPLATE] [--dhcp6 TEMPLATE]…"
NO_JOURNAL = (
    "python3-systemd is not installed; the watch does all but write to the journal, "
    "so that wbond log and wbond status know nothing of what happens from now on"
)


class Options(NamedTuple):
    """The command line."""

    bond: str
    start: tuple[str, ...] = ()
    refresh: tuple[str, ...] = ()
    advertised: str = ""
    runtime: str = runtime.FOLDER
    mac: str = "active"
    proof: bool = False
    returns: bool = True


def parse(arguments: list[str]) -> Options:
    """Return the options; the last argument is the bond, whatever its name. Raises ValueError."""
    if len(arguments) % 2 == 0:
        raise ValueError("one bond must be named, and each option takes one value")
    bond = arguments[-1]
    start, refresh, advertised = [], [], ""
    said = {
        "--runtime": runtime.FOLDER,
        "--mac": "active",
        "--path": "link",
        "--reselect": "always",
    }
    for option, value in zip(arguments[:-1:2], arguments[1:-1:2], strict=True):
        if option in ("--dhcp4", "--dhcp6"):
            if value == "none":
                continue
            unit = units.instance(value, bond)
            if option == "--dhcp4":
                refresh.append(unit)
            else:
                advertised = unit
            start += [unit] if unit not in start else []
        elif option == "--start":
            start.append(value)
        elif option == "--refresh":
            refresh.append(value)
        elif option in said:
            said[option] = value
        else:
            raise ValueError(f"no such option: {option}")
    return Options(
        *(bond, tuple(start), tuple(refresh), advertised, said["--runtime"], said["--mac"]),
        proof=said["--path"] == "proof",
        returns=said["--reselect"] == "always",
    )


def watch(options: Options, host: Host) -> Watch:
    """Return the watch with its duties, the most urgent first.

    Moving the active port comes first, telling before what may take longer. What outlives a
    watch is read here.
    """
    folder = os.path.join(options.runtime, options.bond)
    marker = _kept(host, os.path.join(folder, clients.MARKER))
    record = _kept(host, os.path.join(folder, network.RECORD))
    advertised = _kept(host, os.path.join(folder, names.RECORD))
    asked = (_kept(host, os.path.join(folder, notes.ASKED_FILE)) or "").strip()
    numbered = Network(record)
    duties = (
        Failover(),
        *([Path(options.returns, bool(options.start))] if options.proof else ()),
        Claims(),
        Reopen(),
        Report(),
        Names(advertised),  # before those who ask anew: their answers are new
        Clients(options.start, options.refresh, marker, options.advertised, asked),
        Routers(),
        Alignment(options.bond, options.mac),
        numbered,
    )
    return Watch(options.bond, folder, host, duties, numbered)


def _kept(host: Host, path: str) -> str | None:
    """Return the text of a file, None if there is none, and nothing where it cannot be read."""
    try:
        return host.read(path)[0]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return ""


def main(arguments: list[str]) -> int:
    """Entry point; returns 0 when told to stop or when the bond is gone.

    1 when there is no such bond to watch, 2 when called wrongly.
    """
    try:
        options = parse(arguments)
    except ValueError as error:
        sys.stderr.write(f"{escape.printable(str(error))}\n{USAGE}\n")
        return 2
    stop = stop_descriptor()
    host = Host()
    if not host.has_journal:
        sys.stderr.write(f"{NO_JOURNAL}\n")
    groups = rtnetlink.LINKS | rtnetlink.ADVERTISED | rtnetlink.ROUTER_FLAGS
    netlink = rtnetlink.Socket(groups | (PATHS if options.proof else 0))
    watching = watch(options, host)
    try:
        watching.synchronise(netlink.consistent(netlink.links))
        if options.proof:
            netlink.hear_only(bpf.neighbours_of(watching.index))
    except LookupError as error:
        sys.stderr.write(f"{error.args[0]}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"cannot read the interfaces: {error.strerror}\n")
        return 1
    run(watching, netlink, stop)
    try:
        host.notify("STOPPING=1")
    except OSError:
        pass  # systemd does not listen; it only shows what it is told
    return 0
