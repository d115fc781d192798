"""How much longer than as JSON a cell can be in the CSV file in which Dust keeps a table, whose size is limited.

Texts are never longer: JSON quotes each, and escapes a quote with as many bytes as CSV.
"""

from __future__ import annotations

from decimal import Decimal

import orjson

from destination_dust.mapping.tables.cells import Cell, datetime_cell
from destination_dust.mapping.tables.type_inference import DustType

DATETIME_CHARACTERS = len("2026-01-01 00:00:00")
# JSON writes smaller numbers with an exponent, which Dust's server never does.
SMALL = 1e-4

# Milliseconds since 1970, from 2001 on: they have 13 digits at least. Others have one at least.
RECENT = 10**12
RECENT_GROWTH, _LARGEST_GROWTH = (
    DATETIME_CHARACTERS - len(orjson.dumps(datetime_cell(seconds))) for seconds in (RECENT // 1000, 0)
)


def csv_growth(content: Cell, kind: DustType) -> int:
    """The bytes by which the CSV of a cell can be longer than its JSON, negative if it is shorter.

    Dust writes each cell as the type that it has read it as: a text that it takes for a date becomes one.
    """
    if type(content) is float:
        return 0 if content > SMALL or content < -SMALL else _expanded(content)
    if type(content) is dict:
        return RECENT_GROWTH if content["epoch"] >= RECENT else _LARGEST_GROWTH
    if kind is DustType.DATETIME:
        return DATETIME_CHARACTERS
    if kind is DustType.BOOL:
        return len("false") - len('"f"')
    return _expanded(content) if kind is DustType.FLOAT and isinstance(content, str) else 0


def _expanded(number: float | str) -> int:
    if "e" not in str(number).lower():
        return 0
    return max(0, len(format(Decimal(repr(float(number))), "f")) - len(orjson.dumps(number)))
