"""Lists of JSON objects, read a field at a time into arrays; every value is checked."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .dataset import DatasetError, Id

__all__ = ["LARGEST", "Entries", "shown"]

# No image format has longer sides; a coordinate in pixels beyond this is a mistake.
LARGEST = 2.0**31

_MISSING = object()

_shorten = reprlib.Repr()
_shorten.maxlevel, _shorten.maxlist, _shorten.maxdict = 2, 6, 4
_shorten.maxstring = _shorten.maxlong = 60


def shown(value: object) -> str:
    """Write a value for a message: short, and without control characters.

    Examples
    --------
    >>> shown([0, 0, None, "\\x1b[31m"])
    "[0, 0, None, '\\\\x1b[31m']"
    """
    return _shorten.repr(value)


class Entries:
    """The objects of one list of a file.

    Parameters
    ----------
    file : Path
        For messages.
    name : str
        The key of the list in the file, for messages.
    items : object
        What the file holds there.

    Raises
    ------
    DatasetError
        ``items`` is no list of objects.

    Examples
    --------
    >>> people = Entries(Path("a.json"), "annotations", [{"id": 7, "area": "12"}])
    >>> people.numbers("area", "square pixels, from 0", least=0)
    Traceback (most recent call last):
    rmpe.datasets.dataset.DatasetError: a.json: area of annotations[0] (id 7) must be square
    pixels, from 0, got '12'
    """

    def __init__(self, file: Path, name: str, items: object) -> None:
        self.file, self.name = file, name
        if not isinstance(items, list):
            raise DatasetError(f"{file}: {name} must be a list, got {shown(items)}")
        for position, item in enumerate(items):
            if not isinstance(item, dict):
                raise DatasetError(
                    f"{file}: {name}[{position}] must be an object, got {shown(item)}"
                )
        self._items: list[dict[str, Any]] = items
        self._positions: Sequence[int] = range(len(items))

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._items)

    def select(self, indices: Sequence[int]) -> Entries:
        """Take some of the entries; messages go on to name them by their place in the file."""
        chosen = Entries(self.file, self.name, [self._items[i] for i in indices])
        chosen._positions = [self._positions[i] for i in indices]
        return chosen

    def replaced(self, field: str, values: Sequence[object]) -> Entries:
        """Give each entry another value of one field; the others go."""
        items = [{field: value} for value in values]
        changed = Entries(self.file, self.name, items)
        changed._positions = self._positions
        return changed

    def column(
        self, field: str, rule: str, types: tuple[type, ...], default: object = _MISSING
    ) -> list[Any]:
        """Read values of some types, as they are; a `default` stands in for a missing field.

        Raises
        ------
        DatasetError
            As every method of this class: an entry lacks the field, or breaks the rule.
        """
        values = [item.get(field, default) for item in self._items]
        if not set(map(type, values)) <= set(types):
            wrong = next(i for i, value in enumerate(values) if type(value) not in types)
            raise self.error(wrong, field, rule)
        return values

    def ids(self, field: str) -> list[Id]:
        """Read whole numbers of any size, and text."""
        rule = "a whole number or text"
        values = self.column(field, rule, (int, float, str))
        for i, value in enumerate(values):
            if isinstance(value, float):
                # From here on a float64 no longer tells whole numbers apart.
                if not (abs(value) < 2**53 and value.is_integer()):
                    raise self.error(i, field, rule)
                values[i] = int(value)
        return values

    def unique_ids(self) -> list[Id]:
        """Read the field ``id``, in which no two entries may agree."""
        ids = self.ids("id")
        first: dict[Id, int] = {}
        for i, value in enumerate(ids):
            if first.setdefault(value, i) != i:
                rule = f"another than that of {self.place(first[value], with_id=False)}"
                raise self.error(i, "id", rule, remedy="remove one of the two")
        return ids

    def references(self, field: str, ids: Sequence[Id], what: str) -> npt.NDArray[np.int64]:
        """Read ids of other entries as their indices in ``ids``, (N,)."""
        index = {value: i for i, value in enumerate(ids)}
        values = self.ids(field)
        found = [index.get(value, -1) for value in values]
        if -1 in found:
            wrong = found.index(-1)
            alike = str(values[wrong]) in map(str, ids)
            remedy = (
                "a number and text differ" if alike else f"list it, or remove the {self.name[:-1]}"
            )
            raise self.error(wrong, field, f"the id of one of the {what}", remedy=remedy)
        return np.array(found, np.int64)

    def numbers(
        self, field: str, rule: str, *, least: float = -LARGEST, most: float = LARGEST
    ) -> npt.NDArray[np.float64]:
        """Read numbers within bounds, (N,)."""
        array = _floats(self.column(field, rule, (int, float)))
        self.check((array >= least) & (array <= most), field, rule)
        return array

    def arrays(self, field: str, shape: tuple[int, ...], rule: str) -> npt.NDArray[np.float64]:
        """Read lists of numbers, or lists of such lists, none beyond `LARGEST`, (N, *shape)."""
        values = self.column(field, rule, (list,))
        per_entry = 1
        for depth, length in enumerate(shape, 1):
            if not set(map(len, values)) <= {length}:
                wrong = next(i for i, value in enumerate(values) if len(value) != length)
                raise self.error(wrong // per_entry, field, rule)
            values = list(chain.from_iterable(values))
            per_entry *= length
            types = {list} if depth < len(shape) else {int, float}
            if not set(map(type, values)) <= types:
                wrong = next(i for i, value in enumerate(values) if type(value) not in types)
                raise self.error(wrong // per_entry, field, rule)
        array = _floats(values).reshape(len(self), *shape)
        self.check(np.all(np.abs(array) <= LARGEST, axis=tuple(range(1, array.ndim))), field, rule)
        return array

    def flags(self, field: str) -> npt.NDArray[np.bool_]:
        """Read 0 and 1, false and true, (N,)."""
        rule = "0 or 1"
        values = self.column(field, rule, (int, float, bool))
        self.check(np.array([value in (0, 1) for value in values], np.bool_), field, rule)
        return np.array(values, np.bool_)

    def error(self, index: int, field: str, rule: str, *, remedy: str = "") -> DatasetError:
        """Describe an entry whose field breaks a rule."""
        item = self._items[index]
        what = f"{self.file}: {field} of {self.place(index, with_id=field != 'id')}"
        if field not in item:
            return DatasetError(f"{what} is missing; it must be {rule}")
        remedy = remedy and f"; {remedy}"
        return DatasetError(f"{what} must be {rule}, got {shown(item[field])}{remedy}")

    def place(self, index: int, *, with_id: bool = True) -> str:
        """Name an entry for a message."""
        item = self._items[index]
        label = f" (id {shown(item['id'])})" if with_id and "id" in item else ""
        return f"{self.name}[{self._positions[index]}]{label}"

    def check(self, good: npt.NDArray[np.bool_], field: str, rule: str) -> None:
        """Raise where an entry's value is not good."""
        if not good.all():
            raise self.error(int(good.argmin()), field, rule)


def _floats(values: list[Any]) -> npt.NDArray[np.float64]:
    """Make an array of ints and floats; what is beyond `LARGEST` may become infinite."""
    try:
        return np.array(values, np.float64)
    except OverflowError:
        return np.array([v if abs(v) <= LARGEST else math.inf for v in values], np.float64)
