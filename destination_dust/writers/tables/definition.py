"""How a table is described: its title, its columns, and the tags that later syncs need."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.mapping.ids import table_name
from destination_dust.mapping.tables.columns import column_tags, remembered_columns, without_column_tags
from destination_dust.mapping.tables.descriptions import table_description
from destination_dust.mapping.tables.differences import listed, renamed
from destination_dust.mapping.tables.rows import VALUE_TYPES, RowEncoder, TooManyColumns
from destination_dust.mapping.tables.type_inference import DustType
from destination_dust.mapping.text import one_line
from destination_dust.writers.steps import Ask, Steps
from destination_dust.writers.tables.client import ExistingTable, TableClient, UnusableTable
from destination_dust.writers.tables.context import TablesContext

logger = logging.getLogger("airbyte")


class Definition:
    """Creates a table and describes it, again whenever there is something new to say."""

    def __init__(self, plan: StreamPlan, encoder: RowEncoder, dust: TableClient, existing: ExistingTable) -> None:
        """`existing`: the table as it was before the sync."""
        self.encoder = encoder
        self.dust = dust
        self.existing = existing
        self.tags: Sequence[str] = existing.tags if plan.replaces else ()
        """The tags that it gets when it is described. Those that it has go, so a sync that only adds removes the marker
        of a replacement."""
        self.has_schema = False
        """Whether Dust has ever told columns of it: something was merged."""
        self.columns_known = not existing.exists
        """Whether it is known which columns it has: it was read, or this sync writes all of its rows."""
        self._replaced = False
        self._plan = plan
        self._told: tuple[str, int] | None = None
        """What Dust was told: the description, and how many columns have other names than their fields."""

    def replace(self) -> None:
        """This sync writes all rows that the table will have."""
        self._replaced = self.columns_known = True

    def tell_columns(self) -> Steps:
        """Create the table, and have its tags say which fields have columns of other names.

        That comes before a row goes to a new column: a sync that dies after it must leave word of whose column it is.
        """
        if not self._told or self._told[1] != len(self.encoder.changed_names):
            yield from self.describe()

    def update(self) -> Steps:
        """Describe the table anew if it was created, and its description no longer says which columns it has."""
        if self._told and self._told[0] != self._description():
            yield from self.describe()

    def describe(self) -> Steps:
        """Create the table unless it exists, and describe it. Raises `UnusableTable`."""
        title, description = one_line(str(self._plan.stream))[0], self._description()
        changed = dict(self.encoder.changed_names)
        tags = [*without_column_tags(self.tags), *column_tags(changed)]
        table = yield Ask(lambda: self.dust.create(title, description, tags))
        self._told = description, len(changed)
        if not self._replaced:
            self.has_schema = self.has_schema or table.get("schema") is not None
            schema = {str(column.get("name")): column.get("value_type") for column in table.get("schema") or []}
            self._note(schema, {name: VALUE_TYPES[kind] for name, kind in schema.items() if kind in VALUE_TYPES})

    def has_shown(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Dust has shown rows. Its schema may be that of before the last merge; a row has the columns of now."""
        self._note(name for row in rows[:1] for name in row["value"])
        self.columns_known = self.has_schema = True

    def _description(self) -> str:
        """The description by what is known now: only a row, or that there are none, proves which columns there are."""
        stream, key = str(self._plan.stream), [".".join(path) for path in self._plan.primary_key]
        existing = self.encoder.in_table if self.columns_known else None
        return table_description(stream, key, self._plan.properties, self.encoder.columns, existing=existing)

    def _note(self, columns: Iterable[str], kinds: Mapping[str, DustType] | None = None) -> None:
        try:
            self.encoder.note_existing(columns, kinds)
        except TooManyColumns as error:
            raise UnusableTable(
                f"The stream {self._plan.stream} cannot be stored: {error}. Select fewer of its fields in the "
                "connection. Columns that the table has already stay until its rows are replaced."
            ) from error


def find_table(plan: StreamPlan, context: TablesContext, prefix: str) -> Generator[Ask | None, Any, Definition]:
    """Find the table of a stream, and give each field the column that it had before."""
    dust = TableClient(context.client, table_name(prefix, *plan.stream))
    existing = yield Ask(partial(dust.existing, with_rows=plan.replaces))
    encoder = RowEncoder(
        plan.properties,
        generation_id=plan.generation,
        remembered=remembered_columns(existing.tags),
        existing=existing.columns,
    )
    logger.info("Stream %s goes to the table %s.", plan.stream, dust.table_id)
    if names := renamed(encoder.columns):
        logger.info("Stream %s: Dust would change some names, so the columns are: %s.", plan.stream, listed(names))
    return Definition(plan, encoder, dust, existing)
