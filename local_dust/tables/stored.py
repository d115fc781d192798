"""A stored table, and the forms in which the server returns it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local_dust.tables.cells import shown
from local_dust.tables.csv_files import Rows
from local_dust.tables.schemas import Schema


@dataclass(frozen=True)
class StoredTable:
    """The readable state of a table at one moment. `unreadable`: why its rows cannot be read."""

    table_id: str
    name: str
    description: str
    title: str
    timestamp: int
    tags: tuple[str, ...]
    source_url: str | None
    parents: tuple[str, ...]
    parent_id: str | None
    mime_type: str
    cached_schema: Schema | None = None
    stored: Rows = field(default_factory=Rows)
    unreadable: str | None = None
    pending: int = 0

    @property
    def row_count(self) -> int:
        return len(self.stored.ids)

    @property
    def schema(self) -> list[dict[str, Any]] | None:
        """The columns as Dust shows them, or None before the first merge."""
        return None if self.cached_schema is None else [column.json() for column in self.cached_schema]

    def row(self, position: int) -> dict[str, Any]:
        return dict(zip(self.stored.names, map(shown, self.stored.values[position]), strict=True))

    def rows(self) -> dict[str, dict[str, Any]]:
        """The readable rows by id. Of rows with the same id (after a truncating request), the first wins."""
        rows: dict[str, dict[str, Any]] = {}
        for position, row_id in enumerate(self.stored.ids):
            if row_id not in rows:
                rows[row_id] = self.row(position)
        return rows

    def json(self, *, with_rows: bool = True) -> dict[str, Any]:
        rows = {"rows": self.rows()} if with_rows else {}
        return {
            **self.described(),
            "row_count": self.row_count,
            "pending": self.pending,
            "unreadable": self.unreadable,
            **rows,
        }

    def described(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "table_id": self.table_id,
            "description": self.description,
            "schema": self.schema,
            "timestamp": self.timestamp,
            "tags": list(self.tags),
            "parents": list(self.parents),
            "parent_id": self.parent_id,
            "mime_type": self.mime_type,
            "title": self.title,
        }


def description(body: Mapping[str, Any], table_id: str, *, title: str, tags: Sequence[str]) -> dict[str, Any]:
    """The fields of a table that the request sets."""
    return {
        "name": body["name"],
        "description": body["description"],
        "title": title,
        "tags": tuple(tags),
        "parents": tuple(body.get("parents") or [table_id]),
        "parent_id": body.get("parent_id"),
        "mime_type": body.get("mime_type") or "application/vnd.dust.table",
    }
