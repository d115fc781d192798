"""Whether the fields that were chosen for the text of a stream's documents exist."""

from __future__ import annotations

import logging

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.airbyte.messages import StreamKey
from destination_dust.mapping.documents.document import DocumentShape
from destination_dust.mapping.schemas import declares

logger = logging.getLogger("airbyte")


class ChosenText:
    """Tells a record that lacks the chosen fields from a choice that names no field at all.

    Both look alike in a single record, and the wrong choice would empty every document. What proves that the choice is
    meant is the stream's schema, or a record, that has one of the fields. Until then, records keep all of their text.
    """

    def __init__(self) -> None:
        self._proven: dict[StreamKey, bool] = {}
        self._warned: set[StreamKey] = set()

    def is_proven(self, plan: StreamPlan, shape: DocumentShape) -> bool:
        """Whether one of the stream's chosen fields is known to exist, or none was chosen."""
        proven = self._proven.get(plan.stream)
        if proven is None:
            declared = (declares(plan.properties, field) for field in shape.text_fields)
            proven = self._proven[plan.stream] = not shape.text_fields or any(declared)
        return proven

    def observe(self, plan: StreamPlan, shape: DocumentShape, *, lacks_text: bool) -> None:
        """Learn from a record whether it has one of the fields; warn of the first that kept all of its text."""
        if not lacks_text:
            self._proven[plan.stream] = True
        elif not self.is_proven(plan, shape) and plan.stream not in self._warned:
            self._warned.add(plan.stream)
            logger.warning(
                "Stream %s: the first record has none of the text_fields (%s), so its document keeps all fields, and "
                "so do others until a record has one of them. If the names are mistyped, correct them; if this stream "
                "has other fields, choose them in stream_overrides.",
                plan.stream,
                ", ".join(shape.text_fields),
            )
