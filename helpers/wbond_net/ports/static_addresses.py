# SPDX-License-Identifier: LGPL-2.1-or-later
"""The addresses and default routes that the configuration gives a bond: set, and changed in use.

What wbond has set is noted in /run/wbond/BOND/static, so that nothing else is taken away; all of
it goes with the bond. Announcing them is the kernel's: at a failover the bonding driver notifies
peers (NETDEV_NOTIFY_PEERS), upon which inetdev_send_gratuitous_arp(), net/ipv4/devinet.c, and
ndisc_send_unsol_na(), net/ipv6/ndisc.c, announce every address of the bond.
"""

import _socket

from wbond import addresses as texts

from wbond_net import files, runtime
from wbond_net.kernel import addresses, routes, sysctl
from wbond_net.kernel.command import attempt
from wbond_net.ports import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Address = tuple[int, bytes, int]  # family, octets, prefix length
    Route = tuple[int, bytes, int]  # family, gateway, metric

IPV4, IPV6 = _socket.AF_INET, _socket.AF_INET6


def wanted(environ: "Mapping[str, str]") -> "tuple[list[Address], list[Route]]":
    """Return what the unit's environment says, in its order: of the addresses in one network the
    first is the source of what the host sends (inet_select_addr()).

    Raises ValueError for what is no address.
    """
    metric = environ.get("METRIC", "")
    gateways = map(texts.parse, environ.get("GATEWAY", "").split())
    return (
        [texts.split(text) for text in environ.get("ADDRESS", "").split()],
        [
            (family, octets, int(metric) if metric else routes.METRIC[family])
            for family, octets in gateways
        ],
    )


def settle(bond: str, environ: "Mapping[str, str]") -> None:
    """Have the bond, which is up, have exactly these beside what is not wbond's.

    What is new comes before what has had its day goes, so that a connection that may go on does.
    One that the kernel refuses is told, and costs no other. Raises KernelError, ValueError.
    """
    own, through = wanted(environ)
    former_own, former_through = _noted(bond)
    _prepare(bond, own)
    gone = former_own.difference(own)
    gone -= _with_another_prefix(bond, gone, own)
    there, led = addresses.present(bond), routes.present_defaults(bond)
    added = [item for item in own if item not in there and attempt(addresses.add, bond, *item)]
    entered = [
        item for item in through if item not in led and attempt(routes.add_default, bond, *item)
    ]
    for route in former_through.difference(through):
        attempt(routes.delete_default, bond, *route)
    for address in gone:
        attempt(addresses.delete, bond, *address)
    _note(
        bond,
        former_own.intersection(own).union(added),
        former_through.intersection(through).union(entered),
    )


def _with_another_prefix(bond: str, gone: "set[Address]", own: "list[Address]") -> "set[Address]":
    """Take those IPv6 addresses away that stay with another prefix length; returns them.

    IPv6 has an address once, whatever its prefix length (ipv6_add_addr()).
    """
    staying = {octets for family, octets, _ in own if family == IPV6}
    return {
        address
        for address in gone
        if address[1] in staying and attempt(addresses.delete, bond, *address)
    }


def _prepare(bond: str, own: "list[Address]") -> None:
    """Let IPv6 addresses be used at once, and IPv4 ones outlast the one that came before them.

    An IPv4 address in the network of an earlier one would go with that, which may be a lease's
    (__inet_del_ifa()).
    """
    families = {family for family, *_ in own}
    if IPV6 in families:
        for setting in ("optimistic_dad", "use_optimistic"):
            attempt(sysctl.write, "ipv6", bond, setting, "1")
    if IPV4 in families:
        attempt(sysctl.write, "ipv4", bond, "promote_secondaries", "1")


def _noted(bond: str) -> "tuple[set[Address], set[Route]]":
    """Return what has been set, of lines `address IP/LENGTH` and `route IP METRIC`."""
    own: set[Address] = set()
    through: set[Route] = set()
    for line in record.text(runtime.path(bond, runtime.STATIC)).splitlines():
        kind, *words = line.split()
        if kind == "address":
            own.add(texts.split(words[0]))
        else:
            through.add((*texts.parse(words[0]), int(words[1])))
    return own, through


def _note(bond: str, own: "set[Address]", through: "set[Route]") -> None:
    lines = [f"address {_text(family, octets)}/{length}" for family, octets, length in own]
    lines += [f"route {_text(family, octets)} {metric}" for family, octets, metric in through]
    text = "".join(f"{line}\n" for line in sorted(lines))
    attempt(files.write, runtime.path(bond, runtime.STATIC), text)


def _text(family: int, octets: bytes) -> str:
    return _socket.inet_ntop(family, octets)
