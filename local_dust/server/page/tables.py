"""The tables on the page: a list, and one table with typed columns and rows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from local_dust.server.page.documents import moment
from local_dust.server.page.markup import Html, element, joined, link, pager
from local_dust.tables.stored import StoredTable

SHOWN = 50
LONGEST_CELL = 300


def table_list(tables: Iterable[StoredTable]) -> Html:
    """The tables with their columns."""
    shown = [_article(table) for table in tables]
    return joined(*shown) if shown else element("p", "No tables.")


def whole_table(table: StoredTable | None, number: int) -> Html:
    """A table's description, its columns, and a page of its rows."""
    if table is None:
        return element("p", "There is no such table.")
    return element(
        "article",
        element("h2", table.title),
        element("p", table.description),
        _facts(table),
        pager(table.row_count, number, SHOWN, "rows", table=table.table_id),
        element("div", _rows(table, number), class_="wide"),
    )


def _article(table: StoredTable) -> Html:
    return element(
        "article",
        element("h3", link(table.title, table=table.table_id)),
        _facts(table),
        element("p", *(_column(name, kind) for name, kind in _types(table).items()), class_="tags"),
        class_="table",
    )


def _facts(table: StoredTable) -> Html:
    parts = [f"{table.name} · {table.row_count:,} rows · {moment(table.timestamp)}"]
    if table.pending:
        parts.append(f" · {table.pending} queued requests, merged once the table has been quiet")
    facts = element("p", *parts, class_="facts")
    if table.unreadable is None:
        return facts
    return joined(facts, element("p", f"Its rows cannot be read: {table.unreadable}", class_="trouble"))


def _rows(table: StoredTable, number: int) -> Html:
    types = _types(table)
    names = table.stored.names
    head = element("tr", element("th", "row id"), *(element("th", _column(name, types.get(name))) for name in names))
    positions = range(number * SHOWN, min((number + 1) * SHOWN, table.row_count))
    body = (_row(table.stored.ids[position], table.row(position).values()) for position in positions)
    return element("table", element("thead", head), element("tbody", *body))


def _row(row_id: str, cells: Iterable[Any]) -> Html:
    return element("tr", element("th", row_id), *map(_cell, cells))


def _cell(value: Any) -> Html:
    if value is None:
        return element("td", "null", class_="null")
    if isinstance(value, dict):  # a datetime
        return element("td", str(value["string_value"] or moment(value["epoch"])))
    if isinstance(value, (bool, int, float)):
        return element("td", json.dumps(value), class_="number")
    text = str(value)
    return element("td", text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]} …")


def _types(table: StoredTable) -> dict[str, str]:
    return {column["name"]: column["value_type"] for column in table.schema or ()}


def _column(name: str, kind: str | None) -> Html:
    return element("span", name, " ", element("small", kind or "empty"), class_="column")
