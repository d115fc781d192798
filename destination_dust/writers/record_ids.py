"""Which records are the same document or row."""

from __future__ import annotations

import json
from collections.abc import Callable

from destination_dust.airbyte.catalog import MissingKey, StreamPlan
from destination_dust.airbyte.cdc import is_change, is_placeholder, is_tombstone
from destination_dust.airbyte.messages import Record, StreamKey
from destination_dust.exact_json import MAX_DEPTH
from destination_dust.mapping.ids import identifier, record_identifier
from destination_dust.reporting.counts import Counts


def record_id(plan: StreamPlan, record: Record, counts: Callable[[StreamKey], Counts]) -> str:
    """The id of a record: made of its key, or of all of it if its stream has none.

    Only where a key decides what is replaced or deleted must it be there, or `MissingKey` is raised. So it is for a key
    that would be the same for each: one with bytes that are not UTF-8, and one that change data capture did not have.
    A record that is nested too deeply was not read to its end, so nothing is known of it.
    """
    if record.is_too_deep:
        raise MissingKey(f"its values are nested deeper than {MAX_DEPTH} levels")
    # Nearly all keys are one whole number, with which nothing below can be wrong.
    if plan.key_field is not None and type(number := record.data.get(plan.key_field)) is int:
        return identifier(*plan.stream, (number,))
    if plan.primary_key:
        try:
            key = plan.key_of(record.data)
        except MissingKey:
            if plan.deduplicates or is_tombstone(record.data):
                raise
            counts(plan.stream).without_key += 1
        else:
            if not record.is_utf8 and not _is_text(key):
                raise MissingKey("its primary key has bytes that are not UTF-8, so it could be mistaken for another")
            if is_change(record.data) and any(map(is_placeholder, key)):
                raise MissingKey("the source did not send its primary key (for Postgres, set REPLICA IDENTITY FULL)")
            return identifier(*plan.stream, key)
    return record_identifier(*plan.stream, record.data)


def _is_text(key: object) -> bool:
    try:
        json.dumps(key, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        return False
    return True
