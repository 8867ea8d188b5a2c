# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ports that the helpers' tests share: a card and a radio, and the environment of their units."""

import re

from wbond_net.ports import port

from tests.conftest import REPOSITORY

TEMPLATE = (REPOSITORY / "units/bond0-supplicant@.service").read_text(encoding="utf-8")
ENVIRON = dict(re.findall(r"^Environment=(\w+)=(.*)$", TEMPLATE, re.MULTILINE)) | {"PRIORITY": "20"}
CARD, RADIO = "enp0s10", "wlp3s0"


def join(name: str = CARD, **environ: str) -> int:
    """Have a port join as its unit does."""
    return port.main(["join", "bond0", name], ENVIRON | environ)
