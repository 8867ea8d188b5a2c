# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where a radio that joins is to look first: on the channels of the bond's other radios.

A scan of all channels takes seconds, mostly on those where a radio may only
listen; a network that another radio is associated with is found in a tenth of one.
"""

from wbond_net import files, runtime
from wbond_net.kernel import command, sysfs
from wbond_net.kernel.journal import say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Allowed wherever 2.4 GHz is. With them the list always holds a channel that may be
# scanned: wpa_supplicant tries a refused initial scan again for ever.
SURE = (2412, 2437, 2462)  # MHz
UNKNOWN = 0


def overrides(bond: str, port: str, common: str) -> str:
    """Return the file that wpa_supplicant is to read behind the user's own.

    That is `common`, or a copy of it that says where to look first; a cable looks nowhere.
    """
    wanted = initial(bond, port) if sysfs.is_radio(port) else []
    if not wanted:
        return common
    try:
        with open(common, encoding="utf-8") as file:
            text = file.read()
        path = runtime.made_path(bond, runtime.SCANS, f"{port}.conf")
        files.write(path, f"{text}initial_freq_list={' '.join(map(str, wanted))}\n")
    except OSError as error:
        say(f"{error.filename}: {error.strerror}; {port} scans all channels at once")
        return common
    return path


def initial(bond: str, port: str) -> list[int]:
    """Return the frequencies (MHz) for the first scan; none for one of all channels."""
    radios = {name for name in sysfs.ports(bond) if sysfs.exists(f"{name}/phy80211")} - {port}
    if not radios:
        return []
    in_use = _in_use(command.output("iw", "dev"))
    used = {frequency for name, frequency in in_use if name in radios} - {UNKNOWN}
    if not used:
        return []
    phy = sysfs.attribute(port, "phy80211/name")
    allowed = _allowed(command.output("iw", "phy", phy, "channels"))
    if not allowed.issuperset(SURE) or used.isdisjoint(allowed):
        return []
    return sorted((used & allowed).union(SURE))


def _in_use(devices: str) -> "Iterator[tuple[str, int]]":
    """Yield interface and frequency of those that have a channel, from `iw dev`."""
    name = ""
    for line in devices.splitlines():
        if line.startswith("\tInterface "):
            name = line.removeprefix("\tInterface ")
        elif line.startswith("\t\tchannel "):
            yield name, _frequency(line.partition("(")[2])


def _allowed(channels: str) -> set[int]:
    """Return the frequencies that are not disabled, from `iw phy PHY channels`."""
    lines = [line for line in channels.splitlines() if line.rstrip().endswith("]")]
    found = {_frequency(line.removeprefix("\t* ")) for line in lines if line.startswith("\t* ")}
    return found - {UNKNOWN}


def _frequency(text: str) -> int:
    """Return the number before "MHz", UNKNOWN where there is none that a radio could have."""
    digits, unit, _ = text.partition(" MHz")
    valid = unit and digits.isascii() and digits.isdigit() and len(digits) <= 6
    return int(digits) if valid else UNKNOWN
