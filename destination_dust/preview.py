"""Shows what a sync would write for the first records of each stream. Nothing is sent."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import Any

import orjson

from destination_dust.airbyte.catalog import Catalog, MissingKey, StreamPlan
from destination_dust.airbyte.cdc import available
from destination_dust.airbyte.messages import Record, StreamKey
from destination_dust.airbyte.reader import Reader
from destination_dust.config import Config, DataFormat
from destination_dust.config.warnings import warnings
from destination_dust.mapping.documents.document import document
from destination_dust.mapping.ids import table_name
from destination_dust.mapping.tables.rows import RowEncoder
from destination_dust.reporting.counts import Counts
from destination_dust.writers.documents.chosen_text import ChosenText
from destination_dust.writers.record_ids import record_id

# Dust's chunks have 512 tokens, each of some four bytes.
CHUNK_BYTES = 512 * 4
# A terminal must not obey what records contain.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def preview(config: Config, catalog: Catalog, lines: Iterable[bytes], *, records: int) -> Iterator[str]:
    """The blocks of text that show so many records of each stream, in the order of the input.

    Reads no further than needed. Raises `UnreadableInput` as a sync does.
    """
    reader = Reader()
    shown: Counter[StreamKey] = Counter()
    wanted = {plan.stream for plan in catalog}
    encoders: dict[StreamKey, RowEncoder] = {}
    chosen_text = ChosenText()
    if config.data_format is DataFormat.DOCUMENTS:
        yield from (f"--- warning: {warning}" for warning in warnings(config.documents, catalog))
    for line in lines:
        message = reader.read(line)
        plan = catalog.plan_of(message.stream) if isinstance(message, Record) else None
        if not isinstance(message, Record) or plan is None or shown[plan.stream] >= records:
            continue
        shown[plan.stream] += 1
        if config.data_format is DataFormat.DOCUMENTS:
            block = _document(config, plan, message, chosen_text)
        else:
            encoder = encoders.setdefault(plan.stream, RowEncoder(plan.properties, generation_id=plan.generation))
            block = _row(config, plan, message, encoder)
        yield _CONTROLS.sub("\ufffd", block)
        if all(shown[stream] >= records for stream in wanted):
            return
    for stream in sorted(wanted - shown.keys(), key=str):
        yield f"--- {stream}: no records"


def _document(config: Config, plan: StreamPlan, record: Record, chosen_text: ChosenText) -> str:
    what = _named(plan, record, "document")
    if plan.deletes(record.data):
        return f"--- {what}: deleted"
    shape = config.documents.shape_of(plan.stream)
    content = document(
        *plan.stream,
        available(record.data),
        generation=plan.generation,
        emitted_at=record.emitted_at,
        shape=shape,
        keeps_all=not chosen_text.is_proven(plan, shape),
        properties=plan.properties,
    )
    chosen_text.observe(plan, shape, lacks_text=content.lacks_text)
    size = len(content.text.encode())
    chunks = size // (CHUNK_BYTES - len(content.prefix.encode())) + 1
    facts = {
        "title": content.title,
        "tags": ", ".join(content.tags),
        "link": content.source_url,
        "time": None if content.timestamp is None else _moment(content.timestamp),
        "type": content.mime_type,
        "size": f"{size:,} bytes, about {chunks} chunk{'s' * (chunks > 1)}",
        "in each chunk": content.prefix.strip(),
        "left out": ", ".join(dict.fromkeys(content.omitted)),
    }
    return f"--- {what}\n{_listed(facts)}\n\n{content.text.rstrip()}\n"


def _row(config: Config, plan: StreamPlan, record: Record, encoder: RowEncoder) -> str:
    what = f"{_named(plan, record, 'row')} of the table {table_name(config.table_id_prefix, *plan.stream)}"
    if plan.deletes(record.data):
        return f"--- {what}: deleted"
    encoded = encoder.encode("", available(record.data), record.emitted_at).content
    # The time of loading belongs before it, and is added when a row is sent.
    cells: dict[str, Any] = orjson.loads(b'{"value":{"":null' + encoded)["value"]
    shown = {name: _moment(cell["epoch"]) if isinstance(cell, dict) else cell for name, cell in cells.items()}
    return f"--- {what}\nsize: {len(encoded):,} bytes\n\n{_listed(shown)}\n"


def _named(plan: StreamPlan, record: Record, what: str) -> str:
    try:
        return f"{plan.stream}: {what} {record_id(plan, record, lambda _: Counts())}"
    except MissingKey as error:
        return f"{plan.stream}: rejected, because {error}; else {what}"


def _moment(sent: int) -> str:
    """A time that is sent to Dust: in ms since 1970, or in seconds if the number is small."""
    seconds = sent / 1000 if abs(sent) >= 10_000_000_000 else sent
    try:
        return f"{datetime.fromtimestamp(seconds, tz=timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return str(sent)


def _listed(values: dict[str, Any]) -> str:
    """A line for each value that there is."""
    return "\n".join(f"{name}: {value}" for name, value in values.items() if value not in (None, ""))
