# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where a radio that joins is to look first: on the channels of the bond's other radios.

A scan of all channels takes seconds, mostly on those where a radio may only
listen; a network that another radio is associated with is found in a tenth of one.
"""

import os
import re

from wbond_net.kernel import link

RUNTIME = "/run/wbond"
# Allowed wherever 2.4 GHz is. With them the list always holds a channel that may be
# scanned: wpa_supplicant tries a refused initial scan again for ever.
SURE = (2412, 2437, 2462)  # MHz
_IN_USE = re.compile(
    r"^\tInterface (.+)\n(?:\t\t.*\n)*?\t\tchannel \d+ \((\d{1,6}) MHz\)", re.MULTILINE
)
_ALLOWED = re.compile(r"^\t\* (\d{1,6}) MHz \[\d+\] *$", re.MULTILINE)


def overrides(bond: str, port: str, common: str) -> str:
    """Return the file that wpa_supplicant is to read behind the user's own.

    That is `common`, or a copy of it that says where to look first.
    """
    wanted = initial(bond, port)
    if not wanted:
        return common
    path = os.path.join(RUNTIME, bond, f"{port}.conf")
    try:
        with open(common, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"{text}initial_freq_list={' '.join(map(str, wanted))}\n")
    except OSError as fault:
        link.say(f"{path}: {fault.strerror}; {port} scans all channels at once")
        return common
    return path


def initial(bond: str, port: str) -> list[int]:
    """Return the frequencies (MHz) for the first scan; none for one of all channels."""
    radios = {name for name in link.ports(bond) if link.exists(f"{name}/phy80211")} - {port}
    if not radios:
        return []
    found = _IN_USE.findall(link.output("iw", "dev"))
    used = {int(frequency) for name, frequency in found if name in radios}
    if not used:
        return []
    phy = link.attribute(port, "phy80211/name")
    allowed = set(map(int, _ALLOWED.findall(link.output("iw", "phy", phy, "channels"))))
    if not allowed.issuperset(SURE) or used.isdisjoint(allowed):
        return []
    return sorted((used & allowed).union(SURE))
