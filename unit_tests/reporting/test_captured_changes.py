"""What a source did not send as its database has it, in words."""

from __future__ import annotations

from destination_dust.airbyte.messages import SourceChange
from destination_dust.reporting.captured_changes import sentences
from destination_dust.reporting.counts import Counts


def test_nothing_is_said_of_a_stream_without_such_values() -> None:
    """Most have none."""
    assert [] == [*sentences(Counts(read=5, upserted=5))]


def test_lost_and_kept_values_are_said_by_field() -> None:
    """With the remedy. Fields that no schema declares are not named: their names may be data."""
    counts = Counts()
    counts.lost_values.update({"body": 2, "": 1})
    counts.kept_values.update({"notes": 4})

    lost, kept = sentences(counts)

    assert lost.startswith("3 values are missing in Dust: body (2); undeclared fields (1). ")
    assert kept.startswith("for 4 values, the source sent a placeholder")
    assert "notes (4)" in kept
    assert "REPLICA IDENTITY FULL" in lost
    assert "REPLICA IDENTITY FULL" in kept


def test_only_so_many_fields_are_named() -> None:
    """A log line is to be read."""
    counts = Counts()
    counts.lost_values.update({f"field{number}": 1 for number in range(25)})

    (lost,) = sentences(counts)

    assert "field19 (1) and 5 more." in lost


def test_deletions_that_lost_something_are_said() -> None:
    """Those of rows that are kept, and those without a key."""
    emptied, ignored = sentences(Counts(emptied=2, ignored=3))

    assert emptied.startswith("2 rows that were marked as deleted lost their other columns")
    assert ignored.startswith("3 deletions were ignored")


def test_changes_of_the_source_are_said_by_field_and_reason() -> None:
    """In the words of the protocol."""
    counts = Counts()
    counts.source_changes[SourceChange("n", "NULLED", "SOURCE_SERIALIZATION_ERROR")] = 2
    counts.source_changes[SourceChange("", "TRUNCATED", "OTHER")] = 1

    (changed,) = sentences(counts)

    assert (
        "the source changed 3 values before it sent them: n: NULLED, SOURCE_SERIALIZATION_ERROR (2); "
        "undeclared: TRUNCATED, OTHER (1)."
    ) == changed
