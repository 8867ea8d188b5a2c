# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks: services of others that hold up a boot, or use a radio that is a port."""

from collections.abc import Iterator

from wbond import escape
from wbond.message import NOTE, WARNING
from wbond_udev.match import WIRELESS, Facts

from wbond_cli.check import hardware, networkd
from wbond_cli.check.context import Context
from wbond_cli.check.diagnostics import Diagnostic
from wbond_cli.check.machine import Machine

_WAIT_ONLINE = "systemd-networkd-wait-online.service"
_TLP_OPTION = "DEVICES_TO_DISABLE_ON_LAN_CONNECT"


def wait_online(context: Context) -> Iterator[Diagnostic]:
    """systemd-networkd's wait for interfaces that it does not manage lasts two minutes.

    Not NetworkManager's: nm-online(1) --wait-for-startup returns where there is nothing to start.
    """
    machine = context.machine
    if _WAIT_ONLINE not in machine.enabled():
        return
    # A drop-in, netplan's for one, says what to wait for, or for how long.
    if any(machine.names(f"{base}/systemd/system/{_WAIT_ONLINE}.d") for base in ("etc", "run")):
        return
    own = context.interfaces()
    present = {adapter.facts.name: adapter.facts for adapter in context.adapters}
    others = set(machine.names(hardware.FOLDER)) - {"lo", "bonding_masters", *own}
    candidates = [present.get(name, Facts(name, "")) for name in sorted(others)]
    if not networkd.leaves_to_udev(machine):
        candidates += context.facts()
    if not any(networkd.file_for(machine, facts) for facts in candidates):
        text = f"{_WAIT_ONLINE} is enabled, and systemd-networkd manages no interface here: "
        text += "network-online.target comes two minutes late"
        remedy = f"Run `sudo systemctl disable {_WAIT_ONLINE}`; wbond waits for the bond itself."
        yield Diagnostic("wait-online-for-nothing", WARNING, text, remedy)


def netctl_profiles(context: Context) -> Iterator[Diagnostic]:
    """Profiles of netctl that are enabled and use a bond or a port (netctl.profile(5))."""
    enabled = set(context.machine.enabled())
    names = context.interfaces()
    for profile in context.machine.names("etc/netctl"):
        unit = f"netctl@{escape.unit_instance(profile)}.service"
        if unit not in enabled:
            continue
        for number, name in _interfaces(context.machine.read(f"etc/netctl/{profile}")):
            if name in names:
                text = f"netctl configures {name} as well, by this profile"
                remedy = f"Run `sudo systemctl disable '{unit}'`."
                file = f"/etc/netctl/{profile}"
                yield Diagnostic("netctl-configures", WARNING, text, remedy, file, number)


def _interfaces(profile: str) -> Iterator[tuple[int, str]]:
    """Yield the interfaces that a profile names, each with its line."""
    for number, line in enumerate(profile.splitlines(), 1):
        key, _, value = line.strip().partition("=")
        if key in ("Interface", "BindsToInterfaces"):
            for name in value.strip("()").split():
                yield number, name.strip("\"'")


def hostapd(context: Context) -> Iterator[Diagnostic]:
    """Access points of hostapd: on a port, or beside one on the same radio."""
    machine = context.machine
    radios = {name for name, kind in context.interfaces().items() if kind == WIRELESS}
    ports = {_phy(machine, name): name for name in sorted(radios) if _phy(machine, name)}
    for unit in sorted(set(machine.enabled())):
        path = _hostapd_file(unit)
        for number, line in enumerate(machine.read(path).splitlines() if path else (), 1):
            key, _, name = line.strip().partition("=")
            if key != "interface":
                continue
            if name in radios:
                text = f"hostapd makes {name} an access point, and it is a port"
                remedy = f"Run `sudo systemctl disable '{unit}'`, or give hostapd an interface of "
                remedy += f"its own: `iw dev {name} interface add ap0 type __ap`."
                yield Diagnostic("hostapd-uses-port", WARNING, text, remedy, f"/{path}", number)
            elif port := ports.get(_phy(machine, name)):
                text = f"hostapd has an access point, {name}, on the radio of {port}"
                remedy = f"Most radios are on one channel at a time: let it be that of {port}."
                yield Diagnostic("hostapd-beside-port", NOTE, text, remedy, f"/{path}", number)


def _hostapd_file(unit: str) -> str:
    """Return the file that a unit of hostapd reads, as Debian's and Arch's packages have it."""
    if unit == "hostapd.service":
        return "etc/hostapd/hostapd.conf"
    if unit.startswith("hostapd@"):
        return f"etc/hostapd/{unit.removeprefix('hostapd@').removesuffix('.service')}.conf"
    return ""


def _phy(machine: Machine, name: str) -> str:
    return machine.attribute(f"{hardware.FOLDER}/{name}/phy80211/index")


def tlp(context: Context) -> Iterator[Diagnostic]:
    """TLP's Radio Device Wizard (tlp-rdw) blocks Wi-Fi when a cable gets a link."""
    machine = context.machine
    if not machine.which("tlp-rdw") or not context.wants_radio():
        return
    folder = "etc/tlp.d"
    files = [f"{folder}/{name}" for name in machine.names(folder) if name.endswith(".conf")]
    last: tuple[str, int, str] = ("", 0, "")
    for path in (*files, "etc/tlp.conf"):  # the last one counts
        for number, line in enumerate(machine.read(path).splitlines(), 1):
            key, _, value = line.strip().partition("=")
            if key == _TLP_OPTION:
                last = path, number, value
    path, number, value = last
    if "wifi" in value.strip("\"'").split():
        text = "TLP blocks Wi-Fi while a cable has a link: no radio is ready when it is pulled"
        remedy = f"Take wifi out of {_TLP_OPTION}, or remove the package tlp-rdw."
        yield Diagnostic("tlp-blocks-radio", WARNING, text, remedy, f"/{path}", number)
