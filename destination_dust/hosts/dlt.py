"""Dust as a destination of dlt (https://dlthub.com): `dlt.pipeline(destination=dust)`; docs/dlt.md is for its users.

dlt hands over a table's items in batches, and counts a batch as loaded when the function returns: `Loader` returns once
Dust has it. After an error, dlt keeps the package, and the next run goes on with the batch that failed.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from typing import Any

try:
    import dlt
except ModuleNotFoundError as error:
    raise ImportError("dlt is not installed here. Install the connector with it: pip install '.[dlt]'") from error
from dlt.common.destination.exceptions import DestinationTerminalException, DestinationTransientException

from destination_dust.loading import Delete, InvalidConfig, Loader, NotStored, RecordData, Stream

# Of dlt's types, those whose values a column of Dust or a document shows differently if they are declared.
SCHEMAS: Mapping[str, Mapping[str, str]] = {
    "timestamp": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "time"},
    "bigint": {"type": "integer"},
    "double": {"type": "number"},
    "decimal": {"type": "number"},
    "bool": {"type": "boolean"},
    "text": {"type": "string"},
}
# Items for one call. dlt notes how far it is after each.
BATCH = 5000


class NotLoadedYet(DestinationTransientException):  # type: ignore[misc] # dlt is not installed where mypy runs
    """Dust or the network was in trouble, so dlt tries again: some times in this run, and in the next one."""


class NotLoadable(DestinationTerminalException):  # type: ignore[misc] # as above
    """Something must be put right first: the text says what. dlt ends the run at once, and tries again in the next."""


@dlt.destination(  # type: ignore[untyped-decorator] # as above
    name="dust",
    batch_size=BATCH,
    naming_convention="direct",
    max_table_nesting=0,
    skip_dlt_columns_and_tables=True,
    loader_parallelism_strategy="table-sequential",  # later versions of a record must not come first
)
def dust(items: list[dict[str, Any]], table: dict[str, Any], settings: dict = dlt.secrets.value) -> None:  # type: ignore[type-arg] # dlt refuses the type with its arguments
    """Store the items of a table. `settings`: those of the connector. Raises `NotLoadedYet` and `NotLoadable`."""
    try:
        _loader(settings).apply(_stream(table), _changes(items, table))
    except NotStored as error:
        kind = NotLoadedYet if error.may_pass else NotLoadable
        raise kind(str(error)) from error
    except InvalidConfig as error:
        raise NotLoadable(str(error)) from error


def _stream(table: Mapping[str, Any]) -> Stream:
    """The stream of a table. Raises `NotLoadable` for what Dust cannot keep."""
    name, columns = table["name"], table["columns"]
    disposition = table.get("write_disposition", "append")
    key = tuple(column for column, hints in columns.items() if hints.get("primary_key"))
    strategy = table.get("x-merge-strategy", "delete-insert")
    if disposition == "replace":
        raise _refused(name, "write_disposition replace", "dlt never says when a table is complete. Use merge")
    if disposition == "merge" and strategy not in ("delete-insert", "upsert"):
        raise _refused(name, f"merge strategy {strategy}", "Dust keeps one version of each record. Use upsert")
    if any(hints.get("hard_delete") for hints in columns.values()) and not key:
        raise _refused(
            name, "hint hard_delete", "it has no primary_key, by which Dust finds what to delete. Give it one"
        )
    if disposition == "merge" and not key:
        raise _refused(name, "write_disposition merge", "it has no primary_key. Give it one")
    if any(hints.get("merge_key") and not hints.get("primary_key") for hints in columns.values()):
        raise _refused(name, "merge_key", "Dust finds records by their primary_key only. Remove it")
    if any(hints.get("dedup_sort") for hints in columns.values()):
        raise _refused(name, "dedup_sort", "of several records with one key, the last counts. Remove it")
    properties = {column: SCHEMAS.get(hints.get("data_type", ""), {}) for column, hints in columns.items()}
    return Stream(name, key, json_schema={"properties": properties})


def _refused(table: str, what: str, why: str) -> NotLoadable:
    return NotLoadable(
        f"The table {table} has the {what}, which Dust cannot keep: {why}. Then call pipeline.abort_packages(): it "
        "drops the package that waits, and dlt extracts its records again."
    )


def _changes(items: list[dict[str, Any]], table: Mapping[str, Any]) -> Iterator[RecordData | Delete]:
    """The items as changes. A column with the hint `hard_delete` says which of them are gone, and is not stored."""
    marks = [column for column, hints in table["columns"].items() if hints.get("hard_delete")]
    for item in items:
        record = {name: value for name, value in item.items() if name not in marks}
        # As in dlt's own destinations: a boolean must be true, anything else must be there.
        is_gone = any(item.get(mark) is not None and item.get(mark) is not False for mark in marks)
        yield Delete(record) if is_gone else record


_loaders: dict[str, Loader] = {}
_one_at_a_time = threading.Lock()


def _loader(settings: Mapping[str, Any]) -> Loader:
    """One for all calls with these settings, which share Dust's limit and the connections."""
    name = json.dumps(settings, sort_keys=True)
    with _one_at_a_time:
        if name not in _loaders:
            _loaders[name] = Loader(settings)
        return _loaders[name]
