# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the watch tells: events for the journal, and the state in one line for the manager."""

from wbond import escape

from wbond_net.kernel.bond_state import Port, State
from wbond_net.watch.duty import Duty, Effect, Effects, Journal, Notify, View

# syslog(3) priorities
ERROR, WARNING, NOTICE, INFO = 3, 4, 5, 6

# WBOND_EVENT, the MESSAGE_ID that goes with it (journalctl MESSAGE_ID=…), and PRIORITY.
EVENTS = {
    "watching": ("e92675a14b084882bdffb67c0e558a91", INFO),
    "failover": ("ad157779b4634a8680b5b293306886f0", NOTICE),
    "active": ("7fd6f27ad7394b8e90ad4ef30e4d6f67", NOTICE),
    "no-carrier": ("cfa7c0beb2194d53baad6ff07b475fe9", WARNING),
    "port-joined": ("862abd1cf8a44c9f810c8ce0d57d96b1", INFO),
    "port-left": ("ef0efa0659c7466e869d26c8b80288b3", INFO),
    "port-renamed": ("46e0d6c29f7d462db85d9e3d6a8d2c32", INFO),
    "carrier-gained": ("bdaf9cc68c6448c1bad1cc84af437122", INFO),
    "carrier-lost": ("8d94c28ae0544f3581267f6cf4f87ac8", INFO),
    "authorised": ("0a8d15c7bfaf4c419a418c3c51dfb691", INFO),
    "address-changed": ("3b1a6391de9a40dd86b00f0857cad5c7", INFO),
    "bond-removed": ("94bab5dc79e94170bda83fb79f096105", NOTICE),
    "claimed": ("c9dffb3d7a834c289243b7cbf9776be2", INFO),
    "realigned": ("d2d185e4926842ffa5c750e67b4ac245", INFO),
    "clients-started": ("0e8d347db93f4883952dcf36affa9e1b", INFO),
    "reopened": ("e064527741eb4427ad02195af6bda82c", INFO),
    "routers-asked": ("4ab12b87d4fc4e14a4cbc2420faddc7c", INFO),
    "path-left": ("863a1b811015478bada2cdaa52c899e3", NOTICE),
    "path-returned": ("c7f95fae31594cbbb7cd0218515f0e7e", NOTICE),
    "path-silent": ("eaf40cff61a1419ab36b94b5b0bb2a9a", WARNING),
    "path-answers": ("a5cbe79bb7c843b3817b2e065941d7f2", INFO),
    "path-foreign": ("de63c6bc02034bd8aaceb769a237c35e", WARNING),
    "path-network": ("c741d3a4942b41baa15e14bc2916ae5a", NOTICE),
    "path-tried": ("447bfe70036045b09c9060114f479608", NOTICE),
    "path-let-in": ("4e1bb482314b495e9d8d1e56d5ff6c51", INFO),
    "path-limited": ("5b9c6150e263450aade984563944f710", WARNING),
    "path-held": ("b707498d0f40497f8352dc015b0d719f", INFO),
    "start-failed": ("4ed91f61b8974d6ea897efb27ba05b0a", ERROR),
    "refresh-refused": ("3bbd3dca727046e39f21256cde3b7ecb", INFO),
    "write-failed": ("d4e44888691a4d529f49999603f89d9b", WARNING),
    "duty-failed": ("d542153a834744848248b404a654323a", ERROR),
}


class Report(Duty):
    """Tells what has happened, and how the ports are."""

    def __init__(self) -> None:
        """Nothing has been told yet."""
        self._status = ""

    def changed(self, view: View) -> Effects:
        """Tell of each state since the last look, and of the present one to the manager."""
        effects: list[Effect] = []
        if len(view.states) == 1:
            effects.append(Journal("watching", status(view.state)))
        for former, state in zip(view.states, view.states[1:], strict=False):
            effects += changes(former, state)
        if status(view.state) != self._status:
            self._status = status(view.state)
            effects.append(Notify(f"STATUS={self._status}"))
        return effects


def changes(former: State, state: State) -> list[Journal]:
    """Return what a person may want to know about the way from one state to the next."""
    if state.bond is None:
        return [Journal("bond-removed", "is gone")] if former.bond else []
    found = []
    for index in {**former.ports, **state.ports}:
        found += _port_changes(former.ports.get(index), state.ports.get(index))
    found += _active_changes(former.active, state.active)
    if former.bond and former.address != state.address:
        found.append(_address_change(former.address, state.address))
    return found


def _port_changes(former: Port | None, port: Port | None) -> list[Journal]:
    if port is None:
        return [_about("port-left", former, "has left")] if former else []
    if former is None:
        return [_about("port-joined", port, "has joined")]
    found = []
    if former.link.name != port.link.name:
        found.append(_about("port-renamed", port, f"was {former.label} before", former))
    if former.has_carrier and not port.has_carrier:
        found.append(_about("carrier-lost", port, "has lost its carrier"))
    if port.has_carrier and not former.has_carrier:
        found.append(_about("carrier-gained", port, "has carrier"))
    if port.is_radio and port.is_operational and not former.is_operational:
        found.append(_about("authorised", port, "is authorised"))
    return found


def _active_changes(former: Port | None, active: Port | None) -> list[Journal]:
    if active is None:
        return [_no_carrier(former)] if former else []
    if former is None:
        return [_about("active", active, "is the active port")]
    if former.link.ifindex == active.link.ifindex:
        return []
    return [_about("failover", active, f"is the active port, instead of {former.label}", former)]


def _no_carrier(former: Port) -> Journal:
    return Journal(
        "no-carrier",
        f"no port has a link; the last was {former.label}",
        {"WBOND_FORMER": escape.printable(former.link.name)},
    )


def _address_change(former: str, address: str) -> Journal:
    return Journal(
        "address-changed",
        f"the MAC address is {address}, it was {former}",
        {"WBOND_ADDRESS": address, "WBOND_FORMER_ADDRESS": former},
    )


def _about(event: str, port: Port, text: str, former: Port | None = None) -> Journal:
    """Return an entry that concerns a port."""
    fields = {
        "WBOND_PORT": escape.printable(port.link.name),
        "WBOND_ADDRESS": port.link.address,
    }
    if former:
        fields["WBOND_FORMER"] = escape.printable(former.link.name)
    return Journal(event, f"{port.label} {text}", fields)


def status(state: State) -> str:
    """Return the state in one line for `systemctl status`, the active port first."""
    if not state.ports:
        return "no ports"
    active = state.active.link.ifindex if state.active else 0
    ports = sorted(state.ports.values(), key=lambda port: port.link.ifindex != active)
    parts = [f"{port.label} {_condition(port, port.link.ifindex == active)}" for port in ports]
    has_carrier = state.active is not None and state.active.has_carrier
    return "; ".join(parts if has_carrier else ["no port has a link", *parts])


def _condition(port: Port, active: bool) -> str:
    """Say in a few words how a port is."""
    if not port.has_carrier:
        return "has no carrier" if port.link.up else "is down"
    if not port.is_operational:
        waits = "is not authorised yet" if port.is_radio else "is not operational yet"
        return f"is active, but {waits}" if active else waits
    return "is active" if active else "stands by"
