"""Messages at the end of a sync about a table's columns: how Dust's values differ from the records'."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from destination_dust.mapping.tables.cells import Difference
from destination_dust.mapping.tables.column_values import Column
from destination_dust.mapping.tables.rows import RowEncoder
from destination_dust.mapping.tables.type_inference import DustType

_NUMBERS = {DustType.INT, DustType.FLOAT}
# Keeps a log line readable.
_LISTED = 30


def oddities(encoder: RowEncoder) -> Iterator[tuple[int, str]]:
    """Where Dust holds something other than the records, and in which columns: sentences, with levels for the log."""
    for odd, line in differences(encoder.columns):
        # Blanks become null nearly everywhere, and few will miss them.
        yield logging.INFO if odd is Difference.BLANK else logging.WARNING, line
    for line in changed_types(encoder.columns, encoder.existing):
        yield logging.WARNING, line
    for field, name, other in encoder.moved():
        yield (
            logging.WARNING,
            f"the values of the field {field} go to the column {name}. The table also has the column {other}, "
            "which may hold its earlier values: the tags that would say so are gone.",
        )
    if names := renamed({field: column for field, column in encoder.columns.items() if not column.declared}):
        yield logging.INFO, f"columns of fields that the catalog lacks: {listed(names)}."


def differences(columns: Mapping[str, Column]) -> Iterator[tuple[Difference, str]]:
    """One sentence for each kind of difference, with the counts by column."""
    found: dict[Difference, Counter[str]] = defaultdict(Counter)
    for column in columns.values():
        for odd, count in column.odd.items():
            found[odd][column.name] = count
    for odd in Difference:
        if odd in found:
            counts = [f"{name} ({count})" for name, count in found[odd].most_common()]
            yield odd, f"{found[odd].total()} values are {odd.value}: {listed(counts)}."


def changed_types(columns: Mapping[str, Column], existing: Mapping[str, DustType]) -> Iterator[str]:
    """One sentence for each column with values of several types, with the type that Dust gives it."""
    for column in columns.values():
        before = existing.get(column.name)
        kinds = column.kinds | ({before} if before else set())
        # Whole numbers among floats do not count: sources write 1.0 as 1.
        if len(kinds) > 1 and not (kinds == _NUMBERS and before is not DustType.INT):
            made = DustType.FLOAT if kinds <= _NUMBERS else DustType.TEXT
            was = f"is {before.value} in the table and now has" if before else "has"
            new = " and ".join(sorted(kind.value for kind in column.kinds if kind is not before))
            yield f"The column {column.name} {was} values that are {new}: Dust makes it {made.value}."


def renamed(columns: Mapping[str, Column]) -> list[str]:
    """The fields whose columns have other names, as `field → column`."""
    return [f"{field!r} → {column.name}" for field, column in columns.items() if field != column.name]


def listed(items: list[str]) -> str:
    """Items with commas, cut off after so many."""
    more = len(items) - _LISTED
    return ", ".join(items[:_LISTED]) + (f" and {more} more" if more > 0 else "")
