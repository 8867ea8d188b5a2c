# SPDX-License-Identifier: LGPL-2.1-or-later
"""Options that other tools have, such as ifenslave, NetworkManager and netplan: what does it here.

Loaded only where something is wrong, as wbond.messages is.
"""

# What to do about them here.
_REMEDIES = {
    "primary": "Put the interface first in `wired`: the first one with a link is the active one.",
    "slaves": "Name the interfaces in `wired` and `wireless`.",
    "arp": "Remove the line: wbond has the kernel look at the link (miimon), as radios need.",
    "failovermac": "Say by `mac` which address the ports have; wbond sets fail_over_mac.",
    "network": "Write the network's name and password into wpa_supplicant.conf(5).",
    "static": "Remove the line: addresses come by DHCP and router advertisements.",
}
# Each spelling without `_` and `-`.
_OPTIONS = {
    **dict.fromkeys(("primary", "primaryslave", "bondprimary", "activeslave"), "primary"),
    **dict.fromkeys(("slaves", "interfaces", "ports", "bondslaves", "bondports"), "slaves"),
    **dict.fromkeys(("arpinterval", "arpiptarget", "arpvalidate", "arpintervalsec"), "arp"),
    **dict.fromkeys(("failovermac", "failovermacpolicy"), "failovermac"),
    **dict.fromkeys(("ssid", "psk", "password", "passphrase", "keymgmt", "country"), "network"),
    **dict.fromkeys(("gateway", "gateway4", "address", "addresses", "nameservers"), "static"),
}


def remedy(option: str) -> str:
    """Return what to do instead of giving an option of another tool; nothing for any other."""
    kind = _OPTIONS.get(option.lower().replace("_", "").replace("-", ""), "")
    return _REMEDIES.get(kind, "")
