"""A row as Dust shows it, as cells to be sent again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from destination_dust.mapping.tables.cells import LARGEST_EXACT, Cell, cell, datetime_cell


def stored_cells(shown: Mapping[str, Any]) -> dict[str, Cell]:
    """By column, the cell that makes Dust hold the same value again; None if what Dust shows is not exactly the value.

    Dust types each cell anew whenever it reads the table, so it shows 007 as 7 and would go on to. But its server is
    written in JavaScript, and shows whole numbers beyond ±2^53 rounded, though it queries them exactly: 2^53 itself may
    be such a number. Columns that are null are left out.
    """
    return {name: _sendable(value) for name, value in shown.items() if value is not None}


def _sendable(value: object) -> Cell:
    if isinstance(value, Mapping):
        epoch = value.get("epoch")
        return datetime_cell(epoch // 1000) if isinstance(epoch, int) else None
    if isinstance(value, int) and not -LARGEST_EXACT < value < LARGEST_EXACT:
        return None
    return value if isinstance(value, str) else cell(value)[0]
