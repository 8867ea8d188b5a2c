# SPDX-License-Identifier: LGPL-2.1-or-later
"""The watch's named tuples do what typing's do."""

from __future__ import annotations

import typing

import pytest
from wbond_net import named_tuple

Example = typing.Any


def made_by(base: typing.Any) -> Example:
    """Return a class with fields, a default, a method and a property."""

    class Found(base):  # type: ignore[misc]
        """What has been found."""

        name: str
        index: int
        flags: int = 0

        @property
        def label(self) -> str:
            return f"{self.name}:{self.index}"

    return Found


@pytest.fixture(params=[typing.NamedTuple, named_tuple.NamedTuple], ids=["typing", "own"])
def found(request: pytest.FixtureRequest) -> Example:
    """Such a class of either kind."""
    return made_by(request.param)


def test_fields_are_given_by_place_and_by_name(found: Example) -> None:
    made = found("eth0", index=2)
    assert (made.name, made.index, made.flags) == made == ("eth0", 2, 0)
    assert made == found(index=2, flags=0, name="eth0") != found("eth0", 2, 1)
    assert hash(made) == hash(("eth0", 2, 0))
    assert made.label == "eth0:2"


def test_a_copy_has_other_values(found: Example) -> None:
    made = found("eth0", 2)
    assert made._replace(flags=1) == found("eth0", 2, 1)
    assert made == found("eth0", 2)
    with pytest.raises((TypeError, ValueError)):
        made._replace(flag=1)


def test_it_is_shown_with_its_fields(found: Example) -> None:
    assert repr(found("eth0", 2)) == "Found(name='eth0', index=2, flags=0)"


def test_it_is_unpacked_and_matched(found: Example) -> None:
    name, *rest = found("eth0", 2)
    assert (name, rest) == ("eth0", [2, 0])
    match found("eth0", 2):
        case found(name, index=2):
            assert name == "eth0"
        case _:
            pytest.fail("not matched")


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (("eth0",), {}),
        (("eth0", 2, 0, 0), {}),
        (("eth0", 2), {"name": "eth1"}),
        (("eth0", 2), {"mtu": 1500}),
        ((), {"name": "eth0"}),
    ],
)
def test_a_wrong_call_is_refused(
    found: Example, values: tuple[object, ...], named: dict[str, object]
) -> None:
    with pytest.raises(TypeError):
        found(*values, **named)


def test_its_fields_cannot_be_set(found: Example) -> None:
    made = found("eth0", 2)
    with pytest.raises(AttributeError):
        made.index = 3
    with pytest.raises(AttributeError):
        made.other = 3


def test_one_without_fields_is_empty() -> None:
    class Reselect(named_tuple.NamedTuple):
        """Nothing more to say."""

    assert Reselect() == ()
    assert repr(Reselect()) == "Reselect()"
    with pytest.raises(TypeError):
        Reselect(1)
