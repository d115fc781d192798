"""Records as encoded rows."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from destination_dust.mapping.tables.bodies import BODY_OVERHEAD, ROW_OVERHEAD, upsert_body
from destination_dust.mapping.tables.cells import TYPED_AS_SENT, Difference, cell
from destination_dust.mapping.tables.formats import Format
from destination_dust.mapping.tables.rows import Row, RowEncoder, TooManyColumns
from destination_dust.mapping.tables.type_inference import DustType
from local_dust.tables.cells import csv_text, reread, sent_cell

EXTRACTED, LOADED = 1_767_225_600_999, 1_800_000_000


def decoded(*rows: Row) -> list[dict[str, Any]]:
    """The rows of a request."""
    found: list[dict[str, Any]] = orjson.loads(upsert_body([row.content for row in rows], LOADED))["rows"]
    return found


def values(shape: RowEncoder, data: Mapping[str, Any]) -> dict[str, Any]:
    """The cells of a record, without our own."""
    (row,) = decoded(shape.encode("id", data, None))
    return {name: cell for name, cell in row["value"].items() if not name.startswith("_airbyte")}


def test_cells_that_a_row_had_before_are_kept_where_the_record_has_none() -> None:
    """Dust replaces whole rows. They go to the columns that they were in."""
    shape = RowEncoder({"id": {}, "createdAt": {}, "body": {}})
    before: dict[str, Any] = {
        shape.column_of("createdAt"): "then",
        "id": 7,
        "other": {"type": "datetime", "epoch": 5000},
        "none": None,
    }

    (row,) = decoded(shape.encode("id", {"id": 1, "body": None}, None, before))

    own = {"_airbyte_loaded_at": {"type": "datetime", "epoch": LOADED * 1000}}
    assert {**own, "id": 1, "created_at": "then", "other": {"type": "datetime", "epoch": 5000}} == row["value"]


def test_a_row_has_its_id_its_cells_and_when_it_was_read_and_loaded() -> None:
    """Our own columns are whole seconds, and the generation if it is known."""
    shape = RowEncoder({"id": {"type": "integer"}}, generation_id=3)

    first, second = decoded(shape.encode("users-1", {"id": 1}, EXTRACTED), shape.encode("users-2", {}, None))

    moment = {"type": "datetime", "epoch": LOADED * 1000}
    extracted = {"type": "datetime", "epoch": 1_767_225_600_000}
    own = {"_airbyte_loaded_at": moment, "_airbyte_generation_id": 3}
    assert {"row_id": "users-1", "value": {**own, "_airbyte_extracted_at": extracted, "id": 1}} == first
    assert {"row_id": "users-2", "value": own} == second


def test_a_row_without_a_single_cell_is_valid() -> None:
    """Nothing is known of it but when it was loaded."""
    (row,) = decoded(RowEncoder({}).encode("x", {"a": None}, None))

    assert {"_airbyte_loaded_at"} == set(row["value"])


def test_our_columns_cannot_be_those_of_a_field() -> None:
    """A field of that name gets another column."""
    found = RowEncoder({}).encode("x", {"_airbyte_loaded_at": "mine"}, None)

    (row,) = decoded(found)
    assert {"type": "datetime", "epoch": LOADED * 1000} == row["value"]["_airbyte_loaded_at"]
    assert "mine" in row["value"].values()


@given(st.lists(st.dictionaries(st.text(max_size=5), st.text() | st.integers() | st.none()), min_size=1, max_size=4))
def test_the_size_of_a_request_is_known_before(records: list[dict[str, Any]]) -> None:
    """Batches are closed by the exact number of bytes."""
    shape = RowEncoder({})
    rows = [shape.encode(f"id-{number}", data, EXTRACTED).content for number, data in enumerate(records)]

    known = BODY_OVERHEAD + sum(len(row) + ROW_OVERHEAD for row in rows)
    assert len(upsert_body(rows, LOADED, truncates=True)) + 1 == known
    assert len(upsert_body(rows, LOADED)) < known


@given(st.text(st.characters(exclude_categories=[])), st.text(st.characters(exclude_categories=[])))
def test_characters_that_dust_cannot_store_never_arrive(first: str, second: str) -> None:
    """NUL goes and halves of surrogate pairs are replaced, in any text."""
    for content in values(RowEncoder({}), {"a": first, "b": second, "c": {first: second}}).values():
        assert "\0" not in str(content)
        str(content).encode()


def test_cleaned_rows_are_counted() -> None:
    """Once each, and not those that only talk about it."""
    shape = RowEncoder({})
    for text in ("a\0b", "\ud800", "fine", "\\u0000"):
        shape.encode("x", {"a": text, "b": text}, None)

    assert 2 == shape.cleaned


def test_oddities_and_types_are_kept_by_column() -> None:
    """Texts that Dust takes for something else are odd, and no change of type."""
    shape = RowEncoder({})
    for value in ("007", "abc", 5, 1.5, Decimal("NaN")):
        shape.encode("x", {"a": value}, None)

    column = shape.columns["a"]
    assert {Difference.NUMBER: 1, Difference.NOT_FINITE: 1} == column.odd
    assert {DustType.TEXT, DustType.INT, DustType.FLOAT} == column.kinds


def test_dates_that_stay_text_make_the_column_one_of_two_types() -> None:
    """The report says so, and counts each kind."""
    shape = RowEncoder({"day": {"type": "string", "format": "date"}})
    for value in ("2024-01-01", "0044-03-15 BC", "10000-01-01", "infinity"):
        shape.encode("x", {"day": value}, None)

    column = shape.columns["day"]
    assert {Difference.BEFORE_CHRIST: 1, Difference.LATE: 1, Difference.NOT_FINITE: 1} == column.odd
    assert {DustType.DATETIME, DustType.TEXT} == column.kinds


def test_no_more_columns_than_dust_can_read() -> None:
    """511 with our own three, counting those that the table has and those that records fill, not empty ones."""
    shape = RowEncoder({f"declared_{number}_x": {} for number in range(600)})
    shape.note_existing([f"old_{number}_x" for number in range(300)])
    shape.encode("x", {f"new_{number}_x": number for number in range(208)}, None)
    shape.encode("x", {"empty": None, "nothing": float("nan"), "blank": ""}, None)

    with pytest.raises(TooManyColumns, match="511"):
        shape.encode("x", {"one_more": 1}, None)


def test_a_record_that_is_too_wide_leaves_no_trace() -> None:
    """The table has room for the next one, and knows nothing of its fields."""
    shape = RowEncoder({})
    with pytest.raises(TooManyColumns):
        shape.encode("x", {f"odd_{number}_x": "007" for number in range(600)}, None)

    shape.encode("x", {f"new_{number}_x": number for number in range(508)}, None)
    assert not any(field.startswith("odd") for field in shape.columns)


@pytest.mark.parametrize("emitted_at", [-1, 10**30, -(10**30), 253_402_300_800_000])
def test_a_time_of_reading_that_cannot_be_is_left_out(emitted_at: int) -> None:
    """JSON holds it, Dust does not."""
    assert {"_airbyte_loaded_at"} == set(decoded(RowEncoder({}).encode("x", {}, emitted_at))[0]["value"])


def test_columns_of_the_table_count_when_they_become_known() -> None:
    """Also if rows were encoded before."""
    shape = RowEncoder({})
    shape.encode("x", {f"new_{number}_x": number for number in range(208)}, None)

    with pytest.raises(TooManyColumns):
        shape.note_existing([f"old_{number}_x" for number in range(301)])


FORMATS: dict[Format | None, dict[str, str]] = {
    None: {},
    Format.MOMENT: {"format": "date-time"},
    Format.TIME: {"format": "time"},
    Format.NUMBER: {"type": "number"},
}
_ODD_TEXTS = st.text(st.sampled_from('a",;\t\r\n\\\0\ud800é😀'))


@given(
    st.dictionaries(
        st.text("abc_1"),
        _ODD_TEXTS | st.none() | st.booleans() | st.integers() | st.floats() | st.lists(_ODD_TEXTS) | st.datetimes(),
        max_size=5,
    )
)
@example({f"a_{number}": datetime(1970, 1, 1) for number in range(5)})
def test_a_row_takes_no_more_of_a_csv_than_is_said(data: dict[str, Any]) -> None:
    """Quotes are doubled, numbers have no exponent, dates are texts: as the local Dust writes them."""
    shape = RowEncoder({name: {"format": "date-time"} for name in data}, generation_id=2**53)
    record = {name: str(value) if isinstance(value, datetime) else value for name, value in data.items()}
    row = shape.encode('i"d', record, EXTRACTED)

    (sent,) = decoded(row)
    texts = [csv_text(sent_cell(cell)) for cell in sent["value"].values()]
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow([*texts, sent["row_id"]])
    assert len(written.getvalue().encode()) - len(texts) <= row.csv_bytes
    assert len(texts) == row.cells
    assert not (row.is_undelimited and any(rival in text for text in texts for rival in ";\t"))


@pytest.mark.parametrize("value", ["some text", 12, 0.5, True, "2026-01-01T00:00:00Z"])
def test_a_row_takes_little_less_of_a_csv_than_is_said(value: object) -> None:
    """However long the names of its columns are: a table would count as full too early."""
    names = [f"a_long_name_of_a_column_{number}" for number in range(50)]
    schema = {"format": "date-time"} if str(value).endswith("Z") else {}
    shape = RowEncoder(dict.fromkeys(names, schema))
    for _ in range(2):
        row = shape.encode("x", dict.fromkeys(names, value), None)
        (sent,) = decoded(row)
        taken = sum(len(csv_text(sent_cell(cell))) for cell in sent["value"].values()) + len("x")
        assert 0 <= row.csv_bytes - taken <= 3 * len(names)


_VALUES = (
    st.sampled_from(["", " ", "5", "true", "Monday", "2024-01-01", "some text", 2**53, 2**53 + 1, -(2**53) - 1, 2**64])
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text("x 1t.é", max_size=5)
    | st.lists(st.integers(), max_size=2)
)


_SAMPLES: list[Any] = ["", " ", "5", "true", "Monday", "no", "nan", "2024-01-01", "some text", "a;b", "ü", None, True]
_SAMPLES += [
    "2001-09-09T01:46:39Z",
    "2001-09-09T01:46:40.5Z",
    " 2024-01-01T10:00:00+02:00",
    "9999-12-31T23:59:59-05:00",
]
_SAMPLES += ["0001-01-01T00:00:00+05:00", "20240101T000000", "2024-W01-1", "infinity", "2024-01-01 BC", "10:00"]
_SAMPLES += [0, -5, 2**53, 2**53 + 1, -(2**53) - 1, 2**64, Decimal("0.1"), [1], {"a": "b"}]
_SAMPLES += [0.5, -0.5, 2.0, 2.0**53, 2.0**53 + 2, 1e300, 1e-4, 1e-5, -1e-5, 5e-324, math.inf, math.nan]


@pytest.mark.parametrize("expected", FORMATS)
@pytest.mark.parametrize("before", _SAMPLES, ids=repr)
def test_a_row_is_the_same_whatever_came_before_it(before: object, expected: Format | None) -> None:
    """Values like earlier ones of their column take a shorter way through the encoder."""
    for value in _SAMPLES:
        later, alone = RowEncoder({"a": FORMATS[expected]}), RowEncoder({"a": FORMATS[expected]})
        later.encode("x", {"a": before}, None)
        assert alone.encode("x", {"a": value}, None) == later.encode("x", {"a": value}, None)
        assert alone.columns["a"].kinds <= later.columns["a"].kinds
        assert alone.columns["a"].odd <= later.columns["a"].odd


@given(st.lists(st.dictionaries(st.sampled_from("abc"), _VALUES), max_size=4), st.sampled_from([*FORMATS]))
def test_a_row_has_the_cell_of_each_value(records: list[dict[str, Any]], expected: Format | None) -> None:
    """What the encoder sends as it is, without asking for the cell, is the cell, with the type that is inferred."""
    shape = RowEncoder(dict.fromkeys("abc", FORMATS[expected]))
    kinds: dict[str, set[DustType]] = {name: set() for name in "abc"}
    odd: dict[str, Counter[Difference]] = {name: Counter() for name in "abc"}
    for data in records:
        (row,) = decoded(shape.encode("x", data, None))
        cells = {name: cell(value, expected) for name, value in data.items()}
        sent = {name: content for name, (content, _, _) in cells.items() if content is not None}
        assert {"_airbyte_loaded_at": row["value"]["_airbyte_loaded_at"], **sent} == row["value"]
        for name, (content, kind, difference) in cells.items():
            odd[name].update(filter(None, [difference]))
            if content is not None and difference in TYPED_AS_SENT:
                kinds[name].add(kind)

    assert kinds == {name: column.kinds for name, column in shape.columns.items()}
    assert odd == {name: column.odd for name, column in shape.columns.items()}


@pytest.mark.parametrize(
    "value", [1e-05, 5e-05, -2.5e-09, 5e-324, "t", "F", "1/5/24", "1.5e300", ".5e-7", "Jan 5 2024", "9:00"]
)
def test_a_row_takes_no_more_once_dust_has_read_it(value: object) -> None:
    """Dust writes a cell as what it takes it for, in each of many columns."""
    row = RowEncoder({}).encode("x", {f"column_{number}_x": value for number in range(9)}, None)

    (sent,) = decoded(row)
    today = date(2026, 1, 1)
    texts = [csv_text(reread(sent_cell(cell), today)) for cell in sent["value"].values()]
    assert sum(map(len, texts)) + len("x") <= row.csv_bytes
