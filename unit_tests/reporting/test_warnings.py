"""Warnings about odd records at the end of a sync."""

from __future__ import annotations

from collections import Counter

import pytest

from destination_dust.reporting.counts import Counts
from destination_dust.reporting.warnings import LEFT_OUT, warnings
from unit_tests.builders import USERS


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (Counts(without_key=2), "2 records lacked a part of their primary key"),
        (Counts(cleaned=3), "in 3 records, characters that Dust cannot store"),
        (Counts(not_utf8=3), "3 records have bytes that are not UTF-8"),
        (Counts(left_out=Counter(title_field=1)), "1 records have a title_field without a text"),
        (
            Counts(left_out=Counter(timestamp_field=2)),
            "2 records have a timestamp_field that is not a date or time, or is a number",
        ),
        (Counts(lacking_text=3), "3 records have none of the text_fields."),
        (Counts(with_surplus_tags=4), "the tag_fields of 4 records have more than 100 values"),
    ],
)
def test_each_oddity_is_one_warning(counts: Counts, said: str) -> None:
    """It says how many records have it, and what was done."""
    (warning,) = warnings(USERS, counts)

    assert warning.startswith(f"Stream users: {said}")


def test_values_of_no_use_are_counted_by_setting() -> None:
    """A warning for each setting that chose some."""
    counts = Counts(left_out=Counter(dict.fromkeys(LEFT_OUT, 1)))

    assert len(LEFT_OUT) == len([*warnings(USERS, counts)])


def test_records_that_are_as_they_should_be_are_no_warning() -> None:
    """Nor are rejected ones, which have a warning of their own each."""
    assert [] == [*warnings(USERS, Counts(read=9, upserted=5, unchanged=2, superseded=1, rejected=1, stale=3))]
