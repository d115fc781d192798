"""The calls of Dust's API that the connector makes, as methods.

Paths are the current ones of Dust's server: `data_sources` with an underscore, below their space.
Each method raises the errors of `errors.py` and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import orjson

from destination_dust.dust import answers
from destination_dust.dust.answers import ListedDocument
from destination_dust.dust.comparisons import Sample
from destination_dust.dust.connection import Connection
from destination_dust.dust.errors import Ambiguous, NameTaken, NotFound
from destination_dust.dust.pacer import Pacer
from destination_dust.dust.request import Request, segment
from destination_dust.dust.retrying import Clock, OnRetry, RetryingCaller
from destination_dust.dust.traffic import Traffic
from destination_dust.dust.transport import Transport

__all__ = ["DustClient", "ListedDocument", "connect"]

# No record has this id: after their `--` come digits (`mapping.ids`).
NO_DOCUMENT = "airbyte--nothing"


class DustClient:
    """One data source of one workspace. Methods may be called from many threads at once."""

    def __init__(self, connection: Connection, caller: RetryingCaller, pacer: Pacer) -> None:
        self.pacer = pacer
        self._at = connection
        self._caller = caller
        self._call = caller.call
        self._noted = partial(setattr, self, "listed_total")
        self.listed_total = 0  # documents of the data source, as the latest list said

    def for_sync(self, *, clock: Clock, on_retry: OnRetry, traffic: Traffic) -> DustClient:
        """The same client, for one of several syncs of this process; see `RetryingCaller.for_sync`."""
        caller = self._caller.for_sync(clock=clock, on_retry=on_retry, traffic=traffic)
        return DustClient(self._at, caller, self.pacer)

    def close(self) -> None:
        """Close the connections that no call uses. A later call makes new ones."""
        self._caller.close()

    def spaces(self) -> list[dict[str, Any]]:
        """The spaces that the key can see, pods included: objects with `sId`, `name`, `kind`."""
        # Without `kinds`, Dust leaves out pods, which are spaces of the kind `project`.
        kinds = (("kinds", "global,regular,project"),)
        return self._call(Request("GET", "/spaces", query=kinds), answers.spaces)

    def data_sources(self) -> list[dict[str, Any]]:
        """The data sources of the space: objects with `sId`, `name`, `connectorId` (null if writable)."""
        return self._call(Request("GET", f"{self._at.space}/data_sources"), answers.data_sources)

    def upsert_document(self, document_id: str, body: bytes) -> None:
        """Store a document, replacing any of that id. On return it is stored, indexed and searchable.

        Dust embeds the text before it answers, which can take minutes for a large one.
        """
        request = self._document_write("POST", document_id, body=body, read_timeout=300.0)
        self._call(request, answers.stored_document(document_id), self.pacer)

    def document(self, document_id: str) -> dict[str, Any]:
        """A document: `title`, `text`, `mime_type`, `tags`, `timestamp` in ms, `source_url`. Raises `NotFound`."""
        return self._call(Request("GET", self._document(document_id)), answers.whole_document(document_id))

    def list_documents(self, *, offset: int, limit: int) -> list[ListedDocument]:
        """A page of all documents, newest first. Among equal timestamps their order differs from call to call.

        Raises `AnswerTooLarge`.
        """
        query = (("offset", offset), ("limit", limit))
        request = Request("GET", f"{self._at.data_source}/documents", query=query, divisible=True)
        return self._call(request, answers.documents(None, self._noted))

    def look_up_documents(self, document_ids: Sequence[str]) -> list[ListedDocument]:
        """Those of the given documents that exist. The ids travel in the URL."""
        # Without a limit, Dust's server lists 10 documents, however many ids it is given.
        ids = (("document_ids", each) for each in document_ids)
        query: tuple[tuple[str, str | int], ...] = (*ids, ("limit", len(document_ids)))
        request = Request("GET", f"{self._at.data_source}/documents", query=query)
        return self._call(request, answers.documents(document_ids, self._noted))

    def delete_document(self, document_id: str) -> None:
        """Remove a document. One that does not exist counts as removed."""
        # If it is the first, only this shows whether the document is to blame, or Dust deletes nothing now.
        harmless = Sample(self._document_write("DELETE", NO_DOCUMENT), answers.deleted_document(NO_DOCUMENT))
        with suppress(NotFound):
            self._call(
                self._document_write("DELETE", document_id), answers.deleted_document(document_id), harmless=harmless
            )

    def tables(self) -> list[dict[str, Any]]:
        """All tables of the data source: objects with `table_id`, `name`, `schema` and more."""
        return self._call(Request("GET", f"{self._at.data_source}/tables"), answers.tables)

    def table(self, table_id: str) -> dict[str, Any]:
        """A table's description. Raises `NotFound`."""
        return self._call(Request("GET", self._table(table_id)), answers.table(table_id))

    def upsert_table(
        self, table_id: str, *, name: str, title: str, description: str, tags: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Create a table, or replace what describes it; its rows stay. Returns it, with its `schema` (may be null).

        Raises `NameTaken` if another table of the data source has the name.
        """
        fields = {"table_id": table_id, "name": name, "title": title, "description": description, "tags": list(tags)}
        path, table = f"{self._at.data_source}/tables", self._table(table_id)
        request = Request("POST", path, body=orjson.dumps(fields), target=table, key=table, subject=f"table {table_id}")
        try:
            return self._call(request, answers.described_table(table_id))
        except NameTaken:
            others = [str(table["table_id"]) for table in self.tables() if table["name"] == name]
            raise NameTaken(
                f"The table {table_id} cannot be called {name}, because the table with the ID "
                f"{', '.join(others) or '(unknown)'} of the same data source already has that name."
            ) from None

    def upsert_rows(
        self, table_id: str, body: bytes, *, ambiguous_after: int | None = None, lasting: bool = False
    ) -> None:
        """Queue rows. Dust merges the queue of a table once the table was left alone for 10 seconds.

        A body with `truncate` is not queued: it replaces all rows, and all that are queued.
        Raises `Ambiguous` after that many failures that bad data and outages share; `lasting`: over minutes.
        """
        table = self._table(table_id)
        request = Request(
            "POST",
            f"{table}/rows",
            body=body,
            target=f"{table}/rows",
            key=table,
            subject=f"table {table_id}",
            ambiguous_after=ambiguous_after,
            lasting=lasting,
        )
        self._call(request, answers.described_table(table_id))

    def delete_row(self, table_id: str, row_id: str) -> None:
        """Queue the removal of a row, which need not exist. Raises `NotFound` if the table does not."""
        table, path = self._table(table_id), self._row(table_id, row_id)
        self._call(Request("DELETE", path, target=table, key=table, subject=f"row {row_id}"), answers.deleted_row)

    def rows(self, table_id: str, *, limit: int, lasting: bool = False) -> tuple[list[dict[str, Any]], int]:
        """Some merged rows (`row_id`, `value`), and the number of all. Each call makes Dust read the whole table.

        Raises `Ambiguous` if the table cannot be read, after some tries; `lasting`: over minutes.
        """
        query = (("limit", limit), ("offset", 0))
        path = f"{self._table(table_id)}/rows"
        return self._call(Request("GET", path, query=query, ambiguous_after=5, lasting=lasting), answers.rows)

    def row(self, table_id: str, row_id: str) -> dict[str, Any] | None:
        """The cells of a merged row, by column; None if there is no such row, or the table cannot be read now.

        Dust answers 500 in either case. Each call makes it read the whole table.
        """
        try:
            return self._call(Request("GET", self._row(table_id, row_id), ambiguous_after=1), answers.row(row_id))
        except Ambiguous:
            return None

    def _document_write(
        self, method: str, document_id: str, *, body: bytes | None = None, read_timeout: float = 120.0
    ) -> Request:
        path, subject = self._document(document_id), f"document {document_id}"
        target = self._at.data_source
        return Request(method, path, body=body, read_timeout=read_timeout, target=target, key=path, subject=subject)

    def _table(self, table_id: str) -> str:
        return f"{self._at.data_source}/tables/{segment(table_id)}"

    def _row(self, table_id: str, row_id: str) -> str:
        return f"{self._table(table_id)}/rows/{segment(row_id)}"

    def _document(self, document_id: str) -> str:
        return f"{self._at.data_source}/documents/{segment(document_id)}"


def connect(
    connection: Connection,
    pacer: Pacer,
    *,
    user_agent: str,
    connections: int,
    budget: float,
    deadline: float = 600.0,
    clock: Clock | None = None,
    on_retry: OnRetry = lambda _retry, _seconds: None,
    traffic: Traffic | None = None,
) -> DustClient:
    """A client over HTTP. `connections`, `deadline`: see `Transport`; the others: see `RetryingCaller`."""
    transport = Transport(
        connection.root, connection.api_key, user_agent=user_agent, connections=connections, deadline=deadline
    )
    caller = RetryingCaller(
        transport, host=connection.host, budget=budget, clock=clock, on_retry=on_retry, traffic=traffic
    )
    return DustClient(connection, caller, pacer)
