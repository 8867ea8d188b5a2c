# SPDX-License-Identifier: LGPL-2.1-or-later
"""802.1X on the cable: a switch that lets nothing through before it knows who is there."""

import subprocess
import time
from pathlib import Path

import pytest
import switch
from guests import Resume
from laptop import CARD, CONFIGURATION, RADIO, Laptop
from paths import UNDER_WAY

# Each begins with the cable that the one before has left.
pytestmark = pytest.mark.in_order
UNIT = f"bond0-supplicant@{CARD}.service"
FILE = "/etc/wpa_supplicant/cable.conf"
CONFIG = f"""[bond0]
wireless = {RADIO}
[bond0/office]
kind = wired
match_name = {CARD}
supplicant_conf = {FILE}
"""
NETWORK = """ctrl_interface=DIR=/run/wpa_supplicant
network={{
    key_mgmt=IEEE8021X
    ca_cert="/etc/wpa_supplicant/ca.pem"
    domain_suffix_match="radius.example.org"
    eapol_flags=0
    {method}
}}
"""
BY_PASSWORD = 'eap=PEAP\n    phase2="auth=MSCHAPV2"\n    identity="me"\n    password="{}"'
BY_CERTIFICATE = """eap=TLS
    identity="laptop"
    client_cert="/etc/wpa_supplicant/laptop.pem"
    private_key="/etc/wpa_supplicant/laptop.key\""""
USERS = '* PEAP,TLS\n"me" MSCHAPV2 "right" [2]\n'
AUTHENTICATOR = """interface=far0
driver=wired
ctrl_interface=/run/lab/switch
ieee8021x=1
use_pae_group_addr=1
eap_server=1
eap_user_file=/root/switch/users
eap_reauth_period={seconds}
ca_cert=/root/switch/ca.pem
server_cert=/root/switch/radius.pem
private_key=/root/switch/radius.key
"""
# What the port has learned before would be let in for minutes.
LOCK = """
bridge -n switch link set dev far0 locked on learning off
ip -netns switch link set dev far0 type bridge_slave fdb_flush
"""
# What a switch does when hostapd has let a station in or turned it out.
PORT = """#!/bin/sh
case "$2" in
AP-STA-CONNECTED) bridge -n switch fdb replace "$3" dev far0 master static ;;
AP-STA-DISCONNECTED) bridge -n switch fdb del "$3" dev far0 master ;;
esac
"""
START = """
run="systemd-run --quiet --unit"
ask="hostapd_cli -p /run/lab/switch -i far0"
$run lab-switch ip netns exec switch hostapd /root/switch/hostapd.conf
until $ask ping; do sleep 0.1; done
$run lab-switch-port $ask -a /root/switch/port
# It may have let the laptop in before it was listened to.
until grep -q "wpa_ctrl_$(systemctl show -P MainPID lab-switch-port)-" /proc/net/unix; do
    sleep 0.1
done
for station in $($ask list_sta); do
    if $ask sta "$station" | grep -q AUTHORIZED; then
        /root/switch/port far0 AP-STA-CONNECTED "$station"
    fi
done
"""
# The switch forgets whom it has let in; its link stays up.
STOP = f"""
systemctl stop lab-switch-port lab-switch
bridge -n switch fdb del "$(cat /sys/class/net/{CARD}/address)" dev far0 master || true
"""


