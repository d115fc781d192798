"""Records of a stream, counted by what became of them."""

from __future__ import annotations

from collections import Counter

from destination_dust.reporting.counts import Counts


def test_counts_can_be_added() -> None:
    """Field by field."""
    assert Counts(read=3, upserted=2, cleaned=4) == Counts(read=1, cleaned=4) + Counts(read=2, upserted=2)
    once, twice = Counter(title_field=1), Counter(title_field=2, tag_fields=1)
    assert Counter(title_field=3, tag_fields=1) == (Counts(left_out=once) + Counts(left_out=twice)).left_out


def test_zeros_are_left_out_unless_everyone_looks_for_them() -> None:
    """The four main counts always appear."""
    assert "0 records read, 0 upserted, 0 deleted, 0 rejected" == str(Counts())
    assert "7 records read, 2 upserted, 0 deleted, 1 rejected, 4 unchanged" == str(
        Counts(read=7, upserted=2, rejected=1, unchanged=4)
    )


def test_a_record_is_on_its_way_until_it_is_settled() -> None:
    """Stale documents and queued rows are not records in flight."""
    settled = Counts(read=20, upserted=1, unchanged=2, superseded=3, deleted=4, rejected=5)

    assert 5 == settled.unsettled
    assert 5 == (settled + Counts(stale=9, queued=1, cleaned=2, left_out=Counter(title_field=1))).unsettled
