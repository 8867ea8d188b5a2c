# SPDX-License-Identifier: LGPL-2.1-or-later
"""`wbond edit` on a terminal, and `wbond wait` in a script."""

from laptop import BOND, CONFIGURATION, Laptop

# The first time it writes what cannot be saved, then what can.
EDITOR = """#!/bin/sh
test -e /run/edited && value=50 || value=often
touch /run/edited
printf 'miimon = %s\\n' "$value" >/run/line
sed -i -e '/^miimon/d' -e '/^\\[bond0\\]/r /run/line' "$1"
"""
# script(1) gives it a terminal; what is written to the pipe is typed there.
SESSION = (
    "mkfifo /run/typed;"
    " EDITOR=/root/editor exec script -qec 'wbond edit --timeout 60' /dev/null <>/run/typed"
)


def test_an_error_is_edited_again_and_the_change_is_kept(own_laptop: Laptop) -> None:
    laptop = own_laptop
    laptop.wait_both()
    former = laptop.read(CONFIGURATION)
    laptop.write("/root/editor", EDITOR, 0o755)  # /run is mounted noexec
    tcp = laptop.traffic("tcp")
    session = laptop.spawn("sh", "-euc", SESSION)
    laptop.wait_for("the first edit", lambda: laptop.result("test", "-e", "/run/edited").rc == 0)
    # The terminal keeps it until the questions. The second is asked where check has a warning of
    # the machine; where it has none, the answer is neither yes nor no to the question of apply.
    laptop.shell("echo e >/run/typed; echo s >/run/typed")
    laptop.wait_for("the change", lambda: "Interval (ms): 50" in laptop.bonding())
    laptop.shell("echo y >/run/typed")
    edit = ("pgrep", "-f", "wbond edit")
    laptop.wait_for("the session to end", lambda: laptop.result(*edit).rc == 1)
    said = session.stop()
    assert f"{CONFIGURATION}:" in said
    assert "miimon: 'often'" in said
    assert f"{CONFIGURATION} is saved." in said
    assert "The new configuration is in force, and stays." in said
    assert laptop.read(CONFIGURATION) == former.replace(
        f"[{BOND}]\n", f"[{BOND}]\nmiimon = 50\n", 1
    )
    assert "wbond-edit-" not in laptop.run("ls", "/var/tmp")
    assert tcp.report()["broken"] == ""

    assert laptop.result("wbond", "wait", "--timeout", "60", "--quiet").rc == 0
    laptop.run("wbond", "down", "--yes", timeout=120)
    assert laptop.result("wbond", "wait").rc == 2
    assert laptop.result("wbond", "wait", BOND, "--timeout", "0").rc == 1
    laptop.spawn("sh", "-c", f"wbond wait {BOND} --timeout 90; echo $? >/run/waited")
    laptop.run("systemctl", "start", f"wbond@{BOND}.service")
    laptop.wait_for("wait to end", lambda: laptop.result("test", "-s", "/run/waited").rc == 0)
    assert laptop.read("/run/waited") == "0\n"
    assert laptop.result("wbond", "status").rc == 0
