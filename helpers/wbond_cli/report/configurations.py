# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files that hold secrets, shown by lists of what is none: what is not known is hidden.

So no secret is shown by a field's name that is misspelt or new, in a comment or in a blob. Values
that are shown are looked into for assignments as well: phase1="pin=…", pkcs11:…?pin-value=….
"""

import re
from collections.abc import Callable

from wbond import config, ini, secrets

from wbond_cli.report import assignments
from wbond_cli.report.redaction import Redaction

# From a printable text to what may be shown of it.
Reader = Callable[[str, Redaction], str]


def _shown(names: str) -> frozenset[str]:
    return frozenset(names.split())


_SUPPLICANT = _shown("""
ctrl_interface ctrl_interface_group update_config country ap_scan fast_reauth eapol_version
p2p_disabled pmf sae_pwe sae_groups sae_check_mfp scan_cur_freq autoscan filter_ssids
filter_rssi max_num_sta driver_param mac_addr rand_addr_lifetime preassoc_mac_addr
gas_rand_mac_addr interworking okc disable_scan_offload tdls_external_control
ssid bssid scan_ssid key_mgmt proto pairwise group group_mgmt eap auth_alg disabled priority
ieee80211w ocv mode frequency freq_list scan_freq bgscan bg_scan_period proactive_key_caching
phase1 phase2 ca_cert ca_path client_cert private_key ca_cert2 client_cert2 private_key2
domain_suffix_match domain_match altsubject_match subject_match beacon_int dtim_period
eapol_flags eap_workaround fragment_size ocsp wep_tx_keyidx ft_over_ds disable_ht disable_vht
mem_only_psk mixed_cell engine openssl_ciphers erp wps_disabled realm domain
""")
_KEYFILE = _shown("""
id uuid type interface-name autoconnect autoconnect-priority autoconnect-retries timestamp
permissions zone metered master controller slave-type port-type mode miimon primary updelay
downdelay ssid bssid band channel hidden mac-address cloned-mac-address mac-address-blacklist
mac-address-denylist mac-address-randomization powersave mtu key-mgmt auth-alg proto pairwise
group pmf wep-tx-keyidx psk-flags wep-key-flags password-flags eap phase1-peapver phase2-auth
ca-cert client-cert domain-suffix-match method address1 address2 addresses gateway route1
route-metric dns dns-search dns-priority dhcp-timeout dhcp-client-id addr-gen-mode ip6-privacy
never-default may-fail ignore-auto-dns ignore-auto-routes duplex speed auto-negotiate parent
""")
_KEYFILE_GROUPS = re.compile(r"\[[a-z0-9-]+\]")
_SUPPLICANT_GROUPS = re.compile(r"(?:network|cred|identity)=\{|\}")
_BLOB = re.compile(r"blob-base64-[\w.-]+=\{")


def output(text: str, redaction: Redaction) -> str:
    """Return what a program printed, or has noted for itself."""
    return assignments.hide(text, redaction)


def plain(text: str, redaction: Redaction) -> str:
    """Return a configuration that should hold no secret, but may."""
    return assignments.hide(text, redaction, is_configuration=True)


def wbond(text: str, redaction: Redaction) -> str:
    """Return wbond.conf(5), which holds no secret, but lines by mistake that do."""
    document = ini.Document()
    ini.parse(text.encode("utf-8"), "", document)
    hidden = secrets.columns(document, config.OPTIONS)
    lines = []
    for number, line in enumerate(text.split("\n"), 1):
        column = hidden.get(("", number), 0)
        # Hidden here alone: the value of an option that is misspelt is often a name.
        sign = redaction.sign(assignments.SECRET, line[column - 1 :]) if column else ""
        assignments.hide(line, redaction, is_configuration=True)
        lines.append(line[: column - 1] + sign if column else line)
    return plain("\n".join(lines), redaction)


def supplicant(text: str, redaction: Redaction) -> str:
    """Return wpa_supplicant.conf(5)."""
    lines, blob = [], False
    for line in text.split("\n"):
        content = line.strip(" \t\r")
        if blob and content != "}":
            redaction.add(assignments.SECRET, content)
            lines.append(redaction.sign(assignments.SECRET, content))
            continue
        blob = bool(_BLOB.fullmatch(content))
        lines.append(line if blob else _line(line, _SUPPLICANT, _SUPPLICANT_GROUPS, redaction))
    return plain("\n".join(lines), redaction)


def keyfile(text: str, redaction: Redaction) -> str:
    """Return a keyfile of NetworkManager (nm-settings-keyfile(5))."""
    lines = (_line(line, _KEYFILE, _KEYFILE_GROUPS, redaction) for line in text.split("\n"))
    return plain("\n".join(lines), redaction)


def _line(line: str, shown: frozenset[str], groups: re.Pattern[str], redaction: Redaction) -> str:
    """Return a line as it may be shown; what it hides is hidden everywhere."""
    content = line.strip(" \t\r")
    indent = line[: len(line) - len(line.lstrip())]
    if not content or groups.fullmatch(content):
        return line
    if content[0] in "#;":
        assignments.hide(content, redaction, is_configuration=True)
        return f"{indent}{content[0]} {redaction.sign('comment', content)}"
    name, sign, value = content.partition("=")
    name = name.strip()
    if sign and name in shown:
        return line
    if sign and name.replace("-", "_").isidentifier():
        kind = assignments.kind_of(name) or assignments.SECRET
        assignments.register(redaction, kind, value)
        return f"{indent}{name}={redaction.sign(kind, assignments.unquoted(value))}"
    redaction.add(assignments.SECRET, content)
    return indent + redaction.sign(assignments.SECRET, content)
