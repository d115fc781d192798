"""Documents on their way to Dust: of each, the versions in order, and of those that wait only the latest."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.airbyte.ledger import Span
from destination_dust.airbyte.reader import StreamKey
from destination_dust.dust.client import DustClient
from destination_dust.workers import Call, Lane
from destination_dust.writers.writer import BadRecord, Outcomes

# Enough for several minutes of Dust's document limit, so that finished calls never wait for input.
MAX_DOCUMENTS = 2000
MAX_BYTES = 64 * 1024 * 1024


@dataclass(slots=True, eq=False)
class DocumentVersion:
    """What a record makes of its document, and the records that count as stored once this is."""

    plan: StreamPlan
    document_id: str
    payload: bytes | None
    """The body of the upsert; None if the document is to be deleted."""
    fingerprint: str | None
    span: Span
    superseded: Counter[Span] = field(default_factory=Counter)
    """The records of earlier versions that were never sent, by span."""

    @property
    def size(self) -> int:
        """Bytes that it keeps in memory."""
        return len(self.payload or b"")

    def supersede(self, older: DocumentVersion) -> None:
        """Take over what an older version would have settled."""
        self.superseded = older.superseded
        self.superseded[older.span] += 1


class DocumentQueue:
    """Sends versions, each after all earlier ones of its document have ended.

    A version waits while its document is looked up, while an earlier one is in flight, and in the queue for
    Dust's limit. A newer one then takes its place. The last version sent says best what Dust has, so a
    document is only looked up while none of its versions is in flight.
    """

    def __init__(
        self,
        client: DustClient,
        outcomes: Outcomes,
        *,
        look_up: Callable[[DocumentVersion], None],
        stored: Callable[[DocumentVersion], None],
        upserts: int,
        skip_unchanged: bool,
    ) -> None:
        """`look_up` leads to `resolve`, now or later; `stored` hears of what has reached Dust.

        `upserts`: how many may be in flight. The others keep their place here, where a newer version can take it.
        """
        self._client = client
        self._outcomes = outcomes
        self._look_up = look_up
        self._stored = stored
        self._max_upserts = upserts
        self._skip_unchanged = skip_unchanged
        self._upserts = 0
        self._waiting: dict[str, DocumentVersion] = {}
        self._looked_up: set[str] = set()
        """Documents that are being looked up."""
        self._in_flight: dict[str, DocumentVersion] = {}
        self._queue: deque[str] = deque()
        """Documents to upsert. Of those that no longer wait for it, an entry may remain."""
        self._bytes = 0

    @property
    def has_room(self) -> bool:
        """Whether more may be added."""
        return len(self._waiting) + len(self._in_flight) < MAX_DOCUMENTS and self._bytes < MAX_BYTES

    @property
    def idle(self) -> bool:
        """Whether all is settled."""
        return not self._waiting and not self._in_flight

    def add(self, version: DocumentVersion) -> None:
        """Take in the newest version of a document."""
        older = self._waiting.get(version.document_id)
        if older:
            version.supersede(older)
            self._outcomes.progress.of(version.plan.stream).superseded += 1
            self._bytes -= older.size
        self._bytes += version.size
        self._waiting[version.document_id] = version
        keeps_place = older is not None and version.payload is not None
        if (
            version.document_id not in self._in_flight
            and version.document_id not in self._looked_up
            and not keeps_place
        ):
            self._decide(version)

    def stream_of(self, document_id: str) -> StreamKey:
        """The stream of a document that waits."""
        return self._waiting[document_id].plan.stream

    def resolve(self, document_id: str, fingerprint: str | None) -> None:
        """The document has this fingerprint in Dust; None if it has none, or is not there."""
        self._looked_up.discard(document_id)
        version = self._waiting[document_id]
        if version.payload is not None and version.fingerprint == fingerprint:
            del self._waiting[document_id]
            self._bytes -= version.size
            self._outcomes.progress.of(version.plan.stream).unchanged += 1
            self._settle(version)
        else:
            self._send(version)

    def _decide(self, version: DocumentVersion) -> None:
        self._looked_up.add(version.document_id)
        self._look_up(version)

    def _send(self, version: DocumentVersion) -> None:
        if version.payload is None:
            self._submit(version)
        else:
            self._queue.append(version.document_id)
            self._submit_upserts()

    def _submit_upserts(self) -> None:
        while self._queue and self._upserts < self._max_upserts:
            document_id = self._queue.popleft()
            version = self._waiting.get(document_id)
            decided = document_id not in self._in_flight and document_id not in self._looked_up
            if version and version.payload is not None and decided:
                self._submit(version)

    def _submit(self, version: DocumentVersion) -> None:
        del self._waiting[version.document_id]
        self._in_flight[version.document_id] = version
        if version.payload is None:
            send, lane = partial(self._client.delete_document, version.document_id), Lane.FREE
        else:
            send, lane = partial(self._client.upsert_document, version.document_id, version.payload), Lane.LIMITED
            self._upserts += 1
        done, failed = partial(self._done, version), partial(self._failed, version)
        self._outcomes.submit(Call(version.document_id, send, done, failed, version.size, lane))

    def _done(self, version: DocumentVersion, _answer: None) -> None:
        self._ended(version)
        self._stored(version)
        counts = self._outcomes.progress.of(version.plan.stream)
        counts.upserted += version.payload is not None
        counts.deleted += version.payload is None
        self._settle(version)
        self._go_on(version, version.fingerprint)

    def _failed(self, version: DocumentVersion, error: Exception) -> None:
        self._ended(version)
        try:
            self._outcomes.reject_or_raise(error, version.plan.stream, version.document_id, version.span)
        except BadRecord:
            # The sync ends, but what was read before can still be stored.
            self._go_on(version, None)
            raise
        for span, records in version.superseded.items():
            self._outcomes.progress.of(version.plan.stream).superseded -= records
            self._outcomes.progress.of(version.plan.stream).rejected += records
            self._outcomes.ledger.settle(span, rejected=records)
        self._go_on(version, None)

    def _settle(self, version: DocumentVersion) -> None:
        self._outcomes.ledger.settle(version.span, stored=1)
        for span, records in version.superseded.items():
            self._outcomes.ledger.settle(span, stored=records)

    def _ended(self, version: DocumentVersion) -> None:
        del self._in_flight[version.document_id]
        self._bytes -= version.size
        self._upserts -= version.payload is not None

    def _go_on(self, version: DocumentVersion, fingerprint: str | None) -> None:
        """The next version of the document has its turn, and others the place in flight."""
        newer = self._waiting.get(version.document_id)
        if newer and newer.payload is None:
            self._decide(newer)
        elif newer:
            self.resolve(newer.document_id, fingerprint if self._skip_unchanged else None)
        self._submit_upserts()
