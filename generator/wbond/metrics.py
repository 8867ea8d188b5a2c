# SPDX-License-Identifier: LGPL-2.1-or-later
"""The metrics of several bonds: of default routes with the same one the kernel refuses the second.

Loaded only where there are several.
"""

from wbond import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wbond.config import Bond

# Of the second bond, and from one to the next. Above what a bond without any may have: 0 in IPv4,
# 1024 in IPv6 (IP6_RT_PRIO_USER), and 1000 and the interface's index by dhcpcd.
FIRST, STEP = 2000, 1000


def distinguish(bonds: "Mapping[str, Bond]") -> "Iterator[tuple[str, ConfigError]]":
    """Set `metric` of each bond but the first where the file does not, and yield what is wrong.

    That is a bond, by its name, with the metric of another one, which loses it.
    """
    owners: dict[str, str] = {}
    for bond in bonds.values():
        metric = bond.settings.get("metric", "")
        if metric in owners:
            del bond.settings["metric"]
            yield bond.name, ConfigError("metric-of-another-bond", owner=owners[metric])
        elif metric:
            owners[metric] = bond.name
    free = FIRST
    for bond in list(bonds.values())[1:]:
        while str(free) in owners:
            free += STEP
        if "metric" not in bond.settings:
            bond.settings["metric"] = str(free)
            owners[str(free)] = bond.name
