"""What the automatic text format leaves out of documents, said once for each stream."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.airbyte.messages import StreamKey
from destination_dust.mapping.schemas import declared_field

logger = logging.getLogger("airbyte")

FIELDS_NAMED = 10


class Omissions:
    """Counts omitted values by stream and declared field: names that no schema declares may be data."""

    def __init__(self) -> None:
        self._omitted: dict[StreamKey, Counter[str]] = {}

    def add(self, plan: StreamPlan, paths: Iterable[str]) -> None:
        """Count the values that the document of a record leaves out, given by their paths."""
        for path in paths:
            self._omitted.setdefault(plan.stream, Counter())[declared_field(plan.properties, path)] += 1

    def report(self) -> None:
        """Log them."""
        for stream, omitted in self._omitted.items():
            names = sorted(filter(None, omitted))
            more = f" and {len(names) - FIELDS_NAMED} more" if len(names) > FIELDS_NAMED else ""
            logger.info(
                "Stream %s: texts leave out %d values that only machines read (UUIDs, hashes, tokens, bare URLs), in "
                "the fields %s. Agents get them as tags if they are among tag_fields.",
                stream,
                omitted.total(),
                ", ".join(names[:FIELDS_NAMED]) + more if names else "that the schema does not declare",
            )
