"""The limits that Dust's server enforces. The defaults are its real values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Ties = Literal["stable", "swapped", "shuffled"]


@dataclass
class Limits:
    """All limits of one local Dust. Every field may be changed while the server runs.

    Limits that the server does not apply by default are off (`None`).
    """

    upserts_per_minute: int | None = 120
    """Accepted document upserts per workspace in any `window_seconds`; None switches the limit off."""
    window_seconds: float = 60.0
    retry_after: float | None = None
    """Seconds sent as `Retry-After` with a document 429. The real server sends none."""
    route_calls_per_minute: int | None = None
    """Calls per workspace and route in a fixed minute. The real server only logs them (500)."""

    text_mb: int = 2
    """Plan limit of a document's text, in MiB of UTF-16 code units; -1 is unlimited."""
    title_units: int = 512
    workspace_seats: int = 1
    workspace_used_bytes: int | None = None
    """Bytes that count as used in the workspace. None: the texts stored here."""
    total_lag_seconds: float = 1.0
    """How far `total` of a document list lags behind the writes (it comes from a search index)."""
    async_seconds: float = 1.0
    """How long an upsert with `async: true` stays queued."""
    token_characters: int = 4
    """Characters of a token. 1: as an embedding model counts at worst."""
    vector_size: int = 1024
    """Numbers in the embedding of a chunk, which the full (not light) document output contains."""
    ties: Ties = "swapped"
    """Documents of equal timestamp: `stable`, `swapped` around the edges of a page, or `shuffled`."""

    quiet_seconds: float = 10.0
    """A table's queue is merged only after this long without a change to the table."""
    pending_files: int = 100
    """Queued requests of one table; further writes are refused with 429."""
    merge_rows_per_second: float | None = 100_000.0
    """Rows, old and new, that a merge handles in a second, counted in hundredths of seconds; None: it takes no time."""
    lock_seconds: float = 60.0
    """How long a merge keeps a truncating request waiting. One that takes longer writes the old rows back over it."""
    pass_cells: int | None = 5_000_000
    """Cells that one pass of a merge takes. The real value is not known; the order of magnitude is."""
    dropped_after_seconds: float = 3600.0
    """A queue whose merges keep failing is thrown away after this long."""
    columns: int = 512
    """Columns of a CSV file, the hidden row id included."""
    table_rows: int = 500_000
    table_bytes: int = 100_000_000

    legacy_document_bytes: int = 8 * 1024 * 1024
    legacy_body_bytes: int = 1024 * 1024
