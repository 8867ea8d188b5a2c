# SPDX-License-Identifier: LGPL-2.1-or-later
"""`make demo`: the main story with its times, in a virtual laptop with a real kernel."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import image
import stock
from laptop import BOND, CARD, DOCK_SECTION, FILES, RADIO, Laptop, install, resumed

STICK_MAC = "02:00:00:00:05:01"
CONFIGURATION = f"""[bond0]
wired = {CARD} en*
wireless = {RADIO} wl*
{DOCK_SECTION}"""


class Story:
    """Prints what happens, with the seconds since the beginning."""

    def __init__(self) -> None:
        self.start = time.monotonic()

    def __call__(self, text: str) -> None:
        print(f"{time.monotonic() - self.start:7.1f} s  {text}", flush=True)


def main() -> int:
    """Entry point; 0 when the story ended well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--release", choices=image.CHOICES, default=image.RELEASES[-1])
    release = parser.parse_args().release
    booted, story = stock.booted(release), Story()
    with (
        tempfile.TemporaryDirectory(prefix="wbond-demo-") as folder,
        resumed(release, Path(folder), booted) as laptop,
    ):
        return tell(laptop, story)


def tell(laptop: Laptop, story: Story) -> int:
    """Tell the story; returns 0 when no connection was lost."""
    drop_and_reboot(laptop, story)
    tcp, udp = laptop.traffic("tcp"), laptop.traffic("udp")
    story("a TCP stream and 200 UDP packets a second go out")
    time.sleep(3)
    cable_pulled(laptop, story)
    stick_and_dock(laptop, story)
    stream, flow = tcp.report(), udp.report()
    broken = stream["broken"] or "unbroken"
    story(f"TCP stream: {broken}, {stream['sent']} lines, longest pause {stream['silence_ms']} ms")
    story(
        f"UDP flow: {flow['lost']} of {flow['sent']} packets lost, "
        f"longest silence {flow['silence_ms']} ms"
    )
    print(laptop.bonding())
    return 1 if stream["broken"] else 0


def drop_and_reboot(laptop: Laptop, story: Story) -> None:
    """From a stock Debian to a bond with both ports."""
    debian = laptop.image.release
    story(f"a stock Debian ({debian}) is up; an access point and a switch with DHCP are there")
    story("make install")
    install(laptop)
    laptop.write_all(FILES | {"/etc/wbond.conf": CONFIGURATION})
    story("/etc/wbond.conf is dropped:")
    print("\n".join(f"{'':13}{line}" for line in CONFIGURATION.splitlines()))
    story("reboot")
    laptop.reboot()
    laptop.booted()
    laptop.wait_both()
    story(f"both ports are in {BOND}; leases: {laptop.address(4)}, {laptop.address(6)}")
    status(laptop, story)


def cable_pulled(laptop: Laptop, story: Story) -> None:
    """The main story: Wi-Fi is active while there is no cable."""
    laptop.cable.pull()
    story("the cable is pulled")
    laptop.wait_port(RADIO)
    time.sleep(3)
    status(laptop, story)
    laptop.cable.plug()
    story("the cable is back")
    laptop.wait_port(CARD)
    time.sleep(3)
    status(laptop, story)


def stick_and_dock(laptop: Laptop, story: Story) -> None:
    """Hardware comes and goes."""
    laptop.radios.plug("stick", STICK_MAC)
    story("a Wi-Fi stick is plugged")
    laptop.wait_for("the stick in the bond", lambda: "wlan0" in laptop.ports())
    laptop.wait_for("the stick to associate", lambda: laptop.authorised("wlan0"), 90)
    status(laptop, story)
    laptop.cable.pull()
    laptop.run("systemctl", "stop", f"bond0-supplicant@{RADIO}.service")
    story("the cable is pulled, and the built-in radio's unit stopped: the stick is active")
    laptop.wait_port("wlan0")
    time.sleep(3)
    status(laptop, story)
    laptop.dock.plug()
    story("a dock with a cable is plugged")
    laptop.wait_for("the dock to take over", lambda: laptop.active_port() not in ("", "wlan0"))
    time.sleep(3)
    status(laptop, story)
    laptop.radios.pull("stick")
    story("the stick is pulled")
    laptop.wait_for("the bond without it", lambda: "wlan0" not in laptop.ports())
    time.sleep(2)
    status(laptop, story)


def status(laptop: Laptop, story: Story) -> None:
    """Say what the watch says."""
    story(laptop.show("wbond-watch@bond0.service", "StatusText"))


if __name__ == "__main__":
    sys.exit(main())
