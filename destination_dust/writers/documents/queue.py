"""Documents on their way to Dust: the versions of each in order, and of those that wait only the latest."""

from __future__ import annotations

from collections import deque
from functools import partial

from destination_dust.dust.client import DustClient
from destination_dust.dust.errors import Rejected, TooLarge
from destination_dust.workers import Call, Lane
from destination_dust.writers.documents.fingerprints import Fingerprints
from destination_dust.writers.documents.replacements import Replacements
from destination_dust.writers.documents.splitting import Splitting
from destination_dust.writers.documents.version import DocumentVersion
from destination_dust.writers.outcomes import Outcomes
from destination_dust.writers.steps import Runner, Steps, Submit

# Enough for several minutes of Dust's document limit, so that finished calls never wait for input.
MAX_DOCUMENTS = 2000
MAX_BYTES = 64 * 1024 * 1024


class DocumentQueue:
    """Sends versions, each after all earlier ones of its document have ended.

    A version waits while its document is looked up, while an earlier one is in flight, and in line for Dust's limit.
    A newer one then takes its place; under `skip`, the earlier one is still sent if Dust refuses the newer. The version
    sent last outranks any look-up, so a document is only looked up while none of its versions is in flight.
    """

    def __init__(
        self,
        client: DustClient,
        submit: Submit,
        outcomes: Outcomes,
        fingerprints: Fingerprints,
        replacements: Replacements,
        *,
        upserts: int,
        splitting: Splitting | None = None,
    ) -> None:
        """`upserts`: how many may be in flight. The others keep their place here, where a newer version can take it.

        `splitting`: how to write documents that are too large, if that is to be done.
        """
        self._client = client
        self._submit = submit
        self._outcomes = outcomes
        self._fingerprints = fingerprints
        self._replacements = replacements
        self._splitting = splitting
        self._max_upserts = upserts
        self._upserts = 0
        self._waiting: dict[str, DocumentVersion] = {}
        self._looked_up: set[str] = set()
        """Documents whose fingerprint was asked for."""
        self._in_flight: dict[str, DocumentVersion] = {}
        self._in_doubt: set[str] = set()
        """Documents whose last call did not succeed. Dust's upsert is not atomic: a part of it may be stored."""
        self._line: deque[str] = deque()
        """Documents to upsert. Entries of those that no longer wait may remain."""
        self._bytes = 0

    @property
    def has_room(self) -> bool:
        """Whether more may be added."""
        return len(self._waiting) + len(self._in_flight) < MAX_DOCUMENTS and self._bytes < MAX_BYTES

    @property
    def idle(self) -> bool:
        """Whether all versions have ended."""
        return not self._waiting and not self._in_flight

    def add(self, version: DocumentVersion) -> None:
        """Take the newest version of a document."""
        older = self._waiting.get(version.document_id)
        if older:
            self._bytes -= older.size
            if self._outcomes.fails_on_rejects:
                version.records.update(older.records)
            else:
                version.supersede(older)
            self._outcomes.superseded(version.plan.stream)
        self._bytes += version.size
        self._waiting[version.document_id] = version
        keeps_place = older is not None and version.payload is not None
        if self._is_free(version.document_id) and not keeps_place:
            self._look_up(version)

    def resolve(self, document_id: str, fingerprint: str | None) -> None:
        """Send the version that waits, unless Dust provably has the document with the same fingerprint."""
        self._looked_up.discard(document_id)
        version = self._waiting[document_id]
        if version.found:
            version.found(fingerprint)
        if version.payload is None:
            self._send(version)
        elif version.fingerprint == fingerprint and document_id not in self._in_doubt:
            del self._waiting[document_id]
            self._bytes -= version.size
            self._outcomes.unchanged(version.plan.stream, version.all_records)
        else:
            self._line.append(document_id)
            self._send_upserts()

    def _is_free(self, document_id: str) -> bool:
        return document_id not in self._in_flight and document_id not in self._looked_up

    def _look_up(self, version: DocumentVersion) -> None:
        self._looked_up.add(version.document_id)
        if version.payload is None:
            self.resolve(version.document_id, None)  # a delete depends on no fingerprint
        else:
            self._fingerprints.find(version.plan.stream, version.document_id, self.resolve)

    def _send_upserts(self) -> None:
        while self._line and self._upserts < self._max_upserts:
            version = self._waiting.get(self._line.popleft())
            if version and version.payload is not None and self._is_free(version.document_id):
                self._send(version)

    def _send(self, version: DocumentVersion) -> None:
        document_id, payload = version.document_id, version.payload
        del self._waiting[document_id]
        self._in_flight[document_id] = version
        if self._splitting:
            self._upserts += payload is not None
            Runner(document_id, self._submit, self._write_in_parts(version, self._splitting)).advance()
            return
        if payload is None:
            send, lane = partial(self._client.delete_document, document_id), Lane.FREE
        else:
            send, lane = partial(self._client.upsert_document, document_id, payload), Lane.LIMITED
            self._upserts += 1
        done, failed = partial(self._done, version), partial(self._failed, version)
        self._submit(Call(document_id, send, done, failed, version.size, lane))

    def _write_in_parts(self, version: DocumentVersion, splitting: Splitting) -> Steps:
        try:
            if version.payload is None:
                yield from splitting.delete(version)
            else:
                made = yield from splitting.write(version)
                self._outcomes.counts(version.plan.stream).split += made > 1
        except Rejected as error:
            self._failed(version, error)
        else:
            self._done(version, None)

    def _done(self, version: DocumentVersion, _answer: None) -> None:
        self._in_doubt.discard(version.document_id)
        self._bytes -= version.size
        in_parts = self._splitting is not None
        self._replacements.store(version.plan, version.document_id, version.fingerprint, with_parts=in_parts)
        book = self._outcomes.deleted if version.payload is None else self._outcomes.upserted
        book(version.plan.stream, version.all_records)
        self._go_on(version, version.fingerprint)

    def _failed(self, version: DocumentVersion, error: Exception) -> None:
        if not isinstance(error, Rejected):
            raise error
        self._in_doubt.add(version.document_id)
        self._bytes -= version.size
        reason = str(error)
        if isinstance(error, TooLarge) and not self._splitting:
            reason += " With on_record_error set to split, it is stored in parts."
        self._outcomes.rejected(version.plan.stream, version.document_id, reason, version.records)
        newer = self._waiting.get(version.document_id)
        if version.earlier and newer:
            self._bytes -= newer.size
            newer.supersede(version.earlier)
            self._bytes += newer.size
        elif version.earlier:
            self._waiting[version.document_id] = version.earlier
            self._bytes += version.earlier.size
            self._outcomes.superseded(version.plan.stream, -1)
        self._go_on(version, None)

    def _go_on(self, version: DocumentVersion, fingerprint: str | None) -> None:
        """A version has ended: the next one of its document has its turn, and others get the place in flight."""
        del self._in_flight[version.document_id]
        self._upserts -= version.payload is not None
        newer = self._waiting.get(version.document_id)
        if newer and newer.payload is None:
            self._look_up(newer)
        elif newer:
            self.resolve(newer.document_id, fingerprint if self._fingerprints.skip_unchanged else None)
        self._send_upserts()
