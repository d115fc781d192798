"""Encoded rows as the JSON of a request, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson

from destination_dust.mapping.tables.cells import Cell, datetime_cell
from destination_dust.mapping.tables.rows import LOADED_AT


def upsert_body(rows: Iterable[bytes], loaded_at: int, *, truncates: bool = False) -> bytes:
    """The request that upserts encoded rows, one at least, or with `truncates` replaces all.

    `loaded_at`: seconds since 1970.
    """
    head, parts = row_head(loaded_at), [*rows]
    # Joined in one go: to put anything around the whole afterwards would copy it once more.
    parts[0] = b'{"rows":[' + head + parts[0]
    parts[-1] += b"]" + (_TRUNCATE if truncates else b"}")
    return (b"," + head).join(parts)


def row_head(loaded_at: int) -> bytes:
    """How each row of a request begins."""
    return b'{"value":{"%b":%b' % (LOADED_AT.encode(), orjson.dumps(datetime_cell(loaded_at)))


def cells_of(content: bytes) -> Mapping[str, Cell]:
    """The cells of an encoded row by column, with a time of loading."""
    cells: Mapping[str, Cell] = orjson.loads(row_head(0) + content)["value"]
    return cells


_TRUNCATE = b',"truncate":true}'
EMPTYING_BODY = b'{"rows":[]' + _TRUNCATE

# The bytes of a row in a request besides its own: its head and a comma.
ROW_OVERHEAD = len(row_head(10**9)) + 1
BODY_OVERHEAD = len(EMPTYING_BODY)
