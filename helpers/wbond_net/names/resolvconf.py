# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sink `resolvconf`: openresolv's resolvconf(8) or Debian's, which merges what it is told."""

import os

from wbond_net.kernel.command import CommandError, run
from wbond_net.names.sink import Unreachable, program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def installed() -> bool:
    """Tell whether there is one; systemd-resolved has a program of this name that is none."""
    path = program("resolvconf")
    return bool(path) and os.path.basename(os.path.realpath(path)) != "resolvectl"


def publish(bond: str, servers: "Sequence[str]", domains: "Sequence[str]", metric: int = 0) -> None:
    """Tell it a bond's names, in place of the former ones. Raises Unreachable."""
    record = f"{bond}.wbond"
    lines = [f"search {' '.join(domains)}\n"] if domains else []
    lines += [f"nameserver {server}\n" for server in servers]
    if metric:
        os.environ["IF_METRIC"] = str(metric)  # openresolv's; Debian's has an order by names
    try:
        if lines:
            run("resolvconf", "-a", record, given="".join(lines))
        else:
            run("resolvconf", "-d", record)
    except CommandError as error:
        raise Unreachable(f"resolvconf has not taken the names: {error}") from None
