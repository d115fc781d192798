"""Reading, upserting and deleting rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import Any

from local_dust.response import Answer, DustError, ok
from local_dust.routes.calls import Call, Effect, invalid, invalid_query
from local_dust.routes.validation import (
    Check,
    Path,
    array,
    boolean,
    fields,
    literal,
    null,
    number,
    optional,
    record,
    string,
    union,
    whole_number,
)
from local_dust.tables.cells import Cell, Moment, UnusableMoment, UnwritableCell, moment_text, sent_column
from local_dust.tables.csv_files import Rows
from local_dust.tables.merging import Deletion
from local_dust.tables.store import Tables, TooManyPending
from local_dust.tables.stored import StoredTable

_CELL = union(string, number, boolean, fields({"type": literal("datetime"), "epoch": number}), null)
_SLOW = fields({"rows": array(fields({"row_id": string, "value": record(_CELL)})), "truncate": optional(boolean)})
_SCALARS = {str, int, float, bool, type(None)}
_CELLS = _SCALARS | {dict}
_SLUG = re.compile(r"[a-z0-9_]+")
_NOT_UPSERTED = "Failed to upsert database rows."
_PENDING = "Too many pending table updates are queued for this table. Please retry later."


def rows_check(value: Any, path: Path) -> list[str]:
    """The schema of a request with rows, with a fast path for plainly valid ones."""
    return [] if _plainly_valid(value) else _SLOW(value, path)


def _plainly_valid(body: Any) -> bool:
    if not isinstance(body, dict) or type(body.get("truncate", False)) is not bool:
        return False
    rows = body.get("rows")
    if not isinstance(rows, list):
        return False
    if not all(type(row) is dict and type(row.get("row_id")) is str and type(row.get("value")) is dict for row in rows):
        return False
    kinds = set(map(type, chain.from_iterable(row["value"].values() for row in rows)))
    if kinds <= _SCALARS:
        return True
    return kinds <= _CELLS and all(
        cell.get("type") == "datetime" and type(cell.get("epoch")) in (int, float)
        for row in rows
        for cell in row["value"].values()
        if type(cell) is dict
    )


ROWS: Check = rows_check


def list_rows(call: Call) -> Effect:
    query = call.request.parameters()
    limit, wrong_limit = whole_number(query.get("limit", []), "limit", 10)
    offset, wrong_offset = whole_number(query.get("offset", []), "offset", 0)
    if (wrong_limit or wrong_offset) and not call.legacy:
        raise invalid_query(call, wrong_limit + wrong_offset)
    table = _readable_table(call, "Failed to list database rows.")
    if table.cached_schema is None and call.readable().tables.faults.fails_while_empty:
        raise _failed("Failed to list database rows.")
    end = min(offset + limit, table.row_count)
    rows = [{"row_id": table.stored.ids[n], "value": table.row(n)} for n in range(min(offset, end), end)]
    return lambda: ok({"rows": rows, "offset": offset, "limit": limit, "total": table.row_count})


def get_row(call: Call) -> Effect:
    message = "Failed to get row."
    table = _readable_table(call, message)
    position = call.readable().tables.position(table, call.ids[1])
    if position is None:
        raise _failed(message)
    row = {"row_id": table.stored.ids[position], "value": table.row(position)}
    return lambda: ok({"row": row})


def delete_row(call: Call) -> Effect:
    tables = call.writable().tables
    table_id, row_id = call.ids
    tables.faults.check("Failed to delete row.")

    def effect() -> Answer:
        if table_id not in tables.stored:
            raise DustError(404, "table_not_found", "The table you requested was not found.")
        try:
            tables.queue(table_id, Deletion(row_id))
        except TooManyPending:
            raise _too_many(call, "Failed to delete row.") from None
        return ok({"success": True})

    return tables.faults.admitted(effect, table_id, truncates=False)


def post_rows(call: Call) -> Effect:
    body = None if call.legacy else call.body(ROWS)
    source = call.writable()
    valid = call.body(ROWS) if body is None else body
    keys = set(chain.from_iterable(row["value"] for row in valid["rows"]))
    if not all(map(_SLUG.fullmatch, keys - {"__proto__"})):
        raise invalid("Invalid request body: keys must be lowercase alphanumeric.")
    faults = source.tables.faults
    faults.check(_NOT_UPSERTED)
    truncates = valid.get("truncate") is True
    return faults.admitted(lambda: _upsert(call, source.tables, valid), call.ids[0], truncates=truncates)


def _upsert(call: Call, tables: Tables, body: dict[str, Any]) -> Answer:
    table_id = call.ids[0]
    if table_id not in tables.stored:
        raise _failed(_NOT_UPSERTED)
    truncate = body.get("truncate") is True
    try:
        rows = _sent_rows(body["rows"], call)
        if truncate:
            tables.replace_rows(table_id, rows)
        else:
            tables.queue(table_id, rows)
    except UnwritableCell:
        if truncate:  # Dust drops the queue while it writes, even if the write fails.
            tables.drop_queue(table_id)
        raise _failed(_NOT_UPSERTED) from None
    except TooManyPending:
        raise _too_many(call, _NOT_UPSERTED) from None
    table = tables.stored[table_id]
    shown = table.described()
    return ok({"table": {name: shown[name] for name in ("name", "table_id", "description", "schema")}})


def _sent_rows(sent: Sequence[dict[str, Any]], call: Call) -> Rows:
    """The rows of a request as its CSV file, without columns that are null in all of them.

    Raises:
        UnwritableCell: The core refuses a value, or a row has too many columns.
    """
    values = [row["value"] for row in sent]
    if any(len(value) > call.limits.columns for value in values):
        raise UnwritableCell("Too many columns")
    ids = [row["row_id"] for row in sent]
    columns: dict[str, Sequence[Cell]] = {}
    for name in dict.fromkeys(chain.from_iterable(values)):
        column = sent_column([value.get(name) for value in values])
        if name != "__proto__" and any(cell is not None for cell in column):
            columns[name] = column
    _check_writable([ids, *columns.values()], escaped=b"\\u" in call.request.body)
    rows = list(zip(*columns.values(), strict=True)) or [()] * len(ids)
    return Rows(tuple(columns), ids, rows, len(call.request.body))


def _check_writable(columns: Sequence[Sequence[Cell]], *, escaped: bool) -> None:
    for column in columns:
        kinds = set(map(type, column))
        if UnusableMoment in kinds:
            raise UnwritableCell("Unknown object type")
        if Moment in kinds:
            for cell in set(column):
                if type(cell) is Moment:
                    moment_text(cell.epoch)
        if escaped and str in kinds:
            try:
                "".join(cell for cell in column if type(cell) is str).encode()
            except UnicodeEncodeError:
                raise UnwritableCell("lone surrogate") from None


def _readable_table(call: Call, message: str) -> StoredTable:
    tables = call.readable().tables
    tables.faults.check(message)
    table = tables.stored.get(call.ids[0])
    if table is None or table.unreadable is not None:
        raise _failed(message)
    return table


def _too_many(call: Call, legacy_message: str) -> DustError:
    if call.legacy:
        return _failed(legacy_message)
    return DustError(429, "rate_limit_error", _PENDING)


def _failed(message: str) -> DustError:
    return DustError(500, "internal_server_error", message)
