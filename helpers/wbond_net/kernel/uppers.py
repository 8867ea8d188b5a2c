# SPDX-License-Identifier: LGPL-2.1-or-later
"""The interfaces above another one: the bridge that it is a port of, the VLANs made of it."""

from __future__ import annotations

from wbond_net.kernel.rtnetlink import Link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# What is made of another interface, which IFLA_LINK names; a tunnel's is only its way out.
_MADE_OF = ("vlan", "macvlan", "ipvlan")


def above(lower: Link, links: Mapping[int, Link]) -> list[Link]:
    """Return the interfaces above `lower`, also those above these, nearest first.

    Its own network namespace alone: another one's index means nothing here.
    """
    found = [lower]
    for below in found:  # which grows
        found += [
            upper for upper in links.values() if _is_above(upper, below) and upper not in found
        ]
    return found[1:]


def _is_above(upper: Link, below: Link) -> bool:
    return below.master == upper.ifindex or (
        upper.kind in _MADE_OF and upper.lower == below.ifindex
    )
