"""The calls of Dust's API that the connector makes, as methods.

Paths are the current ones of Dust's server: `data_sources` with an underscore, below their space.
Each method raises the errors of `errors.py` and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson

from destination_dust.dust.connection import Connection
from destination_dust.dust.errors import Ambiguous, NameTaken, NotFound, Unavailable
from destination_dust.dust.pacer import Pacer
from destination_dust.dust.retrying import Clock, OnRetry, RetryingCaller
from destination_dust.dust.transport import Request, Transport


class ListedDocument(NamedTuple):
    """A document as listings describe it. `timestamp` is in ms since 1970."""

    document_id: str
    timestamp: int
    tags: tuple[str, ...]


class DustClient:
    """One data source of one workspace. Methods may be called from many threads at once."""

    def __init__(self, connection: Connection, caller: RetryingCaller, pacer: Pacer) -> None:
        self._at = connection
        self._call = caller.call
        self._pacer = pacer

    def spaces(self) -> list[dict[str, Any]]:
        """The spaces that the key can see, pods included: objects with `sId`, `name`, `kind`."""
        # Without `kinds`, Dust leaves out pods, which are spaces of the kind `project`.
        kinds = (("kinds", "global,regular,project"),)
        return _objects(self._call(Request("GET", "/spaces", query=kinds)), "spaces")

    def data_sources(self) -> list[dict[str, Any]]:
        """The data sources of the space: objects with `sId`, `name`, `connectorId` (null if writable)."""
        return _objects(self._call(Request("GET", f"{self._at.space}/data_sources")), "data_sources")

    def upsert_document(self, document_id: str, body: bytes) -> None:
        """Store a document, replacing any of that id. On return it is stored, indexed and searchable.

        Dust embeds the text before it answers, which can take minutes for a large one.
        """
        path = self._document(document_id)
        request = Request("POST", path, body=body, read_timeout=300, target=self._at.data_source)
        self._call(request, self._pacer)

    def document(self, document_id: str) -> dict[str, Any]:
        """A document: `title`, `text`, `mime_type`, `tags`, `timestamp` in ms, `source_url`. Raises `NotFound`."""
        return _object(self._call(Request("GET", self._document(document_id))), "document")

    def list_documents(self, *, offset: int, limit: int) -> list[ListedDocument]:
        """A page of all documents, newest first. Among equal timestamps their order differs from call to call."""
        return self._listed((("offset", offset), ("limit", limit)))

    def look_up_documents(self, document_ids: Sequence[str]) -> list[ListedDocument]:
        """Those of the given documents that exist. The ids travel in the URL."""
        # Without a limit, Dust's server lists 10 documents, however many ids it is given.
        return self._listed((*(("document_ids", each) for each in document_ids), ("limit", len(document_ids))))

    def delete_document(self, document_id: str) -> None:
        """Remove a document. One that does not exist counts as removed."""
        with suppress(NotFound):
            self._call(Request("DELETE", self._document(document_id), target=self._at.data_source))

    def tables(self) -> list[dict[str, Any]]:
        """All tables of the data source: objects with `table_id`, `name`, `schema` and more."""
        return _objects(self._call(Request("GET", f"{self._at.data_source}/tables")), "tables")

    def table(self, table_id: str) -> dict[str, Any]:
        """A table's description. Raises `NotFound`."""
        return _object(self._call(Request("GET", self._table(table_id))), "table")

    def upsert_table(
        self, table_id: str, *, name: str, title: str, description: str, tags: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Create a table, or replace what describes it; its rows stay. Returns it, with its `schema` (may be null).

        Raises `NameTaken` if another table of the data source has the name.
        """
        fields = {"table_id": table_id, "name": name, "title": title, "description": description, "tags": list(tags)}
        request = Request(
            "POST", f"{self._at.data_source}/tables", body=orjson.dumps(fields), target=self._table(table_id)
        )
        try:
            return _object(self._call(request), "table")
        except NameTaken:
            others = [str(table.get("table_id")) for table in self.tables() if table.get("name") == name]
            raise NameTaken(
                f"The table {table_id} cannot be called {name}, because the table with the ID "
                f"{', '.join(others) or '(unknown)'} of the same data source already has that name."
            ) from None

    def upsert_rows(self, table_id: str, body: bytes, *, ambiguous_after: int | None = None) -> None:
        """Queue rows. Dust merges the queue of a table once the table was left alone for 10 seconds.

        A body with `truncate` is not queued: it replaces all rows, and all that are queued.
        Raises `Ambiguous` after that many failures that bad data and outages share.
        """
        path = f"{self._table(table_id)}/rows"
        self._call(Request("POST", path, body=body, target=self._table(table_id), ambiguous_after=ambiguous_after))

    def delete_row(self, table_id: str, row_id: str) -> None:
        """Queue the removal of a row, which need not exist. Raises `NotFound` if the table does not."""
        self._call(Request("DELETE", self._row(table_id, row_id), target=self._table(table_id)))

    def rows(self, table_id: str, *, limit: int) -> tuple[list[dict[str, Any]], int]:
        """Some merged rows (`row_id`, `value`), and the number of all. Each call makes Dust read the whole table.

        Raises `Ambiguous` if the table cannot be read.
        """
        query = (("limit", limit), ("offset", 0))
        answer = self._call(Request("GET", f"{self._table(table_id)}/rows", query=query, ambiguous_after=5))
        return _objects(answer, "rows"), int(answer.get("total") or 0)

    def row(self, table_id: str, row_id: str) -> dict[str, Any] | None:
        """The cells of a merged row, by column; None if there is no such row, or the table cannot be read now.

        Dust answers 500 in either case. Each call makes it read the whole table.
        """
        try:
            answer = self._call(Request("GET", self._row(table_id, row_id), ambiguous_after=1))
        except Ambiguous:
            return None
        return _object(_object(answer, "row"), "value")

    def _listed(self, query: Sequence[tuple[str, str | int]]) -> list[ListedDocument]:
        answer = self._call(Request("GET", f"{self._at.data_source}/documents", query=query))
        try:
            return [
                ListedDocument(str(each["document_id"]), int(each["timestamp"]), tuple(map(str, each["tags"])))
                for each in answer["documents"]
            ]
        except (KeyError, TypeError, ValueError):
            # If this counted as an empty listing, every document would seem to be missing.
            raise Unavailable(f"{self._at.host} returned a list of documents in an unknown format.") from None

    def _table(self, table_id: str) -> str:
        return f"{self._at.data_source}/tables/{quote(table_id, safe='')}"

    def _row(self, table_id: str, row_id: str) -> str:
        return f"{self._table(table_id)}/rows/{quote(row_id, safe='')}"

    def _document(self, document_id: str) -> str:
        return f"{self._at.data_source}/documents/{quote(document_id, safe='')}"


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
) -> DustClient:
    """A client over HTTP. `connections`, `deadline`: see `Transport`; `budget`, `clock`: see `RetryingCaller`."""
    transport = Transport(
        connection.root, connection.api_key, user_agent=user_agent, connections=connections, deadline=deadline
    )
    caller = RetryingCaller(transport, host=connection.host, budget=budget, clock=clock, on_retry=on_retry)
    return DustClient(connection, caller, pacer)


def _objects(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [item for item in answer.get(name) or [] if isinstance(item, dict)]


def _object(answer: dict[str, Any], name: str) -> dict[str, Any]:
    item = answer.get(name)
    return item if isinstance(item, dict) else {}
