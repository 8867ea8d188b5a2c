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
    "address": "Write it as address = 192.0.2.10/24: with the prefix length, several by blanks.",
    "gateway": "Write it as gateway = 192.0.2.1, beside the `address` in whose network it is.",
    "metric": "Write it as metric = 100, which holds for IPv4 and IPv6.",
    "nameservers": "Name the servers in `nameservers`, with blanks between.",
    "search": "Name the domains in `search`, with blanks between.",
}
# Each spelling without `_` and `-`.
_OPTIONS = {
    **dict.fromkeys(("primary", "primaryslave", "bondprimary", "activeslave"), "primary"),
    **dict.fromkeys(("slaves", "interfaces", "ports", "bondslaves", "bondports"), "slaves"),
    **dict.fromkeys(("arpinterval", "arpiptarget", "arpvalidate", "arpintervalsec"), "arp"),
    **dict.fromkeys(("failovermac", "failovermacpolicy"), "failovermac"),
    **dict.fromkeys(("ssid", "psk", "password", "passphrase", "keymgmt", "country"), "network"),
    **dict.fromkeys(("addresses", "address1", "ipaddress", "netmask", "ipv4.addresses"), "address"),
    **dict.fromkeys(("gateway4", "gateway6", "routers", "ipv4.gateway", "defaultgw"), "gateway"),
    **dict.fromkeys(("routemetric", "ipv4.routemetric", "ifmetric"), "metric"),
    **dict.fromkeys(("nameserver", "dnsnameservers", "dnsservers", "dnsserver"), "nameservers"),
    **dict.fromkeys(("dnssearch", "domain", "domains", "dnsdomain", "searchdomains"), "search"),
}


def remedy(option: str) -> str:
    """Return what to do instead of giving an option of another tool; nothing for any other."""
    kind = _OPTIONS.get(option.lower().replace("_", "").replace("-", ""), "")
    return _REMEDIES.get(kind, "")
