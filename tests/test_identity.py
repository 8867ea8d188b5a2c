# SPDX-License-Identifier: LGPL-2.1-or-later
"""Identities: the same at every boot, a host's own, and never the machine id itself."""

import hmac
import ipaddress
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wbond_net.clients import identity

ID = "0123456789abcdef0123456789abcdef"
OUTPUTS: dict[str, Callable[[str], bytes]] = {
    "duid": lambda root: identity.duid("auto", root),
    "client identifier": lambda root: identity.client_identifier("bond0", "auto", root),
    "mac": lambda root: bytes.fromhex(identity.mac("bond0", root).replace(":", "")),
    "ipv6 secret": lambda root: ipaddress.IPv6Address(identity.ipv6_secret("bond0", root)).packed,
}


def host(folder: Path, machine_id: str = ID) -> str:
    (folder / "etc").mkdir(parents=True)
    (folder / "etc/machine-id").write_text(f"{machine_id}\n")
    return str(folder)


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)
def test_it_is_the_hosts_own_and_stays(tmp_path: Path, output: Callable[[str], bytes]) -> None:
    here, same = host(tmp_path / "a"), host(tmp_path / "b")
    other = host(tmp_path / "c", "f" * 32)
    assert output(here) == output(same) != output(other)
    assert bytes.fromhex(ID)[:6] not in output(here)


@given(st.binary(max_size=64), st.binary(max_size=200))
def test_the_keyed_hash_is_python_s_own(key: bytes, message: bytes) -> None:
    assert identity.hmac_sha256(key, message) == hmac.digest(key, message, "sha256")


@pytest.mark.parametrize("lacking", [("_sha2",), ("_sha2", "_sha256")])
def test_every_python_has_the_hash(monkeypatch: pytest.MonkeyPatch, lacking: list[str]) -> None:
    expected = identity.hmac_sha256(b"key", b"text")
    for module in lacking:
        monkeypatch.setitem(sys.modules, module, None)
    assert identity.hmac_sha256(b"key", b"text") == expected


def test_the_duid_is_a_uuid_s(tmp_path: Path) -> None:
    duid = identity.duid("auto", host(tmp_path))
    assert duid[:2] == b"\x00\x04"
    assert len(duid) == 18
    found = uuid.UUID(bytes=duid[2:])
    assert (found.version, found.variant) == (4, uuid.RFC_4122)


def test_a_duid_that_is_given_is_taken() -> None:
    assert identity.duid("00:01:00:01:2a") == bytes.fromhex("000100012a")


def test_the_client_identifier_has_the_form_of_rfc_4361(tmp_path: Path) -> None:
    found = identity.client_identifier("bond0", "00:04:aa", host(tmp_path))
    assert found[:1] == b"\xff"
    assert found[1:5] == identity.iaid("bond0")
    assert found[5:] == bytes.fromhex("0004aa")


def test_bonds_of_a_host_differ(tmp_path: Path) -> None:
    root = host(tmp_path)
    assert identity.iaid("bond0") != identity.iaid("bond1")
    assert identity.mac("bond0", root) != identity.mac("bond1", root)
    assert identity.ipv6_secret("bond0", root) != identity.ipv6_secret("bond1", root)


@pytest.mark.parametrize("bond", [f"bond{number}" for number in range(20)])
def test_the_address_is_a_station_s_and_locally_administered(tmp_path: Path, bond: str) -> None:
    first = int(identity.mac(bond, host(tmp_path))[:2], 16)
    assert first & 0x03 == 0x02


@pytest.mark.parametrize("text", ["", "uninitialized", "0123", "g" * 32])
def test_without_a_machine_id_it_says_what_to_do(tmp_path: Path, text: str) -> None:
    with pytest.raises(identity.NoMachineId, match="systemd-machine-id-setup"):
        identity.duid("auto", host(tmp_path, text))
    with pytest.raises(identity.NoMachineId):
        identity.mac("bond0", str(tmp_path / "nowhere"))
