"""Which records are the same document or row."""

from __future__ import annotations

from destination_dust.airbyte.catalog import MissingKey, Mode, StreamPlan
from destination_dust.airbyte.messages import Record
from destination_dust.mapping.ids import identifier, record_identifier
from destination_dust.reporting.counts import Counts


def record_id(plan: StreamPlan, record: Record, counts: Counts) -> str:
    """The id of a record: made of its key, or of all of it if its stream has none.

    Only where a key decides what is replaced must every record have one, or `MissingKey` is raised.
    """
    if plan.primary_key:
        try:
            return identifier(*plan.stream, plan.key_of(record.data))
        except MissingKey:
            if plan.mode is Mode.APPEND_DEDUP:
                raise
            counts.without_key += 1
    return record_identifier(*plan.stream, record.data)
