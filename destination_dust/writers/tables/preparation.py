"""The steps before rows are sent: create the table, and before each burst, measure its capacity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.mapping.tables.columns import column_tags, without_column_tags
from destination_dust.mapping.tables.descriptions import table_description
from destination_dust.mapping.tables.rows import VALUE_TYPES, RowEncoder, TooManyColumns
from destination_dust.mapping.tables.type_inference import DustType
from destination_dust.mapping.text import one_line
from destination_dust.writers.steps import Ask, Steps
from destination_dust.writers.tables.burst import Burst
from destination_dust.writers.tables.client import TableClient, UnusableTable
from destination_dust.writers.tables.context import TablesContext
from destination_dust.writers.tables.limits import MAX_BYTES, MAX_ROWS, Capacity, TableFull, remaining_capacity
from destination_dust.writers.tables.loading_times import next_loading_time


class Preparation:
    """Makes sure that a table exists, and that it can take the rows to be sent."""

    def __init__(self, plan: StreamPlan, encoder: RowEncoder, dust: TableClient, context: TablesContext) -> None:
        self.created = False
        self.tags: Sequence[str] = ()
        """The tags that the table gets when it is created or described anew."""
        self._replaces = False
        self._measured = False
        self._described = ""
        self._columns_told = 0
        self._plan = plan
        self._encoder = encoder
        self._dust = dust
        self._context = context
        self._latest: Burst | None = None

    def replace(self) -> None:
        """All rows that the table has go, so their number does not matter."""
        self._replaces = True

    def create(self) -> Steps:
        """Create the table, once per process, or describe it anew. Raises `UnusableTable`."""
        title, description = one_line(str(self._plan.stream))[0], self._description()
        changed = dict(self._encoder.changed_names)
        tags = [*without_column_tags(self.tags), *column_tags(changed)]
        table = yield Ask(lambda: self._dust.create(title, description, tags))
        self._columns_told = len(changed)
        self.created = True
        self._described = description
        if not self._replaces:
            schema = {str(column.get("name")): column.get("value_type") for column in table.get("schema") or []}
            self._check_width(schema, {name: VALUE_TYPES[kind] for name, kind in schema.items() if kind in VALUE_TYPES})

    @property
    def tells_columns(self) -> bool:
        """Whether the table exists, and its tags say which fields have columns of other names."""
        return self.created and self._columns_told == len(self._encoder.changed_names)

    @property
    def is_outdated(self) -> bool:
        """Whether the table's description no longer says which columns it has."""
        return self.created and self._described != self._description()

    def measure(self, burst: Burst) -> Steps:
        """Find out how much the table may still grow, and fix the loading time of the burst's rows.

        Raises `UnusableTable`.
        """
        sample: list[Mapping[str, Any]] = []
        if self._replaces:
            burst.capacity = Capacity(MAX_ROWS, MAX_BYTES)  # checked before: all rows fit
            burst.time_is_new = True
        else:
            sample, total = yield Ask(self._dust.measure)
            # Dust shows the schema that it knew before the last merge; a row shows the columns of now.
            self._check_width(name for value in sample[:1] for name in value)
            self._measured = True
            burst.capacity = self._capacity(burst, sample, total)
            burst.time_is_new = len(sample) >= total
        after = self._latest.loaded_at if self._latest else 0
        burst.loaded_at = next_loading_time(sample, wall=self._context.wall(), after=after)
        self._latest = burst

    def _description(self) -> str:
        """The description by what is known now: only a row, or a replacement, proves which columns there are."""
        stream, key = str(self._plan.stream), [".".join(path) for path in self._plan.primary_key]
        existing = self._encoder.in_table if self._measured or self._replaces else None
        return table_description(stream, key, self._plan.properties, self._encoder.columns, existing=existing)

    def _capacity(self, burst: Burst, sample: list[Mapping[str, Any]], total: int) -> Capacity:
        rows, size = burst.waiting
        try:
            return remaining_capacity(sample, total, rows=rows, size=size)
        except TableFull as error:
            raise UnusableTable(
                f"The table {self._dust.table_id} is full: {error}. Sync fewer rows or fields of the stream "
                f"{self._plan.stream}, or delete rows that are no longer needed."
            ) from error

    def _check_width(self, columns: Iterable[str], kinds: Mapping[str, DustType] | None = None) -> None:
        try:
            self._encoder.note_existing(columns, kinds)
        except TooManyColumns as error:
            raise too_wide(self._plan, error) from error


def too_wide(plan: StreamPlan, error: TooManyColumns) -> UnusableTable:
    """The error for a stream with too many fields."""
    return UnusableTable(
        f"The stream {plan.stream} cannot be stored: {error}. Select fewer of its fields in the connection. Columns "
        "that the table has already stay until its rows are replaced."
    )
