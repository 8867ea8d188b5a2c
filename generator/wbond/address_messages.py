# SPDX-License-Identifier: LGPL-2.1-or-later
"""The words for what may be wrong with addresses, gateways and metrics, see wbond.messages."""

from wbond.message import ERROR, Message

MESSAGES = {
    "not-an-address": Message(
        ERROR,
        "'{value}' is not an IP address with its prefix length, such as 192.0.2.10/24",
        "",
        "Write address, slash and prefix length: 192.0.2.10/24, 2001:db8::10/64.",
    ),
    "address-without-prefix": Message(
        ERROR,
        "'{value}' has no prefix length, so that its network is not known",
        "",
        "Write how many bits are the network's: mostly 192.0.2.10/24 in IPv4, 2001:db8::10/64 in "
        "IPv6.",
    ),
    "not-a-prefix-length": Message(
        ERROR,
        "'{value}' has no prefix length from 1 to {high} behind the slash",
        "",
        "Write how many bits are the network's: 24 for the mask 255.255.255.0, mostly 64 in IPv6.",
    ),
    "address-with-comma": Message(
        ERROR,
        "'{value}' has a comma, which is no part of an address",
        "",
        "Separate the addresses by blanks alone.",
    ),
    "address-with-zone": Message(
        ERROR,
        "'{value}' names an interface, which is always the bond",
        "",
        "Write the address without the % and what is behind it.",
    ),
    "address-mapped": Message(
        ERROR,
        "'{value}' is the IPv4 address {own}, as programs write one within IPv6",
        "",
        "Write it as an IPv4 address, with the prefix length that it has there.",
    ),
    "address-of-no-host": Message(
        ERROR,
        "'{value}' is no address that one host in a network can have",
        "",
        "Write the address that the network's administrator has given to this host.",
    ),
    "address-of-network": Message(
        ERROR,
        "'{value}' is the network itself, not a host in it",
        "",
        "Write the host's whole address, such as 192.0.2.10/24 in 192.0.2.0/24.",
    ),
    "address-of-broadcast": Message(
        ERROR,
        "'{value}' is the broadcast address of its network",
        "",
        "Write the host's own address, or correct the prefix length.",
    ),
    "address-twice": Message(
        ERROR,
        "'{value}' is there already",
        "",
        "Name it once, with the one prefix length of its network.",
    ),
    "address-of-another-bond": Message(
        ERROR,
        "'{value}' is already an address of {owner}",
        "",
        "Give each bond addresses of its own.",
    ),
    "not-a-gateway": Message(
        ERROR,
        "'{value}' is not the IP address of a router, such as 192.0.2.1",
        "",
        "Write the router's address: 192.0.2.1, 2001:db8::1 or fe80::1.",
    ),
    "gateway-with-prefix": Message(
        ERROR,
        "'{value}' has a prefix length, which a router's address does not have here",
        "",
        "Write the address alone.",
    ),
    "second-gateway": Message(
        ERROR,
        "'{value}' is a second gateway of its family, and there can be one",
        "",
        "Name one for IPv4 and one for IPv6.",
    ),
    "gateway-off-link": Message(
        ERROR,
        "'{value}' is in the network of no `address` of this bond, so that nothing reaches it",
        "",
        "Correct the gateway, or the prefix length of the address; the gateway of a DHCP server "
        "or an IPv6 router needs no line.",
    ),
    "gateway-is-own-address": Message(
        ERROR,
        "'{value}' is an `address` of this bond itself",
        "",
        "Write the router's address, which is another one.",
    ),
    "metric-of-another-bond": Message(
        ERROR,
        "'{value}' is already the metric of {owner}, and of two default routes with one metric "
        "the kernel refuses the second",
        "",
        "Give each bond a metric of its own, the preferred one the lowest; or none, for the order "
        "of the sections.",
    ),
}
