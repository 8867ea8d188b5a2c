# SPDX-License-Identifier: LGPL-2.1-or-later
"""WPA-Enterprise: what PEAP and EAP-TLS need, by options or by questions on the terminal."""

import argparse
import sys
from collections.abc import Iterator

from wbond_cli.check.machine import Machine
from wbond_cli.errors import UserError
from wbond_cli.exit_status import USAGE
from wbond_cli.wifi import names, passphrase
from wbond_cli.wifi.security import TLS, Fields

# The distributions' certificates: Debian and Arch, Fedora, openSUSE.
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
)
# Also what WPA3 has for it: hashes by SHA-256, protected management frames where there are any.
_COMMON = {"key_mgmt": "WPA-EAP WPA-EAP-SHA256", "ieee80211w": "1"}


def fields(options: argparse.Namespace, security: str, machine: Machine) -> Fields:
    """Return a network's fields; what no option says is asked for.

    Raises UserError for what is missing or is no file, passphrase.PasswordError.
    """
    found = _COMMON | {"eap": security.upper()}
    if security != TLS:
        found["phase2"] = names.quoted(b"auth=MSCHAPV2")
    return found | {name: names.quoted(value) for name, value in _strings(options, machine)}


def _strings(options: argparse.Namespace, machine: Machine) -> Iterator[tuple[str, bytes]]:
    """Yield what goes into quotes."""
    may_ask = sys.stdin.isatty() and not options.stdin
    yield "identity", _answer(options.identity, "Identity", "--identity", may_ask)
    if options.anonymous_identity:
        yield "anonymous_identity", _octets(options.anonymous_identity)
    bundle = next(filter(machine.exists, BUNDLES), "")
    prompt = f"Certificate of the authority [{bundle}]"
    certificate = _answer(options.ca_cert, prompt, "--ca-cert", may_ask, bundle)
    yield "ca_cert", _file(certificate, machine)
    # Any host with a certificate of a public authority could else have the password.
    own = certificate.decode("utf-8", "surrogateescape") not in BUNDLES
    prompt = "Name of the server, or its domain"
    if domain := _answer(options.domain, prompt, "--domain", may_ask, "" if own else None):
        yield "domain_suffix_match", domain
    if options.security == TLS:
        path = _answer(options.client_cert, "Your certificate", "--client-cert", may_ask)
        yield "client_cert", _file(path, machine)
        path = _answer(options.private_key, "Your private key", "--private-key", may_ask)
        yield "private_key", _file(path, machine)
        if secret := _secret(options, "Password of the private key, empty for none"):
            yield "private_key_passwd", secret
    elif secret := _secret(options, "Password"):
        yield "password", secret
    else:
        raise passphrase.PasswordError("no password was given")


def _secret(options: argparse.Namespace, prompt: str) -> bytes:
    secret = passphrase.read_line() if options.stdin else passphrase.ask(prompt)
    passphrase.check_characters(secret)
    return secret


def _answer(
    given: str | None, prompt: str, option: str, may_ask: bool, default: str | None = None
) -> bytes:
    """Return an option's value, or what is typed, or the default; None: there must be one."""
    text = given
    if text is None and may_ask:
        sys.stdout.write(f"{prompt}: ")
        sys.stdout.flush()
        text = sys.stdin.readline().strip() or None
    if text is None:
        text = default
    if text is None or (default is None and not text):
        raise UserError(f"{option} is needed for this network", "nothing is written", USAGE)
    octets = _octets(text)
    passphrase.check_characters(octets)
    return octets


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _file(octets: bytes, machine: Machine) -> bytes:
    """Return the path of a file. Raises UserError where there is none."""
    path = octets.decode("utf-8", "surrogateescape")
    if not path.startswith("/") or not machine.exists(path):
        shown = names.shown(octets) if path else "no path"
        raise UserError(f"{shown} is not the absolute path of a file", "nothing is written", USAGE)
    return octets
