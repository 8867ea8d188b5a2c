# SPDX-License-Identifier: LGPL-2.1-or-later
"""`wbond check` on NetworkManager.conf: whom a section means, and which line decides."""

from pathlib import Path

import pytest
from wbond_cli.check import networkmanager
from wbond_cli.check.context import gather
from wbond_cli.check.machine import Machine
from wbond_net.deployed import unit_tree

from tests.test_check import build, write

BOND, CABLE, RADIO = "bond0", "enp0s31f6", "wlp3s0"
MAC = "02:00:00:00:00:0a"


def managed(root: Path, **files: str) -> list[str]:
    """Return what NetworkManager manages by such files, as NAMES FILE:LINE."""
    build("good-with-networkmanager", root)
    cable = root / "sys/class/net" / CABLE
    write(cable / "address", MAC)
    write(cable / "addr_assign_type", "0")
    (cable / "device/driver").symlink_to("/sys/bus/pci/drivers/e1000e")
    for name, text in files.items():
        write(root / name, text)
    context = gather(Machine(str(root)), unit_tree.render_root(str(root))[0])
    told = networkmanager.devices(context)
    return [f"{d.text.split(' as well')[0].split(' manages ')[1]} {d.file}:{d.line}" for d in told]


@pytest.mark.parametrize(
    ("devices", "names"),
    [
        ("*", [BOND, CABLE, RADIO]),
        ("", []),
        ("*,except:interface-name:bond0", [CABLE, RADIO]),
        ("except:type:wifi ; except:interface-name:=bond0", [CABLE]),
        ("except:*", []),
        ("except:bond0", [BOND, CABLE, RADIO]),
        ("EXCEPT:Type:wifi", [BOND, CABLE]),
        (f"{CABLE};wlp4s0", [CABLE]),
        ("enp*", []),
        ("interface-name:enp?s31*", [CABLE]),
        ("interface-name:~wl*,", [RADIO]),
        ("interface-name:=wl*", []),
        ("interface-name:[ew]*", []),
        ("type:ethernet, type:bond", [BOND, CABLE]),
        ("type:gsm;dhcp-plugin:internal", []),
        (f"mac:{MAC.upper()}", [CABLE]),
        (MAC.replace(":", "-"), [CABLE]),
        ("mac:", []),
        ("driver:e1000e/*", [CABLE]),
        ("driver:e1000*;driver:", []),
        (f"*,except:mac:{MAC},except:driver:iwlwifi", [BOND, RADIO]),
    ],
)
def test_whom_a_section_of_networkmanager_s_means(
    devices: str, names: list[str], tmp_path: Path
) -> None:
    text = f"[device-x]\nmanaged=1\nmatch-device={devices}\n"
    told = managed(tmp_path, **{"etc/NetworkManager/conf.d/x.conf": text})
    where = " /etc/NetworkManager/conf.d/x.conf:2"
    assert told == ([", ".join(names) + where] if names else [])


ONE = f"match-device={CABLE}\nmanaged="


@pytest.mark.parametrize(
    ("main", "later", "line"),
    [
        (f"[device]\n{ONE}1\n", "", "NetworkManager.conf:3"),
        (f"[device]\n{ONE}1\nmanaged=off\n", "", ""),
        (f"[device-a]\n{ONE}True\n[device-b]\n{ONE}0\n", "", "NetworkManager.conf:3"),
        (f"[device]\n{ONE}1\n[device-b]\n{ONE}0\n", "", ""),
        (f"[device]\n{ONE}0\n[device-b]\n{ONE}yes\n", "", "NetworkManager.conf:6"),
        (f"[device-a]\n{ONE}1\n", f"[device-b]\n{ONE}0\n", ""),
        (f"[device-a]\n{ONE}0\n", f"[device-b]\n{ONE}on\n", "conf.d/x.conf:3"),
        (f"[device-a]\n{ONE}0\n", "[device-a]\nmanaged=1\n", "conf.d/x.conf:2"),
        (f"[device-a]\n{ONE}1\n", "[device-a]\nmatch-device=eth9\n", ""),
        (
            "[device-a]\nmatch-device=x\nmanaged=1\n",
            f"[device-a]\nmatch-device+={CABLE}\n",
            "NetworkManager.conf:3",
        ),
        (f"[device]\n{ONE}1\n", "[device-b]\nstop-match=1\n", ""),
        (
            f"[device]\n{ONE}1\n",
            "[device-b]\nmatch-device=x\nstop-match=1\n",
            "NetworkManager.conf:3",
        ),
        (f"[device]\n{ONE}1\n", "[keyfile]\nunmanaged-devices=*,except:type:wifi\n", ""),
        (
            f"[device]\n{ONE}1\n",
            "[.config]\nenable=0\n[device-b]\nmanaged=0\n",
            "NetworkManager.conf:3",
        ),
        (f"[device]\n{ONE}maybe\n", "", ""),
        (f"[connection]\n{ONE}1\n", "", ""),
    ],
)
def test_which_line_of_networkmanager_s_decides(
    main: str, later: str, line: str, tmp_path: Path
) -> None:
    folder = "etc/NetworkManager"
    files = {f"{folder}/NetworkManager.conf": main, f"{folder}/conf.d/x.conf": later}
    told = managed(tmp_path, **files)
    assert told == ([f"{CABLE} /{folder}/{line}"] if line else [])
