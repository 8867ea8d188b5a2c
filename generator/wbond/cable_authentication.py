# SPDX-License-Identifier: LGPL-2.1-or-later
"""802.1X on a cable: what a port's section has to say for wpa_supplicant to authenticate it.

Loaded only where a section describes a cable.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from wbond.ini import Option, Section

DRIVER = "wired"  # wpa_supplicant's; it has another one for MACsec
_OPTIONS = ("supplicant_conf", "supplicant_driver")


def settings(
    section: "Section", sections: "Mapping[str, Section]", read: "Mapping[str, str]"
) -> dict[str, str]:
    """Return what is said of a cable's authentication: nothing without a `supplicant_conf` of it.

    `read` are the good values of the port, the inherited ones among them. What a
    bond's section or [DEFAULT] says of wpa_supplicant is said of radios.
    """
    sources = [sections[name] for name in (section.name, *section.parents) if name in sections]
    own = {name for source in sources if "/" in source.name for name in _given(source.options)}
    said = {name: read[name] for name in _OPTIONS if name in own and name in read}
    return {"supplicant_driver": DRIVER, **said} if "supplicant_conf" in said else {}


def _given(options: "Mapping[str, Option]") -> "list[str]":
    """Return the names of the options that a section gives, also of those for one host."""
    return [name.partition("[")[0] for name in options]
