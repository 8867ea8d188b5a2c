# SPDX-License-Identifier: LGPL-2.1-or-later
"""`wbond wifi add`, beside a wpa_supplicant that speaks its protocol on a real socket."""

import os
import stat
from pathlib import Path

import pytest
from wbond.message import ERROR
from wbond_cli import exit_status, wifi_arguments
from wbond_cli.check import supplicant
from wbond_cli.wifi import security

from tests.terminal import Terminal
from tests.test_check import add_adapter, write
from tests.wifi.command import BY_HAND, COMMAND, FILE, SECRET, file, run
from tests.wifi.supplicant import WPA2, Point, Supplicant


def test_on_first_set_up_only_the_file_is_written(tmp_path: Path) -> None:
    code, out, err = run(tmp_path, "add", "home", "--stdin", "--country", "de", text=f"{SECRET}\n")
    assert (code, err) == (0, "")
    assert f"home is added, in /{FILE}" in out
    assert "No wpa_supplicant runs yet" in out
    assert stat.S_IMODE(file(tmp_path).stat().st_mode) == 0o600
    text = file(tmp_path).read_text()
    assert list(supplicant.diagnostics("/f", text)) == []
    assert "\ncountry=DE\n" in text
    assert "    key_mgmt=WPA-PSK SAE\n    ieee80211w=1\n" in text


def test_what_a_person_wrote_stays(root: Path, radio: Supplicant) -> None:
    code, out, err = run(root, "add", "home", "--stdin", text=f"{SECRET}\n")
    assert (code, err) == (0, "")
    assert file(root).read_text().startswith(BY_HAND + "\nnetwork={\n")
    assert "stays connected to office; `sudo wbond wifi select`" in out
    assert radio.current == 0
    assert radio.networks[1] == {
        "ssid": '"home"',
        "key_mgmt": "WPA-PSK SAE",
        "ieee80211w": "1",
        "psk": f'"{SECRET}"',
    }
    assert radio.enabled == {0, 1}
    # Those that cut a connection.
    words = {request.partition(" ")[0] for request in radio.requests}
    assert not words & {"RECONFIGURE", "SAVE_CONFIG", "SELECT_NETWORK", "REASSOCIATE", "SCAN"}


def test_a_radio_without_a_network_connects(root: Path, radio: Supplicant) -> None:
    radio.networks, radio.enabled, radio.current = {}, set(), None
    code, out, _ = run(root, "add", "home", "--stdin", text=f"{SECRET}\n")
    assert (code, "wlp3s0 is connected to home." in out) == (0, True)
    assert radio.current == 0


def test_a_wrong_passphrase_is_told(root: Path, radio: Supplicant) -> None:
    radio.networks, radio.enabled, radio.current = {}, set(), None
    code, out, _ = run(root, "add", "home", "--stdin", text="incorrect horse\n")
    assert code == exit_status.FAILURE
    assert "wlp3s0 has the wrong password for home." in out
    # The right one takes its place, there as in the file.
    code, out, _ = run(root, "add", "home", "--stdin", text=f"{SECRET}\n")
    assert (code, "home has another password now" in out) == (0, True)
    assert [fields["ssid"] for fields in radio.networks.values()] == ['"home"']
    assert radio.current is not None
    assert file(root).read_text().count('ssid="home"') == 1


def test_what_was_said_beside_the_password_stays(root: Path, radio: Supplicant) -> None:
    code, _, _ = run(root, "add", "office", "--stdin", text=f"{SECRET}\n")
    assert "    priority=5\n" in file(root).read_text()
    (number,) = radio.networks
    assert radio.networks[number]["priority"] == "5"
    assert code == exit_status.FAILURE  # it is another one than the access point has


def test_what_wpa_supplicant_refuses_is_not_written(root: Path, radio: Supplicant) -> None:
    radio.refused = "SET_NETWORK 1 key_mgmt"
    code, out, err = run(root, "add", "home", "--stdin", text=f"{SECRET}\n")
    assert (code, out) == (exit_status.REFUSED, "")
    assert "refuses the field key_mgmt; nothing is written" in err
    assert file(root).read_text() == BY_HAND
    assert list(radio.networks) == [0]


def test_a_file_that_cannot_be_written_leaves_the_radio_as_it_was(
    root: Path, radio: Supplicant
) -> None:
    file(root).write_text(BY_HAND.replace("}\n", ""))
    code, _, err = run(root, "add", "home", "--stdin", text=f"{SECRET}\n")
    assert code == exit_status.REFUSED
    assert f"/{FILE}:4: the block that begins here" in err
    assert list(radio.networks) == [0]


