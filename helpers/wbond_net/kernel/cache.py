# SPDX-License-Identifier: LGPL-2.1-or-later
"""Links and addresses as of now: read once, then kept by the kernel's reports."""

from wbond_net.kernel import rtnetlink
from wbond_net.kernel.rtnetlink import Address, Event, Link


class Cache:
    """All links by index, and all IP addresses."""

    def __init__(self, netlink: rtnetlink.Socket) -> None:
        """Read both. Raises OSError."""
        self._netlink = netlink
        self.links: dict[int, Link] = {}
        self.addresses: dict[tuple[int, int, bytes, int], Address] = {}
        self._lost = False  # reports, so that what comes next cannot be applied
        self._read()

    def update(self) -> None:
        """Apply what the kernel has reported since; after lost reports, read both again.

        Raises OSError where that fails; the next call tries it again.
        """
        try:
            for event in self._netlink.events():
                self.apply(event)
        except rtnetlink.Overrun:
            self._lost = True
        if self._lost:
            self._read()

    def apply(self, event: Event) -> None:
        """Apply one report."""
        what = event.what
        if isinstance(what, Link):
            self.links.pop(what.ifindex, None)
            if not event.gone:
                self.links[what.ifindex] = what
        elif isinstance(what, Address):
            self.addresses.pop(_key(what), None)
            if not event.gone:
                self.addresses[_key(what)] = what

    def _read(self) -> None:
        self.links, addresses = self._netlink.consistent(
            lambda: (self._netlink.links(), self._netlink.addresses())
        )
        self.addresses = {_key(found): found for found in addresses}
        self._lost = False


def _key(address: Address) -> tuple[int, int, bytes, int]:
    return (address.ifindex, address.family, address.octets, address.prefixlen)
