# SPDX-License-Identifier: LGPL-2.1-or-later
"""netplan writes files and units of other programs below /run: to change them is of no use."""

import os

REMEDY = "Remove {name} from /etc/netplan/, then `sudo netplan apply`."


def remedy(path: str, name: str, otherwise: str) -> str:
    """Return what to do about a file that wants an interface, netplan's own or not."""
    own = path.startswith("/run/") and "netplan" in os.path.basename(path)
    return REMEDY.format(name=name) if own else otherwise
