"""Tells users when a change of the text format makes a sync send everything again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import get_args

from destination_dust.airbyte.messages import StreamKey
from destination_dust.mapping.documents.document import DocumentShape, TextFormat
from destination_dust.reporting.progress import duration

logger = logging.getLogger("airbyte")

# Among as many documents of a stream, at least one should not have changed otherwise.
TRIES = 20


class FormatChanges:
    """Recognises documents in Dust that differ from what would be sent in nothing but their text format.

    A different fingerprint alone proves nothing: the record may have changed. But if the same record, written in
    another format, has exactly the fingerprint of the document in Dust, only the format has changed.
    """

    def __init__(self, documents_in_dust: Callable[[], int], per_minute: int) -> None:
        """`documents_in_dust`: how many the data source has, as far as known; 0 if it is not."""
        self._documents_in_dust = documents_in_dust
        self._per_minute = per_minute
        self._tries: dict[StreamKey, int] = {}

    def watch(
        self, stream: StreamKey, shape: DocumentShape, fingerprint: Callable[[DocumentShape], str]
    ) -> Callable[[str | None], None] | None:
        """Return what is to be called with the fingerprint of a record's document in Dust; None if it is known already.

        `fingerprint` maps the record in a given shape.
        """
        if self._tries.get(stream, 0) >= TRIES:
            return None
        self._tries[stream] = self._tries.get(stream, 0) + 1

        def compare(found: str | None) -> None:
            if not found or self._tries[stream] > TRIES or found == fingerprint(shape):
                return
            if earlier := next((each for each in _others(shape) if found == fingerprint(each)), None):
                self._tries[stream] = TRIES + 1
                self._say(stream, earlier.text_format, shape.text_format)

        return compare

    def _say(self, stream: StreamKey, earlier: str, now: str) -> None:
        count = self._documents_in_dust()
        logger.info(
            "Stream %s: its documents in Dust have the text_format %s, and it is %s now. So each document that the "
            "source sends is stored again, once: at %d a minute, 1,000 take %s, and all %d of the data source would "
            "take %s.",
            stream,
            earlier,
            now,
            self._per_minute,
            duration(60 * 1000 / self._per_minute),
            count,
            duration(60 * count / self._per_minute),
        )


def _others(shape: DocumentShape) -> Iterator[DocumentShape]:
    for text_format in get_args(TextFormat):
        if text_format != shape.text_format:
            yield replace(shape, text_format=text_format)