@pytest.mark.parametrize(
    ("flags", "words", "fields"),
    [
        ("[WPA2-SAE-CCMP][ESS]", (), {"key_mgmt": "SAE", "ieee80211w": "2"}),
        (WPA2, (), {"key_mgmt": "WPA-PSK SAE", "ieee80211w": "1"}),
        (WPA2, ("--security", "wpa2"), {"key_mgmt": "WPA-PSK"}),
        ("[ESS]", ("--security", "open"), {"key_mgmt": "NONE"}),
        ("[ESS]", ("--security", "owe"), {"key_mgmt": "OWE", "ieee80211w": "2"}),
        (WPA2, ("--hidden", "--priority", "7"), {"scan_ssid": "1", "priority": "7"}),
    ],
)
def test_a_network_is_joined_as_it_is_protected(
    root: Path, radio: Supplicant, flags: str, words: tuple[str, ...], fields: dict[str, str]
) -> None:
    radio.points = [Point(b"cafe", flags)]
    code, _, err = run(root, "add", "cafe", "--stdin", *words, text=f"{SECRET}\n")
    assert (code, err) == (0, "")
    assert radio.networks[1].items() >= fields.items()


def test_one_that_is_not_in_reach_is_looked_for_and_joins_whatever_it_is(
    root: Path, radio: Supplicant
) -> None:
    assert run(root, "add", "far away", "--stdin", text=f"{SECRET}\n")[0] == 0
    assert radio.networks[1]["key_mgmt"] == "WPA-PSK SAE"
    assert "SCAN TYPE=ONLY" in radio.requests


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("[ESS]", "--security open"),
        ("[WPA2-EAP-CCMP][ESS]", "--security peap"),
        ("[WEP][ESS]", "WEP protects nothing"),
    ],
)
def test_what_takes_no_passphrase_is_not_added_with_one(
    root: Path, radio: Supplicant, flags: str, said: str
) -> None:
    radio.points = [Point(b"cafe", flags)]
    code, _, err = run(root, "add", "cafe", "--stdin", text=f"{SECRET}\n")
    assert code == exit_status.REFUSED
    assert said in " ".join(err.split())
    assert file(root).read_text() == BY_HAND


@pytest.mark.parametrize(
    ("ssid", "secret", "said"),
    [("home", "short", "8 to 63"), ("x" * 33, SECRET, "1 to 32 bytes"), ("home", "", "8 to 63")],
)
def test_what_cannot_be_is_refused(root: Path, ssid: str, secret: str, said: str) -> None:
    code, out, err = run(root, "add", ssid, "--stdin", text=f"{secret}\n")
    assert (code, out) == (exit_status.USAGE, "")
    assert said in err
    assert not secret or secret not in err
    assert file(root).read_text() == BY_HAND


def test_the_passphrase_is_on_no_screen_and_in_no_argument(root: Path, radio: Supplicant) -> None:
    _, out, err = run(root, "add", "home", "--stdin", text=f"{SECRET}\n")
    assert SECRET not in out + err


def test_on_a_terminal_it_is_asked_for_and_not_shown(tmp_path: Path) -> None:
    words = [COMMAND, "wifi", "add", "home", "--root", str(tmp_path)]
    environ = {"PATH": "/usr/sbin:/usr/bin", "LC_ALL": "C.UTF-8", "TERM": "dumb"}
    with Terminal(words, environ) as shown:
        shown.wait_for("Passphrase of home: ")
        shown.type(f"{SECRET}\n")
        shown.wait_for("at the next boot")
        assert SECRET not in shown.shown
    assert f'psk="{SECRET}"' in file(tmp_path).read_text()


# --- 802.1X -----------------------------------------------------------------------


def certificates(root: Path) -> None:
    for path in ("etc/ssl/certs/ca-certificates.crt", "etc/me.pem", "etc/me.key"):
        write(root / path, "")


PEAP = ("--security", "peap", "--identity", "me@example.org")
TLS = ("--security", "tls", "--identity", "me@example.org", "--domain", "radius.example.org")


def test_peap_by_options(root: Path, radio: Supplicant) -> None:
    certificates(root)
    words = (*PEAP, "--domain", "radius.example.org", "--anonymous-identity", "anonymous")
    code, _, err = run(root, "add", "eduroam", "--stdin", *words, text="Dächer\n")
    assert (code, err) == (0, "")
    assert radio.networks[1] == {
        "ssid": '"eduroam"',
        "key_mgmt": "WPA-EAP WPA-EAP-SHA256",
        "ieee80211w": "1",
        "eap": "PEAP",
        "phase2": '"auth=MSCHAPV2"',
        "identity": '"me@example.org"',
        "anonymous_identity": '"anonymous"',
        "ca_cert": '"/etc/ssl/certs/ca-certificates.crt"',
        "domain_suffix_match": '"radius.example.org"',
        "password": "Dächer".encode().hex(),
    }


