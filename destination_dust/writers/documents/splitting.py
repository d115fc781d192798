"""Documents that are too large for Dust, or for the plan, written in parts: `on_record_error` set to `split`.

What is in Dust at any time, so that a process may die at any time:

- A first part with the fingerprint of a record means that all parts of the record are there, and no others. So that
  one is written last and deleted first, and before another part changes it gets a fingerprint that no record has.
- Parts are stored in ascending order and deleted in descending order, so they have no gaps, unless someone deletes
  one in Dust. So it is enough to look for them up to the first group without any.

What proves that a part is stale: its id is that of the record with a number that no record's id ends in, it has exactly
the stream's tags, and the number is above those of the version being written, before and after which no other version
of the record is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Generator
from functools import partial
from typing import Any

from destination_dust.airbyte.messages import StreamKey
from destination_dust.dust.client import DustClient
from destination_dust.dust.errors import TooLarge
from destination_dust.mapping.documents.parts import part_id, part_number, parts, text_of, unfinished, units
from destination_dust.mapping.tags import fingerprint_of, is_of_stream
from destination_dust.workers import Lane
from destination_dust.writers.documents.version import DocumentVersion
from destination_dust.writers.steps import Ask

# Ids in one look-up, which travel in its URL.
GROUP = 20
# Below this, in UTF-16 units, it is not the size: a part has a title and tags besides its text.
SMALLEST_LIMIT = 10_000
# Dust's words for a plan's limit; it counts 1,024 * 1,024 units as a megabyte.
_MEGABYTES = re.compile(r"limited to ([0-9]{1,6}) ?MB")

Found = dict[int, "str | None"]
"""The parts that Dust has, by number, with their fingerprints."""


class Splitting:
    """The calls that write, or delete, one document and its parts."""

    def __init__(self, client: DustClient, *, timed: Collection[StreamKey], skip_unchanged: bool) -> None:
        """`timed`: the streams whose documents have their time from a field."""
        self._client = client
        self._skip_unchanged = skip_unchanged
        self._timed = timed
        self.limit: int | None = None
        """The most UTF-16 units of a text, None until Dust has refused one."""

    def write(self, version: DocumentVersion) -> Generator[Ask, Any, int]:
        """The calls for an upsert. Returns the number of parts. Raises `Rejected`."""
        assert version.payload is not None  # a delete has calls of its own
        found = yield from self._find(version)
        while True:
            # JSON in UTF-8 has no fewer bytes than its text has UTF-16 units.
            limit = self.limit or len(version.payload)
            try:
                return (yield from self._write(version, version.payload, limit, found))
            except TooLarge as error:
                if not self._learn(str(error), min(units(text_of(version.payload)), limit)):
                    raise

    def delete(self, version: DocumentVersion) -> Generator[Ask, Any, None]:
        """The calls for a delete: the first part, which says that the others are there, then the others."""
        found = yield from self._find(version)
        yield Ask(partial(self._client.delete_document, version.document_id))
        yield from self._delete(version, [number for number in found if number > 1], found)

    def _find(self, version: DocumentVersion) -> Generator[Ask, Any, Found]:
        """What Dust has of the document. No write of it, or of a part, is in flight."""
        found: Found = {}
        first = 1
        while True:
            ids = [part_id(version.document_id, number) for number in range(first, first + GROUP)]
            listed = yield Ask(partial(self._client.look_up_documents, ids))
            ours = [each for each in listed if is_of_stream(each.tags, *version.plan.stream)]
            for each in ours:
                if number := part_number(version.document_id, each.document_id):
                    found[number] = fingerprint_of(each.tags)
            first += GROUP
            if not ours:
                return found

    def _write(self, version: DocumentVersion, payload: bytes, limit: int, found: Found) -> Generator[Ask, Any, int]:
        """Store the parts that differ, delete those that are stale, and store the first one last."""
        made = parts(payload, limit, timed=version.plan.stream in self._timed)
        changed = [
            number
            for number, part in enumerate(made[1:], 2)
            if number not in found or found[number] != part.fingerprint or not self._skip_unchanged
        ]
        stale = [number for number in found if number > len(made)]
        if 1 in found and (changed or stale):
            yield self._upsert(version, 1, unfinished(made[0]))
        for number in changed:
            yield self._upsert(version, number, made[number - 1].body)
            found[number] = made[number - 1].fingerprint
        yield from self._delete(version, stale, found)
        yield self._upsert(version, 1, made[0].body)
        return len(made)

    def _delete(self, version: DocumentVersion, numbers: Collection[int], found: Found) -> Generator[Ask, Any, None]:
        for number in sorted(numbers, reverse=True):
            yield Ask(partial(self._client.delete_document, part_id(version.document_id, number)))
            del found[number]

    def _upsert(self, version: DocumentVersion, number: int, body: bytes) -> Ask:
        send = partial(self._client.upsert_document, part_id(version.document_id, number), body)
        return Ask(send, len(body), Lane.LIMITED)

    def _learn(self, refusal: str, refused: int) -> bool:
        """Lower the limit, after a text of so many units was refused; False if that cannot help.

        Dust names the limit of a plan. A gateway names none, so then it is the next power of two: from sync to sync,
        texts are cut at the same places.
        """
        named = _MEGABYTES.search(refusal)
        limit = int(named[1]) * 1024 * 1024 if named else refused
        if limit >= refused:
            limit = 1 << ((refused - 1).bit_length() - 1)
        if limit < SMALLEST_LIMIT:
            return False
        # Another document may have been refused meanwhile.
        self.limit = min(limit, self.limit or limit)
        return True
