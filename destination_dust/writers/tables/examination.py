"""Whether a table can take the rows that are to replace its own: all that can be known before the first is sent."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from destination_dust.airbyte.reader import StreamKey
from destination_dust.mapping.tables.rows import row_head
from destination_dust.writers.tables.batch import Batch, Change, RequestLimits
from destination_dust.writers.tables.client import UnusableTable
from destination_dust.writers.tables.limits import MAX_BYTES, MAX_ROWS, csv_size
from destination_dust.writers.tables.sending import refuse_misleading


def examine(changes: Iterable[Change], stream: StreamKey, table_id: str, limits: RequestLimits) -> int:
    """How many rows there are to send. Raises `UnusableTable` if Dust could not read a table of them."""
    count = size = 0
    columns: set[str] = set()
    batch = Batch(0.0)
    for change in changes:
        if change.content is None:
            continue
        value = orjson.loads(row_head(0) + change.content)["value"]
        columns.update(value)
        count += 1
        size += csv_size(value) - len(value)
        if not batch.takes(change, limits):
            refuse_misleading(stream, batch)
            batch = Batch(0.0)
        batch.put(change)
    refuse_misleading(stream, batch)
    size += count * len(columns)
    if count > MAX_ROWS or size > MAX_BYTES:
        raise too_large(stream, table_id, f"{count:,} rows, {size / 1e6:,.0f} MB in all")
    return count


def too_large(stream: StreamKey, table_id: str, what: str) -> UnusableTable:
    """What to say of a stream that is more than a table can be."""
    return UnusableTable(
        f"The stream {stream} is too large for a table: it has {what}, and Dust cannot read a table of more than "
        f"{MAX_ROWS:,} rows or {MAX_BYTES // 1_000_000} MB. The table {table_id} is as it was. Sync fewer rows or "
        "fields of the stream, or write it as documents."
    )
