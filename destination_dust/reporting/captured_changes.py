"""What a source did not send as its database has it, in words for the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from destination_dust.reporting.counts import Counts

# Keeps a log line readable.
FIELDS_NAMED = 20


def sentences(counts: Counts) -> Iterator[str]:
    """One sentence for each way in which what Dust holds of a stream differs from its database, or might have."""
    if counts.lost_values:
        yield (
            f"{counts.lost_values.total()} values are missing in Dust: {_listed(counts.lost_values)}. The source "
            "did not send them, because a change of the row left them as they were, and Dust could not give them back. "
            "For Postgres, run ALTER TABLE … REPLICA IDENTITY FULL, then refresh the stream."
        )
    if counts.kept_values:
        yield (
            f"for {counts.kept_values.total()} values, the source sent a placeholder, because a change of the row left "
            f"them as they were: {_listed(counts.kept_values)}. They were kept as they are in Dust. For Postgres, "
            "ALTER TABLE … REPLICA IDENTITY FULL makes the source send them."
        )
    if counts.emptied:
        yield (
            f"{counts.emptied} rows that were marked as deleted lost their other columns, because with confirm_rows "
            "off nothing proves that the rows in Dust are the latest. Turn it on, or run ALTER TABLE … REPLICA "
            "IDENTITY FULL in Postgres."
        )
    if counts.ignored:
        yield (
            f"{counts.ignored} deletions were ignored, because without a primary key nothing tells which document or "
            "row they are about. Choose the stream's primary key in the connection."
        )
    if counts.source_changes:
        found = Counter[str]()
        for (field, change, reason), number in counts.source_changes.items():
            found[f"{field or 'undeclared'}: {change}, {reason}"] += number
        yield f"the source changed {found.total()} values before it sent them: {_listed(found)}."


def _listed(found: Counter[str]) -> str:
    """What was counted, by field, the most frequent first."""
    named = [f"{name or 'undeclared fields'} ({count})" for name, count in found.most_common(FIELDS_NAMED)]
    more = len(found) - len(named)
    return "; ".join(named) + (f" and {more} more" if more else "")
