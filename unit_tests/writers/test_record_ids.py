"""Which records are the same document or row."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from destination_dust.airbyte.catalog import MissingKey, Mode, StreamPlan
from destination_dust.airbyte.messages import Record
from destination_dust.reporting.counts import Counts
from destination_dust.writers.record_ids import record_id
from unit_tests.builders import USERS


def id_of(data: dict[str, Any], *, mode: Mode = Mode.APPEND, keyed: bool = True, counts: Counts | None = None) -> str:
    """The id of a user with this data."""
    plan = StreamPlan(USERS, mode, (("id",),) if keyed else ())
    return record_id(plan, Record(USERS, data, 1, 1), lambda _: counts or Counts())


def test_records_of_one_key_are_one_whatever_else_they_say() -> None:
    """The key alone names the document."""
    assert "users-1" == id_of({"id": 1, "name": "a"}) == id_of({"id": 1, "name": "b"})


def test_equal_numbers_are_one_key() -> None:
    """Change data capture of Postgres writes one number as 7000, 7000.0 and 7E+3. A text is another key."""
    assert "users-7000" == id_of({"id": 7000}) == id_of({"id": 7000.0}) == id_of({"id": Decimal("7E+3")})
    assert "users-7000" != id_of({"id": "7000.0"})


@pytest.mark.parametrize("key", [(("id",), ("name",)), (("id", "name"),), (("name",), ("id",))])
def test_each_part_of_a_key_counts(key: tuple[tuple[str, ...], ...]) -> None:
    """Also if the first is a whole number, which alone would be a key."""
    plan = StreamPlan(USERS, Mode.APPEND_DEDUP, key)
    records = [{"id": 1 if len(key) > 1 else {"name": name}, "name": name} for name in (1, 2)]

    assert 2 == len({record_id(plan, Record(USERS, each, 1, 1), lambda _: Counts()) for each in records})


def test_records_without_a_key_are_one_only_if_they_are_equal() -> None:
    """The order of their fields does not matter."""
    assert id_of({"a": 1, "b": 2}, keyed=False) == id_of({"b": 2, "a": 1}, keyed=False)
    assert id_of({"a": 1}, keyed=False) != id_of({"a": 2}, keyed=False)


@pytest.mark.parametrize("mode", [Mode.APPEND, Mode.OVERWRITE])
def test_a_missing_key_makes_the_whole_record_its_id_and_is_counted(mode: Mode) -> None:
    """Where no key decides what is replaced, the record can still be stored."""
    counts = Counts()

    assert id_of({"id": None, "name": "a"}, mode=mode, counts=counts) == id_of({"id": None, "name": "a"}, keyed=False)
    assert 1 == counts.without_key


def test_a_missing_key_is_refused_where_records_are_deduplicated() -> None:
    """Stored under another id, it would never be replaced or deleted."""
    for mode in (Mode.APPEND_DEDUP, Mode.OVERWRITE_DEDUP):
        with pytest.raises(MissingKey, match="id"):
            id_of({"name": "a"}, mode=mode)
        with pytest.raises(MissingKey, match=r"id\.name"):  # and not taken from the field that should have it
            record_id(StreamPlan(USERS, mode, (("id", "name"),)), Record(USERS, {"id": 1}, 1, 1), lambda _: Counts())


@pytest.mark.parametrize("mode", [Mode.APPEND, Mode.APPEND_DEDUP])
def test_a_key_that_the_source_did_not_have_is_refused(mode: Mode) -> None:
    """Its placeholder is the same for all rows, which would be one document. Elsewhere, the text is a key."""
    placeholder = "__debezium_unavailable_value"

    with pytest.raises(MissingKey, match="REPLICA IDENTITY FULL"):
        id_of({"id": placeholder, "_ab_cdc_updated_at": "2026-01-01T00:00:00Z"}, mode=mode)

    assert id_of({"id": placeholder}, mode=mode) == id_of({"id": placeholder, "name": "a"}, mode=mode)


def test_a_missing_key_is_refused_where_a_record_deletes() -> None:
    """In every mode: a hash of the record is the id of no row."""
    with pytest.raises(MissingKey, match="id"):
        id_of({"name": "a", "_ab_cdc_deleted_at": "2026-01-01T00:00:00Z"})


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("keyed", [True, False])
def test_a_record_that_was_not_read_to_its_end_has_no_id(mode: Mode, keyed: bool) -> None:
    """Not even one made of the part that was read."""
    plan = StreamPlan(USERS, mode, (("id",),) if keyed else ())

    with pytest.raises(MissingKey, match="nested deeper than 250 levels"):
        record_id(plan, Record(USERS, {"id": 1}, 1, 1, is_too_deep=True), lambda _: Counts())


KEYS = [{"id": "a\udcff"}, {"id": ["a\udcff"]}, {"id": {"a\udcff": 1}}]


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("data", KEYS)
def test_a_key_that_is_not_utf8_is_refused(data: dict[str, Any], mode: Mode) -> None:
    """Dust would show one sign for each of its bytes, so that different keys look alike."""
    plan = StreamPlan(USERS, mode, (("id",),))

    with pytest.raises(MissingKey, match="not UTF-8"):
        record_id(plan, Record(USERS, data, 1, 1, is_utf8=False), lambda _: Counts())


def test_other_bytes_that_are_not_utf8_are_no_matter_of_the_key() -> None:
    """Neither those of other fields, nor those of a record without a key, nor halves of characters in a key."""
    plan, unkeyed = StreamPlan(USERS, Mode.APPEND, (("id",),)), StreamPlan(USERS, Mode.APPEND)
    broken = [Record(USERS, {"id": 1, "name": f"a{byte}"}, 1, 1, is_utf8=False) for byte in ("\udcff", "\udcfe")]

    assert {"users-1"} == {record_id(plan, each, lambda _: Counts()) for each in broken}
    assert 2 == len({record_id(unkeyed, each, lambda _: Counts()) for each in broken})
    assert record_id(plan, Record(USERS, {"id": "\udcff"}, 1, 1), lambda _: Counts())
