"""Rows that would make Dust mistake the delimiter of its CSV."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from destination_dust.mapping.tables.delimiters import misleading_columns

LIST = ";".join("abcdefgh")


def rows(*values: dict[str, Any]) -> list[bytes]:
    """Encoded rows with these cells."""
    return [orjson.dumps({"value": {"loaded": 1, **value}, "row_id": "x"}) for value in values]


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
