"""Rows that would make Dust mistake the delimiter of its CSV."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from destination_dust.mapping.tables.delimiters import Delimiters, misleading_columns, misleading_in_table
from destination_dust.mapping.tables.rows import Row, RowEncoder
from local_dust.tables.csv_files import guessed_delimiter

LIST = ";".join("abcdefgh")


def rows(*values: dict[str, Any]) -> list[Row]:
    """Encoded rows with these cells."""
    encoder = RowEncoder({})
    return [encoder.encode("x", value, None) for value in values]


@pytest.mark.parametrize("text", [LIST, LIST.replace(";", "\t")])
def test_more_semicolons_or_tabs_than_commas_are_named(text: str) -> None:
    """The column with most of them comes first, harmless ones do not."""
    found = misleading_columns(rows({"name": "Ann", "path": text * 2, "other": text}))

    assert ["path", "other"] == found


@pytest.mark.parametrize("quoted", [LIST + ",", LIST + '"', LIST + "\n"])
def test_quoted_delimiters_do_not_count(quoted: str) -> None:
    """Dust's writer quotes cells with commas, quotes and line ends."""
    assert [] == misleading_columns(rows({"path": quoted}))


def test_commas_of_many_columns_outweigh() -> None:
    """Each row has as many commas as the request has columns, also where its cells are empty."""
    wide = {f"c{number}": number for number in range(9)}

    assert [] == misleading_columns(rows({"path": LIST}, wide))
    assert ["path"] == misleading_columns(rows({"path": LIST}))


def test_the_first_rows_count_for_themselves() -> None:
    """Dust looks at 16 KB only: thousands of harmless rows after that do not help."""
    filler = "x" * 2000

    assert ["path"] == misleading_columns(rows(*[{"path": LIST * 3, "filler": filler}] * 9, *[{"path": "-"}] * 1000))


def test_all_rows_count_together() -> None:
    """Dust keeps rows in no order: harmless ones at the beginning do not help either."""
    filler = "x" * 2000

    assert ["path"] == misleading_columns(rows(*[{"a": filler}] * 9, *[{"path": LIST * 3}] * 1000))


def is_mistaken(values: list[dict[str, Any]], columns: list[str], chance: random.Random) -> bool:
    """Whether Dust mistakes the delimiter of a table of these rows, in a random order."""
    return looks_mistaken(
        chance.sample(values, len(values)) if len(values) < 100 else _drawn(values, chance), columns, "users-1"
    )