def certificates(folder: Path) -> dict[str, str]:
    """Make an authority and what it certifies, the server and the laptop; returns their files."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    made = ("openssl", "req", "-x509", *key, "-days", "3650")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "basicConstraints=CA:FALSE")
    for name, host in (("ca", "lab"), ("radius", "radius.example.org"), ("laptop", "laptop")):
        files = ("-out", f"{name}.pem", "-keyout", f"{name}.key", "-subj", f"/CN={host}")
        certified = () if name == "ca" else (*signed, "-addext", f"subjectAltName=DNS:{host}")
        subprocess.run([*made, *files, *certified], cwd=folder, check=True, capture_output=True)
    return {file.name: file.read_text() for file in folder.glob("*.*")}


@pytest.fixture(scope="module")
def laptop(resume: Resume, tmp_path_factory: pytest.TempPathFactory) -> Laptop:
    """A laptop on the radio, whose cable leads to a switch that has locked its port."""
    laptop = resume()
    switch.put(laptop)
    laptop.run("mkdir", "/root/switch")
    made = certificates(tmp_path_factory.mktemp("certificates"))
    for name in ("ca.pem", "radius.pem", "radius.key"):
        laptop.write(f"/root/switch/{name}", made[name])
    for name in ("ca.pem", "laptop.pem", "laptop.key"):
        laptop.write(f"/etc/wpa_supplicant/{name}", made[name], 0o600)
    laptop.write("/root/switch/users", USERS)
    laptop.write("/root/switch/hostapd.conf", AUTHENTICATOR.format(seconds=0))
    laptop.write("/root/switch/port", PORT, 0o755)
    # A guest that was saved has the time of then, when no certificate of today is valid.
    laptop.run("date", "--set", f"@{time.time():.0f}")
    laptop.shell(LOCK)
    laptop.shell(START)
    return laptop


def say(laptop: Laptop, method: str) -> None:
    laptop.write(FILE, NETWORK.format(method=method), 0o600)


def journal(laptop: Laptop) -> str:
    return laptop.journal("-t", "wbond-watch")


def successes(laptop: Laptop) -> int:
    return laptop.journal("-u", UNIT).count("CTRL-EVENT-EAP-SUCCESS")


def forget(laptop: Laptop) -> None:
    """Have the switch forget the laptop, which notices that when it has something to say.

    A cable that is left thrice within a minute, as by these scenarios, would be held back then.
    """
    laptop.shell(STOP)
    laptop.result("ping", "-c", "20", "-i", "0.2", "192.0.2.1")
    laptop.wait_port(RADIO, 10)
    laptop.run("systemctl", "restart", "wbond-watch@bond0.service")


def begin_again(laptop: Laptop) -> None:
    """Have the switch forget the laptop, and ask anew."""
    forget(laptop)
    laptop.shell(START)


def test_with_a_wrong_password_the_radio_carries(laptop: Laptop) -> None:
    say(laptop, BY_PASSWORD.format("wrong"))
    laptop.write(CONFIGURATION, CONFIG)
    laptop.run("wbond", "apply", "--yes", timeout=120)
    assert laptop.is_active(UNIT)
    laptop.wait_for(
        "the switch to refuse", lambda: "CTRL-EVENT-EAP-FAILURE" in laptop.journal("-u", UNIT)
    )
    laptop.wait_port(RADIO)
    laptop.wait_for("the world to answer", laptop.ping)
    assert "may not have authorised it" in " ".join(laptop.run("wbond", "status").split())


def test_with_the_right_one_the_cable_takes_over(laptop: Laptop) -> None:
    say(laptop, BY_PASSWORD.format("right"))
    laptop.run("systemctl", "reload", UNIT)
    laptop.wait_port(CARD, 60)
    assert laptop.ping()
    assert "CTRL-EVENT-EAP-SUCCESS" in laptop.journal("-u", UNIT)
    assert "active (running)" in laptop.run("systemctl", "status", "--no-pager", UNIT)
    assert "suppPortStatus=Authorized" in laptop.run("wpa_cli", "-i", CARD, "status")


def test_authenticating_again_interrupts_nothing(laptop: Laptop) -> None:
    laptop.write("/root/switch/hostapd.conf", AUTHENTICATOR.format(seconds=2))
    begin_again(laptop)
    laptop.run("systemctl", "restart", UNIT)
    laptop.wait_port(CARD, 60)
    udp, before = laptop.traffic("udp"), successes(laptop)
    laptop.wait_for("two more times", lambda: successes(laptop) >= before + 2, 30)
    assert udp.report()["lost"] == 0
    assert laptop.active_port() == CARD
    laptop.write("/root/switch/hostapd.conf", AUTHENTICATOR.format(seconds=0))


def test_a_certificate_in_place_of_a_password(laptop: Laptop) -> None:
    say(laptop, BY_CERTIFICATE)
    begin_again(laptop)
    laptop.run("systemctl", "restart", UNIT)
    laptop.wait_port(CARD, 60)
    laptop.wait_for("the world to answer", laptop.ping)
    assert "method 13 (TLS) selected" in laptop.journal("-u", UNIT)


def test_a_switch_that_asks_late_is_answered(laptop: Laptop) -> None:
    forget(laptop)
    before = successes(laptop)
    laptop.run("systemctl", "restart", UNIT)
    laptop.wait_for("the world to answer over the radio", laptop.ping)
    udp = laptop.traffic("udp")
    laptop.shell(START)
    # wpa_supplicant says that it is there each 30 seconds, three times.
    laptop.wait_port(CARD, 60)
    assert udp.report()["lost"] <= UNDER_WAY
    assert successes(laptop) > before


def test_a_cable_that_is_the_only_port_has_an_address_as_soon_as_it_is_let_in(
    laptop: Laptop,
) -> None:
    say(laptop, BY_PASSWORD.format("right"))
    forget(laptop)
    laptop.take_up({CONFIGURATION: CONFIG.replace(RADIO, "", 1)})
    laptop.run("systemctl", "restart", "--no-block", "wbond@bond0.service")
    laptop.wait_for(
        "the pauses of dhclient to grow",
        lambda: (
            laptop.journal("-u", "dhclient@bond0").rpartition("Listening")[2].count(" DHCP") > 3
        ),
    )
    assert not laptop.address()
    laptop.shell(START)
    laptop.wait_for("the switch to let it in", lambda: "been let in" in journal(laptop), 60)
    took = laptop.wait_for("an address", laptop.address, 10)
    print(f"an address {took:.1f} s after the switch has let the cable in")
    laptop.take_up({CONFIGURATION: CONFIG})
    laptop.wait_for("the radio", lambda: RADIO in laptop.ports())


def test_a_socket_without_802_1x_works_as_well(laptop: Laptop) -> None:
    forget(laptop)
    laptop.run("systemctl", "restart", UNIT)
    laptop.shell("bridge -n switch link set dev far0 locked off learning on")
    laptop.wait_port(CARD, 60)
    assert laptop.ping()