def test_tls_by_options(root: Path, radio: Supplicant) -> None:
    certificates(root)
    words = (*TLS, "--client-cert", "/etc/me.pem", "--private-key", "/etc/me.key")
    code, _, err = run(root, "add", "eduroam", "--stdin", *words, text="\n")
    assert (code, err) == (0, "")
    fields = radio.networks[1]
    assert (fields["eap"], fields["private_key"]) == ("TLS", '"/etc/me.key"')
    assert not fields.keys() & {"phase2", "password", "private_key_passwd"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        # Whoever has a certificate of any public authority would get the password.
        (PEAP, "--domain is needed"),
        (("--security", "peap"), "--identity is needed"),
        (TLS, "--client-cert is needed"),
        ((*TLS, "--client-cert", "/etc/none.pem"), "/etc/none.pem is not the absolute path"),
        ((*TLS, "--client-cert", "me.pem"), "me.pem is not the absolute path"),
    ],
)
def test_what_802_1x_lacks_is_named(root: Path, words: tuple[str, ...], said: str) -> None:
    certificates(root)
    code, out, err = run(root, "add", "eduroam", "--stdin", *words, text="secret\n")
    assert (code, out) == (exit_status.USAGE, "")
    assert said in err
    assert file(root).read_text() == BY_HAND


def test_questions_are_asked_on_a_terminal(tmp_path: Path) -> None:
    certificates(tmp_path)
    words = [COMMAND, "wifi", "add", "eduroam", "--security", "peap", "--root", str(tmp_path)]
    environ = {"PATH": "/usr/sbin:/usr/bin", "LC_ALL": "C.UTF-8", "TERM": "dumb"}
    answers = {
        "Identity: ": "me@example.org",
        "ca-certificates.crt]: ": "",
        "or its domain: ": "radius.example.org",
        "Password: ": "secret word",
    }
    with Terminal(words, environ) as shown:
        for question, answer in answers.items():
            shown.wait_for(question)
            shown.type(f"{answer}\n")
        shown.wait_for("at the next boot")
    text = file(tmp_path).read_text()
    assert '    ca_cert="/etc/ssl/certs/ca-certificates.crt"\n' in text
    assert '    password="secret word"\n' in text
    assert [one for one in supplicant.diagnostics("/f", text) if one.severity == ERROR] == []


# --- the file ---------------------------------------------------------------------


def test_a_link_is_followed_and_the_mode_stays_but_for_others(root: Path) -> None:
    there = root / "etc/dotfiles/wpa.conf"
    write(there, BY_HAND)
    there.chmod(0o644)
    file(root).unlink()
    file(root).symlink_to("/etc/dotfiles/wpa.conf")  # as below the root
    assert run(root, "add", "home", "--stdin", text=f"{SECRET}\n")[0] == 0
    assert file(root).is_symlink()
    assert there.read_text().startswith(BY_HAND)
    assert stat.S_IMODE(there.stat().st_mode) == 0o640
    assert sorted(path.name for path in there.parent.iterdir()) == ["wpa.conf"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_owner_and_group_stay(root: Path) -> None:
    os.chown(file(root), 1234, 5678)
    assert run(root, "add", "home", "--stdin", text=f"{SECRET}\n")[0] == 0
    now = file(root).stat()
    assert (now.st_uid, now.st_gid, stat.S_IMODE(now.st_mode)) == (1234, 5678, 0o600)


@pytest.mark.parametrize("action", ["add", "forget", "list"])
def test_no_pipe_holds_it_up(root: Path, action: str) -> None:
    file(root).unlink()
    os.mkfifo(file(root))
    words = {"add": ("home", "--stdin"), "forget": ("home",), "list": ()}
    code, _, err = run(root, action, *words[action], text=f"{SECRET}\n")
    assert code == exit_status.REFUSED
    assert "no regular file" in err


def test_bytes_that_are_no_text_stay(root: Path) -> None:
    before = b"# \xff\xfe\r\n" + BY_HAND.encode()
    file(root).write_bytes(before)
    assert run(root, "add", "home", "--stdin", text=f"{SECRET}\n")[0] == 0
    assert file(root).read_bytes().startswith(before)
    assert run(root, "forget", "home")[0] == 0
    assert file(root).read_bytes() == before


def test_a_radio_s_own_file_is_the_one(root: Path) -> None:
    own = root / "etc/wpa_supplicant/wpa_supplicant-wlp3s0.conf"
    own.write_text(BY_HAND)
    _, out, _ = run(root, "add", "home", "--stdin", text=f"{SECRET}\n")
    assert "wpa_supplicant-wlp3s0.conf" in out
    assert file(root).read_text() == BY_HAND


def test_of_one_bond_alone(root: Path) -> None:
    add_adapter(root, "wlan9", 9, "pci0000:00/0000:09:00.0", radio=True)
    configuration = "[bond0]\nwired = enp0s31f6\nwireless = wlp3s0\n[guest]\nwireless = wlan9\n"
    configuration += "supplicant_conf = /etc/guest.conf\n"
    (root / "etc/wbond.conf").write_text(configuration)
    assert run(root, "add", "cafe", "--stdin", "--bond", "guest", text=f"{SECRET}\n")[0] == 0
    assert file(root).read_text() == BY_HAND
    assert "cafe" in (root / "etc/guest.conf").read_text()
    assert run(root, "list", "--bond", "nope")[0] == exit_status.USAGE


def test_the_words_of_the_command_line_are_those_of_the_file() -> None:
    assert wifi_arguments.SECURITY == security.CHOICES