def looks_mistaken(values: Iterable[dict[str, Any]], columns: list[str], row_id: str) -> bool:
    """Whether Dust mistakes the delimiter of a file of these rows, in this order."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*columns, "__dust_id"])
    for value in values:
        if file.tell() > 17_000:
            break
        writer.writerow([*(value.get(name) for name in columns), row_id])
    return guessed_delimiter(file.getvalue().encode()) != ","


@pytest.mark.parametrize("filler", ["文" * 900, 'a "b"' * 540, "x" * 2700])
@pytest.mark.parametrize("rivals", range(12))
@pytest.mark.parametrize("bad", range(1, 9))
def test_no_request_is_mistaken_that_was_let_pass(filler: str, rivals: int, bad: int) -> None:
    """Its rows are in the order in which they are sent, and Dust looks at their bytes, with quotes."""
    values = [{"path": "x;" * rivals, "filler": filler}] * bad + [{"path": "-", "filler": filler}] * 100

    if looks_mistaken(values, ["_airbyte_loaded_at", "path", "filler"], "x"):
        assert ["path"] == misleading_columns(rows(*values))


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 12), st.sampled_from(["", "a" * 50, "a" * 3_000, "é" * 300, '"' * 100]), st.booleans()
        ),
        min_size=1,
        max_size=60,
    ),
    st.integers(1, 6),
)
def test_no_request_of_any_rows_is_mistaken_that_was_let_pass(
    cells: list[tuple[int, str, bool]], repeated: int
) -> None:
    """Whichever row its first 16 KB end in, and wherever in that row."""
    values = [
        {"path": "x;" * rivals, "filler": filler, **({"more": 1} if more else {})} for rivals, filler, more in cells
    ] * repeated

    written = [{"_airbyte_loaded_at": "2026-01-01 00:00:00", **value} for value in values]
    columns = [*dict.fromkeys(name for value in written for name in value)]
    assert misleading_columns(rows(*values)) or not looks_mistaken(written, columns, "x")


def _drawn(values: list[dict[str, Any]], chance: random.Random) -> Iterator[dict[str, Any]]:
    """Rows in a random order, without that all are brought into one."""
    seen: set[int] = set()
    while len(seen) < len(values):
        position = chance.randrange(len(values))
        if position not in seen:
            seen.add(position)
            yield values[position]


def blamed(
    values: list[dict[str, Any]], columns: list[str], there: list[dict[str, Any]] | None = None, weight: float = 1.0
) -> list[str]:
    """The columns that are to blame if these rows come, and for some that are there."""
    coming, shown = Delimiters(), Delimiters.shown([{"row_id": "users-1", "value": value} for value in there or ()])
    coming.add(rows(*values))
    return misleading_in_table([(coming, 1.0), (shown, weight)], columns)


def table(count: int, columns: int, filler: int, share: float, rivals: int, seed: int) -> list[dict[str, Any]]:
    """Rows of which a share has so many semicolons in one cell, besides a filler and small numbers."""
    chance = random.Random(seed)
    return [
        {
            "path": "ab;" * rivals if chance.random() < share else "-",
            "filler": "x" * chance.randrange(filler + 1),
            **{f"c_{'abcdefghijklmnopqrstuvwxyz'[n]}": n for n in range(columns)},
        }
        for _ in range(count)
    ]


@settings(max_examples=60)
@given(
    st.integers(1, 1_000),
    st.integers(1, 20),
    st.integers(0, 3_000),
    st.sampled_from([0.001, 0.01, 0.1, 0.5, 1.0]),
    st.integers(1, 60),
    st.integers(0, 1_000),
)
@example(20, 2, 100, 1.0, 6, 0)
@example(3_000, 2, 3_000, 0.01, 60, 0)
def test_no_table_is_mistaken_that_was_let_pass(
    count: int, columns: int, filler: int, share: float, rivals: int, seed: int
) -> None:
    """In any of fifty orders of its rows."""
    values = table(count, columns, filler, share, rivals, seed)
    names = [*values[0], "_airbyte_loaded_at"]
    if blamed(values, names):
        return
    chance = random.Random(seed)
    assert not any(is_mistaken(values, names, chance) for _ in range(50))


@pytest.mark.parametrize("count", [5, 60, 5_000])
@pytest.mark.parametrize(
    ("columns", "filler", "share", "rivals"),
    [(10, 100, 0.05, 3), (10, 500, 0.05, 8), (10, 100, 0.005, 30), (5, 100, 0.3, 6), (20, 1_000, 0.02, 25)],
)
def test_no_ordinary_table_is_refused(count: int, columns: int, filler: int, share: float, rivals: int) -> None:
    """Lists with semicolons in some cells, and now and then a long one."""
    values = table(count, columns, filler, share, rivals, 1)

    assert [] == blamed(values, [*values[0], "_airbyte_loaded_at"])


@pytest.mark.parametrize(("share", "rivals"), [(1.0, 30), (0.1, 300), (0.002, 3_000)])
def test_a_table_that_is_mistaken_once_in_a_while_is_refused(share: float, rivals: int) -> None:
    """At each merge the rows are in another order, and one time is enough."""
    values = table(5_000, 10, 100, share, rivals, 1)

    assert ["path"] == blamed(values, [*values[0], "_airbyte_loaded_at"])


def test_rows_that_are_there_count() -> None:
    """As many as there are, of which some were shown; alone they are not to blame."""
    names = ["path", "a", "b"]
    harmless, bad = {"path": "-", "a": 1, "b": 2}, {"path": ";" * 20, "a": 1, "b": 2}

    assert ["path"] == blamed([bad] * 100, names)
    assert [] == blamed([bad] * 10, names, [harmless] * 50, 200.0)
    assert ["path"] == blamed([bad] * 1_000, names, [harmless] * 50, 2.0)
    assert [] == blamed([harmless] * 10, names, [bad] * 50, 200.0)


def test_a_header_that_fills_the_window_has_only_commas() -> None:
    """Dust sees nothing else."""
    assert [] == blamed([{"path": ";" * 5_000}], [*(f"column_{'x' * 60}" for _ in range(400)), "path"])
