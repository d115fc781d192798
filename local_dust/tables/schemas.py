"""The schema of a table: inferred from rows, and merged with another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from local_dust.tables.cells import LARGEST_INTEGER, Cell, Moment, moment_text

MOST_VALUES = 16
LONGEST_VALUE = 32
_TYPES = {bool: "bool", int: "int", float: "float", str: "text", Moment: "datetime"}


@dataclass(frozen=True)
class Column:
    """A column's type (`int`, `float`, `text`, `bool`, `datetime`) and its values, if they are few and short."""

    name: str
    value_type: str
    possible_values: tuple[str, ...] | None

    def json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value_type": self.value_type,
            "possible_values": None if self.possible_values is None else list(self.possible_values),
        }


Schema = tuple[Column, ...]


def inferred(names: Sequence[str], columns: Iterable[Sequence[Cell]]) -> Schema:
    """The schema of some rows, given as their columns. Columns without values are left out.

    Raises:
        UnwritableCell: A moment that cannot be written.
    """
    return tuple(
        Column(name, value_type, _values(cells))
        for name, cells in zip(names, columns, strict=True)
        if (value_type := _type(cells)) is not None
    )


def merged(ours: Schema, others: Schema) -> Schema:
    """Our columns, widened for the others of the same name, then the new columns of the others."""
    by_name = {column.name: column for column in others}
    widened = [_widened(column, by_name.pop(column.name, None)) for column in ours]
    return (*widened, *by_name.values())


def _widened(ours: Column, other: Column | None) -> Column:
    if other is None:
        return ours
    value_type = _wider({ours.value_type, other.value_type})
    values = tuple(dict.fromkeys([*(ours.possible_values or ()), *(other.possible_values or ())]))
    few = 0 < len(values) <= MOST_VALUES and all(len(v.encode()) <= LONGEST_VALUE for v in values)
    return Column(ours.name, value_type, values if few else None)


def _type(cells: Sequence[Cell]) -> str | None:
    kinds = {_TYPES[kind] for kind in set(map(type, cells)) if kind in _TYPES}
    if "int" in kinds and any(type(cell) is int and cell > LARGEST_INTEGER for cell in cells):
        kinds.add("float")
    return _wider(kinds) if kinds else None


def _wider(kinds: set[str]) -> str:
    if len(kinds) == 1:
        return next(iter(kinds))
    return "float" if kinds == {"int", "float"} else "text"


def _values(cells: Sequence[Cell]) -> tuple[str, ...] | None:
    values: dict[str, None] = {}
    seen: set[tuple[type, Cell]] = set()
    for cell in cells:
        if cell is None or (type(cell), cell) in seen:
            continue
        seen.add((type(cell), cell))
        text = _shown(cell)
        if len(text.encode("utf-8", "replace")) > LONGEST_VALUE:
            return None
        values[text] = None
        if len(values) > MOST_VALUES:
            return None
    return tuple(values)


def _shown(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, str):
        return f'"{cell}"'
    return moment_text(cell.epoch) if isinstance(cell, Moment) else repr(cell)
