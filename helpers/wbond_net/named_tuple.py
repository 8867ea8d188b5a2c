# SPDX-License-Identifier: LGPL-2.1-or-later
"""NamedTuple without the module typing, which the watch would keep in memory for this alone.

A module that uses it takes typing's in its place while types are checked, and begins with
`from __future__ import annotations`: from Python 3.14 on, nothing else evaluates them early.
"""

from __future__ import annotations

from _operator import itemgetter  # the module operator is written in Python around it

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self


class _Fields(type):
    """Makes the annotations of a class the fields of a tuple, in their order."""

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> _Fields:
        fields = tuple(body.get("__annotations__", ()))
        body["_defaults"] = {field: body.pop(field) for field in fields if field in body}
        body.update(_fields=fields, __match_args__=fields, __slots__=())
        body.update((field, property(itemgetter(place))) for place, field in enumerate(fields))
        return super().__new__(cls, name, bases, body)


class NamedTuple(tuple[object, ...], metaclass=_Fields):
    """What typing.NamedTuple is: a tuple whose fields a class names, some with defaults."""

    if TYPE_CHECKING:
        _fields: tuple[str, ...]
        _defaults: dict[str, object]

    def __new__(cls, *values: object, **named: object) -> Self:
        """Take the fields' values. Raises TypeError for one too many, missing or unknown."""
        if named or len(values) != len(cls._fields):
            values = cls._complete(values, named)
        return tuple.__new__(cls, values)

    @classmethod
    def _complete(cls, values: tuple[object, ...], named: dict[str, object]) -> tuple[object, ...]:
        """Return all values in the fields' order, named and default ones included."""
        given = dict(zip(cls._fields, values))  # noqa: B905 (counted below)
        whole = {**cls._defaults, **given, **named}
        twice = given.keys() & named.keys()
        if len(values) > len(cls._fields) or twice or whole.keys() != set(cls._fields):
            fields = ", ".join(cls._fields)
            raise TypeError(f"{cls.__name__} takes {fields}; not {values} and {named}")
        return tuple(whole[field] for field in cls._fields)

    def _replace(self, **named: object) -> Self:
        """Return a copy with other values of some fields."""
        return type(self)(**{**dict(zip(self._fields, self, strict=True)), **named})

    def __repr__(self) -> str:
        fields = zip(self._fields, self, strict=True)
        shown = ", ".join(f"{field}={value!r}" for field, value in fields)
        return f"{type(self).__name__}({shown})"
