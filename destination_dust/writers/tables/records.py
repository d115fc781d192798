"""The changes that records make to rows, also those in part: updates without large values, and tombstones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Mapping
from functools import partial
from typing import Any

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.airbyte.cdc import CDC_DELETED_AT, CDC_UPDATED_AT, is_change, is_placeholder, unavailable
from destination_dust.airbyte.ledger import Span
from destination_dust.airbyte.messages import Record, StreamKey
from destination_dust.mapping.schemas import declared_field
from destination_dust.mapping.tables.bodies import cells_of
from destination_dust.mapping.tables.cells import Cell
from destination_dust.mapping.tables.rows import OWN_COLUMNS, RowEncoder, TooManyColumns
from destination_dust.mapping.tables.stored_cells import stored_cells
from destination_dust.mapping.timestamps import epoch_milliseconds
from destination_dust.writers.partial_updates import PartialUpdates, Update, Values
from destination_dust.writers.tables.changes import Change
from destination_dust.writers.tables.client import TableClient
from destination_dust.writers.tables.context import MAX_ROW_BYTES, TablesContext
from destination_dust.writers.tables.table import Table

# Looks for a row until it counts as not there.
LOOKS = 5


class Records:
    """Makes changes of records. Those in part are completed from an earlier record, or from their row in Dust."""

    def __init__(
        self,
        context: TablesContext,
        failed: Container[StreamKey],
        fail: Callable[[StreamKey, Exception], None],
        *,
        hard: bool,
    ) -> None:
        """`failed`: streams whose records are no longer wanted; `fail` receives why a row of a stream cannot be
        read; `hard`: whether a tombstone deletes its row, or else keeps the row's other columns."""
        self._context = context
        self._failed = failed
        self._fail = fail
        self._hard = hard
        self._updates = PartialUpdates(context.submit, cells_of)

    @property
    def has_room(self) -> bool:
        """Whether more records may wait for Dust."""
        return self._updates.has_room

    @property
    def idle(self) -> bool:
        """Whether all records were written."""
        return self._updates.idle

    def upsert(
        self, plan: StreamPlan, record: Record, span: Span, row_id: str, table: Table, kept: Mapping[str, Cell]
    ) -> bytes | None:
        """Write the row of a complete record. `kept`: cells that it has besides, by column.

        Returns the row's content, None if the record has none.
        """
        try:
            row = table.encoder.encode(row_id, record.data, record.emitted_at, kept)
        except TooManyColumns as error:
            reason = f"{error}. Select fewer of the stream's fields in the connection"
            self._context.outcomes.rejected(plan.stream, row_id, reason, {span: 1})
            return None
        change = Change(row_id, row, span)
        if change.size > MAX_ROW_BYTES:
            reason = f"it is larger than a request to Dust may be ({change.size} bytes)"
            self._context.outcomes.rejected(plan.stream, row_id, reason, {span: 1})
        else:
            table.change(change)
        return row.content

    def take(
        self, plan: StreamPlan, record: Record, span: Span, row_id: str, table: Table, *, is_replaced: bool
    ) -> None:
        """Write the record, now or once it is complete. `is_replaced`: see `partial_updates`."""
        context, encoder, existing = self._context, table.encoder, table.existing
        deleted = plan.deletes(record.data)
        soft = deleted and not self._hard
        # A tombstone of SQL Server has the values of its row, except the large ones.
        missing = unavailable(record.data) if soft or not deleted else ()
        # Without columns, Dust has merged no row, and some of its versions fail to read such a table. With
        # `confirm_rows` none was acknowledged then; without it, some may wait to be merged.
        may_have_row = existing.columns or (existing.exists and not context.confirm)
        had_row = bool(may_have_row and plan.primary_key and not is_replaced)

        def put(values: Values | None) -> bytes | None:
            data = {**record.data, **dict.fromkeys(missing)} if missing else record.data
            kept: Mapping[str, Cell] = {}
            if soft:
                context.outcomes.counts(plan.stream).emptied += values is None and had_row
                kept = self._kept_by_tombstone(plan, data, encoder, values or {})
            elif missing:
                kept = self._kept_by_update(plan, data, missing, encoder, values or {})
            content = None
            if plan.stream in self._failed:
                pass  # since the record came
            elif deleted and not soft:
                table.change(Change(row_id, None, span))
            else:
                content = self.upsert(plan, record._replace(data=data), span, row_id, table, kept)
            # Without a key, no other record is about this row.
            return (content or b"") if is_change(data) and plan.primary_key else None

        # Without `confirm_rows`, an earlier sync may have acknowledged what Dust has not merged yet.
        read = partial(_stored_row, table.dust, row_id) if had_row and context.confirm else None
        self._updates.take(row_id, Update(soft or bool(missing), put, read, partial(self._fail, plan.stream)))

    def _kept_by_update(
        self,
        plan: StreamPlan,
        data: Mapping[str, Any],
        missing: Collection[str],
        encoder: RowEncoder,
        values: Values,
    ) -> dict[str, Cell]:
        """The cells of the fields that the source did not have, counted as kept or as lost."""
        counts, kept = self._context.outcomes.counts(plan.stream), {}
        deleted_at = values.get(encoder.column_of(CDC_DELETED_AT))
        known = {} if _is_another_row(data, deleted_at) else values
        for field in missing:
            content = known.get(name := encoder.column_of(field))
            lost = content is None or is_placeholder(content)
            (counts.lost_values if lost else counts.kept_values)[declared_field(plan.properties, field)] += 1
            if not lost:
                kept[name] = content
        return kept

    def _kept_by_tombstone(
        self, plan: StreamPlan, data: Mapping[str, Any], encoder: RowEncoder, values: Values
    ) -> dict[str, Cell]:
        """The cells that the tombstone itself does not have. Those that cannot be kept are counted as lost."""
        lost = self._context.outcomes.counts(plan.stream).lost_values
        fields = {column.name: field for field, column in encoder.columns.items()}
        others = values.keys() - OWN_COLUMNS - {name for name, field in fields.items() if data.get(field) is not None}
        kept = {name: values[name] for name in others if values[name] is not None and not is_placeholder(values[name])}
        lost.update(declared_field(plan.properties, fields.get(name, "")) for name in others - kept.keys())
        return kept


def _is_another_row(data: Mapping[str, Any], deleted_at: Cell) -> bool:
    """Whether the row in Dust, deleted at that time, is not that of a record, but one that had its key before.

    After a change of a key, an insert may lack large values. Proof that the row is the record's: it is not marked as
    deleted, or the record is older than the mark, so that an attempt that got no acknowledgement has set it.
    """
    if deleted_at is None:
        return False
    marked = deleted_at.get("epoch") if isinstance(deleted_at, dict) else epoch_milliseconds(deleted_at)
    changed = epoch_milliseconds(data.get(CDC_UPDATED_AT))
    return marked is None or changed is None or changed >= marked


def _stored_row(dust: TableClient, row_id: str) -> Mapping[str, Cell]:
    """The cells of a row in Dust, by column; empty if there is no such row. Raises `UnusableTable`.

    A read that fails proves nothing, because Dust answers the same in trouble. Proof that the row is not there: it
    cannot be read before and after each of several reads of its table that succeed. Trouble that comes and goes can
    look like that by chance, and the row would lose its values without a word: so there is more than one.
    """
    row = dust.read(row_id)
    for _ in range(1, LOOKS):
        if row is not None:
            break
        dust.measure(has_schema=True)
        row = dust.read(row_id)
    return stored_cells(row or {})
