# SPDX-License-Identifier: LGPL-2.1-or-later
"""What only looks like a cable: network cards behind which no network of the place lies.

They have a link whenever they are there, so that no radio would be used beside them. No glob
takes one; a literal name or a section `[BOND/NAME]` does. Drivers by which real docks come too
are here together with USB ids alone: cdc_ether (Microsoft's Surface Dock) and cdc_ncm (docks by
DisplayLink, 17e9:*, and adapters by ASIX and Realtek that their own drivers do not know yet).
r8152, ax88179_178a and their like are never here.
"""

from wbond.escape import fits

# Driver, USB ids as lsusb(8) shows them, what it is. Sources: the comments, and usb.ids.
ENTRIES = (
    # drivers/net/usb/ipheth.c: its table has Apple's phones and tablets alone.
    ("ipheth", "*", "an iPhone or iPad"),
    # drivers/net/usb/rndis_host.c: Microsoft's protocol, which phones, modems, gadgets and
    # Supermicro's management controllers (0b1f:03ee) speak, and no dock.
    ("rndis_host", "*", "a phone, modem or gadget that speaks RNDIS"),
    # Phones that share their connection by NCM, as Android 13 and later have it: the
    # numbers for "tether" of android-udev-rules and usb.ids.
    ("cdc_*", "18d1:4e*", "a phone by Google"),
    ("cdc_*", "04e8:68*", "a phone by Samsung"),
    ("cdc_*", "22b8:2e*", "a phone by Motorola"),
    ("cdc_*", "2717:ff*", "a phone by Xiaomi"),
    # An iPhone that usbmuxd has put into another mode asks for an address and gives none
    # (libimobiledevice/usbmuxd, pull request 242).
    ("cdc_ncm", "05ac:12*", "an iPhone or iPad"),
    # wiki.t2linux.org, "Post-install": leads to the security chip, for its services alone.
    ("*", "05ac:8233", "the T2 chip of a Mac"),
    # Management controllers of servers; the addresses behind are theirs.
    ("*", "046b:ffb0", "a server's management controller (American Megatrends)"),
    ("*", "0b1f:03ee", "a server's management controller (Insyde)"),
    ("*", "413c:a102", "a server's management controller (Dell iDRAC)"),  # 20-net-ifname.hwdb
    ("*", "04b3:4010", "a server's management controller (IBM IMM, Lenovo XCC)"),
    # Another computer that plays a network card: drivers/usb/gadget/legacy/ether.c, ncm.c,
    # cdc2.c, multi.c.
    ("*", "0525:a4a1", "a Linux USB gadget"),
    ("*", "0525:a4a2", "a Linux USB gadget"),
    ("*", "0525:a4aa", "a Linux USB gadget"),
    ("*", "1d6b:0102", "a Linux USB gadget"),
    ("*", "1d6b:0103", "a Linux USB gadget"),
    ("*", "1d6b:0104", "a Linux USB gadget"),
    # Links from computer to computer: drivers/net/usb/Kconfig; systemd's
    # 82-net-auto-link-local.rules for Thunderbolt.
    ("plusb", "*", "a USB cable to another computer"),
    ("net1080", "*", "a USB cable to another computer"),
    ("gl620a", "*", "a USB cable to another computer"),
    ("cdc_subset", "*", "a USB cable to another computer"),
    ("thunderbolt-net", "*", "a Thunderbolt cable to another computer"),
)


def name(driver: str, usb: str) -> str:
    """Return what a cable's card is that only looks like one, by its driver and its USB ids.

    Nothing for any other. Either may be empty, where a device has no such thing.
    """
    for known_driver, known_usb, what in ENTRIES:
        if fits(driver, known_driver) and fits(usb, known_usb):
            return what
    return ""
