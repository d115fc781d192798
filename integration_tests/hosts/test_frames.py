"""DataFrames and the like, by the examples of docs/python.md."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from datetime import datetime, timezone
from typing import Any

import numpy
import pandas
import polars
import pyarrow
import pytest

from destination_dust.loading import Loader, Stream
from integration_tests.harness.contents import contents
from integration_tests.harness.launcher import ROOT
from local_dust import LocalDust

PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
(BLOCK,) = [block for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "iter_rows" in block]
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
COLUMNS: dict[str, list[Any]] = {
    "id": [1, 2],
    "title": ["Opening hours", None],
    "at": [AT, None],
    "share": [0.5, float("nan")],
    "tags": [["a", "b"], []],
}
IN_DUST = [
    {"id": 1, "title": "Opening hours", "at": "2026-01-02T03:04:05+00:00", "share": 0.5, "tags": ["a", "b"]},
    {"id": 2, "title": None, "at": None, "share": None, "tags": []},
]


def sqlite_cursor() -> sqlite3.Cursor:
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    return database.execute("SELECT 1 AS id, 'Opening hours' AS title")


NAMES = {
    "polars_frame": lambda: polars.DataFrame(COLUMNS),
    "pandas_frame": lambda: pandas.DataFrame(COLUMNS),
    "arrow_table": lambda: pyarrow.table(COLUMNS),
    "file": lambda: io.StringIO("id,title\n1,Opening hours\n"),
    "sqlite_cursor": sqlite_cursor,
}


@pytest.mark.parametrize("line", BLOCK.strip().splitlines())
def test_the_examples_of_the_page_load(dust: LocalDust, line: str) -> None:
    """Their rows arrive with times, lists and what is missing."""
    (name,) = [each for each in NAMES if re.search(rf"\b{each}\b", line)]
    with Loader(dust.config()) as loader:
        exec(line, {"dust": loader, "articles": Stream("articles", "id"), "csv": csv, name: NAMES[name]()})

    found = [*contents(dust.world).values()]
    if name in ("file", "sqlite_cursor"):
        assert [("1", "Opening hours")] == [(str(each["id"]), each["title"]) for each in found]
    else:
        assert IN_DUST == [{**each, "at": each["at"] and each["at"].replace(" ", "T")} for each in found]


def test_values_of_numpy_and_pandas_arrive(dust: LocalDust) -> None:
    """Also by `itertuples` and from columns of extension types."""
    frame = pandas.DataFrame({"id": [1], "n": pandas.array([None], dtype="Int64"), "t": [pandas.NaT]})
    record = {"a": numpy.int64(3), "b": numpy.array([1.5, 2.5]), "c": numpy.datetime64("2026-01-02", "D")}
    with Loader(dust.config()) as loader:
        loader.upsert(Stream("articles", "id"), (row._asdict() for row in frame.itertuples(index=False)))
        loader.upsert(Stream("values", "a"), [record])

    assert [{"id": 1, "n": None, "t": None}] == [contents(dust.world)["articles-1"]]
    assert {"a": 3, "b": [1.5, 2.5], "c": "2026-01-02"} == contents(dust.world)["values-3"]
