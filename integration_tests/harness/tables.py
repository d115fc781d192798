"""Shared by the tests of tables: settings that shorten Dust's quiet time, and the requests that were sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integration_tests.harness.messages import record
from local_dust import Arrival, World

QUIET = 0.3
"""For `World(quiet_seconds=...)`: how long a table must be left alone until its queue is merged."""
TABLE = "airbyte_users"
GONE: dict[str, Any] = {"_ab_cdc_deleted_at": "2026-01-01T00:00:00Z"}
OWN_COLUMNS = ("_airbyte_extracted_at", "_airbyte_loaded_at", "_airbyte_generation_id")

TIMING = {"batch_age": 60, "confirmation_delay": 0.5, "confirmation_limit": 20}


def settings(**overrides: Any) -> dict[str, Any]:
    """The settings of a sync into tables, except for the connection. Times among the overrides go into `timing`."""
    timing = {name: overrides.pop(name) for name in TIMING.keys() & overrides.keys()}
    return {"data_format": "tables", "timing": {**TIMING, **timing, **overrides.pop("timing", {})}, **overrides}


def users(count: int, *, start: int = 0, **fields: Any) -> list[dict[str, Any]]:
    """Records of one stream with consecutive ids."""
    return [record("users", id=number, **fields) for number in range(start, start + count)]


def upserts(world: World, table_id: str | None = None) -> list[Arrival]:
    """The requests with rows, in the order of their arrival."""
    return [
        arrival
        for arrival in [*world.arrivals]
        if arrival.method == "POST" and arrival.path.endswith("/rows") and table_id in (None, arrival.table_id)
    ]


def looks(world: World) -> list[str]:
    """The rows that were read one by one."""
    return [arrival.row_id for arrival in [*world.arrivals] if is_look(arrival) and arrival.row_id]


def is_look(arrival: Arrival) -> bool:
    """Whether a request reads one row."""
    return arrival.method == "GET" and arrival.row_id is not None


def has_row(arrival: Arrival, number: int) -> bool:
    """Whether a request upserts the user of this id."""
    return isinstance(arrival.body, dict) and any(
        row["row_id"] == f"users-{number}" for row in arrival.body.get("rows", ())
    )


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as Dust shows it, without our own columns and nulls, and with datetimes as texts."""
    return {
        name: cell["string_value"] if isinstance(cell, dict) else cell
        for name, cell in row.items()
        if name not in OWN_COLUMNS and cell is not None
    }


def stored(world: World, table_id: str = TABLE) -> dict[str, dict[str, Any]]:
    """The plain rows of a table, by id."""
    return {row_id: plain(row) for row_id, row in world.tables()[table_id].rows().items()}
