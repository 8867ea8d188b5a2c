# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the journal is told of paths: why a port was left, or got the traffic back, or did not."""

from __future__ import annotations

import _socket

from wbond import escape

from wbond_net.kernel.frames import Answer
from wbond_net.kernel.routers import Router
from wbond_net.watch.duty import (
    Confirm,
    Effect,
    Hasten,
    Journal,
    Listen,
    ReadRouters,
    SetOption,
    SetPrio,
    WriteFile,
)
from wbond_net.watch.path.ports import PortPath

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def left(former: PortPath, to: PortPath, silent: float, routers: Iterable[Router]) -> Journal:
    """Return why a port is left; `silent` is in s."""
    named = " ".join(router.text for router in routers)
    milliseconds = round(silent * 1000)
    text = (
        f"leaves {former.port.label}, where no router has answered for {milliseconds} ms, for "
        f"{to.port.label}, where one has"
    )
    fields = {
        **_fields(to),
        **_former(former),
        "WBOND_ROUTER": named,
        "WBOND_SILENT_MS": str(milliseconds),
    }
    return Journal("path-left", text, fields)


def returned(path: PortPath, proven: bool) -> Journal:
    """Return why a better port gets the traffic back."""
    why = "it leads to the router" if proven else "it has a link, and there is no router to ask"
    return Journal("path-returned", f"prefers {path.port.label}: {why}", _fields(path))


def tried(former: PortPath, to: PortPath) -> Journal:
    """Return why another port is tried."""
    text = f"no address by {former.port.label}; tries {to.port.label}"
    return Journal("path-tried", text, {**_fields(to), **_former(former)})


def let_in(active: PortPath) -> Journal:
    """Return why the clients are to ask again, without another network."""
    text = f"{active.port.label} has been let in by its switch: the clients ask again"
    return Journal("path-let-in", text, _fields(active))


def too_many_moves(active: PortPath) -> Journal:
    """Return why a port is not left, though another one leads to the router."""
    text = f"stays with {active.port.label} for now: there were too many moves within a minute"
    return Journal("path-limited", text, _fields(active))


def nobody_answers(active: PortPath) -> Journal:
    """Return why a port stays active although no router answers."""
    text = f"stays with {active.port.label}: no router answers, on no port"
    return Journal("path-silent", text, _fields(active))


def answers_again(active: PortPath) -> Journal:
    """Return what ends that."""
    return Journal(
        "path-answers", f"a router answers again on {active.port.label}", _fields(active)
    )


def foreign(path: PortPath, answer: Answer) -> Journal:
    """Return why a port that stands by is not taken for one that leads to the router."""
    address = _address(answer.family, answer.octets)
    text = f"{path.port.label} leads elsewhere: there, {address} is {answer.mac}"
    return Journal("path-foreign", text, {**_fields(path), "WBOND_ROUTER": address})


def other_network(path: PortPath, answer: Answer) -> Journal:
    """Return why the clients are to ask again."""
    address = _address(answer.family, answer.octets)
    text = f"{path.port.label} leads to another network: {address} is {answer.mac} now"
    return Journal("path-network", text, {**_fields(path), "WBOND_ROUTER": address})


def held(path: PortPath, seconds: float) -> Journal:
    """Return why a port that leads to the router does not get the traffic back."""
    text = (
        f"{path.port.label} leads to the router again, but was left often of late; it is asked "
        f"again in {round(seconds)} s"
    )
    return Journal("path-held", text, _fields(path))


def what(effect: Effect) -> str:
    """Say what could not be done."""
    if isinstance(effect, SetOption):
        return f"set {effect.option} to {escape.printable(effect.value.strip()) or 'none'}"
    if isinstance(effect, WriteFile):
        return f"write {effect.name}"
    texts = {
        SetPrio: "rank a port for the kernel",
        Hasten: "have the kernel notice silence sooner",
        ReadRouters: "read the routes",
        Confirm: "have the kernel ask a router",
        Listen: "listen on the ports",
    }
    return texts.get(type(effect), "look into the path")


def _fields(path: PortPath) -> dict[str, str]:
    return {
        "WBOND_PORT": escape.printable(path.port.link.name),
        "WBOND_PATH": path.state,
    }


def _former(path: PortPath) -> dict[str, str]:
    return {"WBOND_FORMER": escape.printable(path.port.link.name)}


def _address(family: int, octets: bytes) -> str:
    return _socket.inet_ntop(family, octets)
