"""What comes before rows: the table is created, and before each burst, its room is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.mapping.tables.descriptions import table_description
from destination_dust.mapping.tables.rows import VALUE_TYPES, RowEncoder, TooManyColumns
from destination_dust.mapping.tables.type_inference import DustType
from destination_dust.writers.steps import OneCall
from destination_dust.writers.tables.burst import Burst
from destination_dust.writers.tables.client import TableClient, UnusableTable
from destination_dust.writers.tables.context import TablesContext
from destination_dust.writers.tables.limits import MAX_BYTES, MAX_ROWS, Capacity, TableFull, next_loading_time, room


class Preparation:
    """Makes sure that there is a table, and that it can take what is to be sent."""

    def __init__(
        self, plan: StreamPlan, encoder: RowEncoder, dust: TableClient, calls: OneCall, context: TablesContext
    ) -> None:
        self.created = False
        self._tags: Sequence[str] = ()
        self._replaces = False
        self._plan = plan
        self._shape = encoder
        self._dust = dust
        self._calls = calls
        self._context = context
        self._last_loaded_at = 0

    def tag(self, tags: Sequence[str]) -> None:
        """What the table's tags are to be when it is created, or described anew."""
        self._tags = tags

    def replace(self) -> None:
        """All rows that the table has go, so that it does not matter how many they are."""
        self._replaces = True

    def create(self, then: Callable[[], None] | None = None) -> None:
        """Create the table, once per process, or describe it anew."""
        key = [".".join(path) for path in self._plan.primary_key]
        title = str(self._plan.stream)
        description = table_description(title, key, self._plan.properties, self._shape.columns)

        def done(table: Mapping[str, Any]) -> None:
            self._created(table)
            if then:
                then()

        self._calls.make(partial(self._dust.create, title, description, self._tags), done)

    def measure(self, burst: Burst) -> None:
        """Learn how much the table may still grow, and fix when the burst's rows are said to be loaded."""
        if self._replaces:
            burst.room = Capacity(MAX_ROWS, MAX_BYTES)  # of which it was seen that they suffice
            self._fix_loading_time(burst, [])
        else:
            self._calls.make(self._dust.measure, partial(self._measured, burst))

    def _created(self, table: Mapping[str, Any]) -> None:
        self.created = True
        if self._replaces:
            return
        schema = {str(column.get("name")): column.get("value_type") for column in table.get("schema") or []}
        self._check_width(schema, {name: VALUE_TYPES[kind] for name, kind in schema.items() if kind in VALUE_TYPES})

    def _measured(self, burst: Burst, found: tuple[list[Mapping[str, Any]], int]) -> None:
        sample, total = found
        # Dust shows the schema that it knew before the last merge; a row shows the columns of now.
        self._check_width(name for value in sample[:1] for name in value)
        rows, size = burst.waiting
        try:
            burst.room = room(sample, total, rows=rows, size=size)
        except TableFull as error:
            raise UnusableTable(
                f"The table {self._dust.table_id} is full: {error}. Sync fewer rows or fields of the stream "
                f"{self._plan.stream}, or delete rows that are not needed any more."
            ) from error
        self._fix_loading_time(burst, sample)

    def _fix_loading_time(self, burst: Burst, sample: list[Mapping[str, Any]]) -> None:
        burst.loaded_at = next_loading_time(sample, wall=self._context.wall(), after=self._last_loaded_at)
        self._last_loaded_at = burst.loaded_at

    def _check_width(self, columns: Iterable[str], kinds: Mapping[str, DustType] | None = None) -> None:
        try:
            self._shape.note_existing(columns, kinds)
        except TooManyColumns as error:
            raise too_wide(self._plan, error) from error


def too_wide(plan: StreamPlan, error: TooManyColumns) -> UnusableTable:
    """What to say of a stream with too many fields."""
    return UnusableTable(
        f"The stream {plan.stream} cannot be stored: {error}. Select fewer of its fields in the connection. Columns "
        "that the table has already stay until its rows are replaced."
    )
