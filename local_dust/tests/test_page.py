"""The local Dust's page: its answers. Its look and behaviour are tested in `integration_tests/browser/`."""

from __future__ import annotations

import json
import re
import time
from html import unescape

import pytest
import requests

from local_dust import Arrival, Limits, LocalDust
from local_dust.client import Visitor
from local_dust.server.page.readable import readable
from local_dust.server.page.window import window_chart

HOSTILE = "</pre><script>alert(1)</script><img src=x onerror='alert(1)'>\" onmouseover=\"alert(1)"


def _page(dust: LocalDust, **parameters: str) -> str:
    answer = requests.get(f"{dust.url}/", params=parameters, timeout=10)
    assert 200 == answer.status_code
    return answer.text


def _titles(page: str) -> list[str]:
    return [unescape(title) for title in re.findall("<h3><a[^>]*>(.*?)</a></h3>", page)]


def _upserts(*calls: tuple[float, int]) -> list[Arrival]:
    """Upserts, given by their times and statuses."""
    path = ("api", "v1", "w", "w", "spaces", "s", "data_sources", "d", "documents", "a")
    return [Arrival(moment, "POST", "", "", path, {}, status=status) for moment, status in calls]


def test_everything_that_is_stored_is_escaped(dust: LocalDust, visitor: Visitor) -> None:
    """Ids, titles, tags and texts, names and cells of tables, and what was searched for."""
    visitor.upsert(HOSTILE, title=HOSTILE, text=HOSTILE, tags=[HOSTILE], source_url="https://dust.tt/<script>")
    visitor.table("t", title=HOSTILE, description=HOSTILE)
    visitor.rows("t", {HOSTILE: {"cell": HOSTILE}}, truncate=True)

    pages = [
        _page(dust, **parameters)
        for parameters in ({"q": HOSTILE}, {"tag": HOSTILE}, {"document": HOSTILE}, {"table": "t"}, {"view": "tables"})
    ]

    assert all(HOSTILE in unescape(page) for page in pages)
    assert [1] * len(pages) == [page.count("<script") for page in pages]
    assert not any("<img" in page or 'onmouseover="' in page for page in pages)


def test_what_escapes_nevertheless_is_neither_run_nor_fetched(dust: LocalDust) -> None:
    """The page's policy lets one script run, known by its hash, and fetch from the page's own address."""
    policy = requests.get(f"{dust.url}/", timeout=10).headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-[^']+';", policy)


def test_documents_are_found_by_what_they_contain(dust: LocalDust, visitor: Visitor) -> None:
    """By id, title, tag or text, in any case; a tag can also be chosen."""
    visitor.upsert("1", title="First", text="apples", tags=["kind:fruit"])
    visitor.upsert("2", title="Second", text="pears", tags=["kind:fruit"])
    visitor.upsert("3", title="Third", text="leeks", tags=["kind:vegetable"])

    found = {query: _titles(_page(dust, q=query)) for query in ("APPLES", "second", "vegetable", "nothing")}
    assert {"APPLES": ["First"], "second": ["Second"], "vegetable": ["Third"], "nothing": []} == found
    assert ["Second", "First"] == _titles(_page(dust, tag="kind:fruit"))
    assert ["Third", "Second", "First"] == _titles(_page(dust))


def test_thousands_of_documents_are_shown_by_the_page(dust: LocalDust) -> None:
    """Twenty at a time, quickly."""
    for number in range(5000):
        dust.world.data_source.documents.upsert(
            f"{number}",
            title=f"Title {number}",
            text="text " * 200,
            tags=(),
            timestamp=number,
            mime_type="text/plain",
            source_url=None,
            parents=(),
        )
    started = time.monotonic()
    first, second, beyond = (_page(dust, page=number) for number in ("0", "1", "9999"))

    assert (20, 20, 0) == (len(_titles(first)), len(_titles(second)), len(_titles(beyond)))
    assert not {*_titles(first)} & {*_titles(second)}
    assert "1 to 20 of 5,000 documents" in first
    assert time.monotonic() - started < 3


def test_a_table_is_shown_with_typed_columns(dust: LocalDust, visitor: Visitor) -> None:
    """And its rows by the page."""
    visitor.table("orders")
    moment = {"type": "datetime", "epoch": 1_704_164_645_000}
    rows = {str(number): {"count": number, "name": "x", "at": moment} for number in range(60)}
    visitor.rows("orders", rows, truncate=True)

    first, second = (_page(dust, table="orders", page=number) for number in "01")

    assert ["count", "name", "at"] == re.findall('<th><span class="column">(.*?) ', first)
    assert ["int", "text", "datetime"] == re.findall("<small>(.*?)</small>", first)
    assert (50, 10) == (first.count("<tr><th>") - 1, second.count("<tr><th>") - 1)
    assert "<td>2024-01-02 03:04:05" in first


def test_what_is_not_there_is_said_to_be_missing(dust: LocalDust) -> None:
    """An address may be older than what it shows; nonsense in it is no trouble either."""
    assert "There is no such document" in _page(dust, document="gone")
    assert "There is no such table" in _page(dust, table="gone")
    assert "No documents" in _page(dust, page="-1", q="\udcff".encode("utf-8", "surrogateescape").decode("latin-1"))


def test_looking_at_the_page_is_not_in_the_log(dust: LocalDust) -> None:
    """Only what goes to Dust is."""
    _page(dust)

    assert [] == dust.world.arrivals


def test_the_chart_counts_what_was_accepted_within_the_window() -> None:
    """And what was refused; another's calls and older ones are not counted."""
    arrivals = _upserts((10, 200), (45, 200), (60, 200), (61, 429), (70, 200))

    chart = window_chart(arrivals, Limits(), now=80.0)

    assert "<p><strong>3</strong> of 120 document upserts in the last 60 s, 1 refused</p>" in chart
    assert 1 == chart.count('class="refused"')
    assert 1 == chart.count('class="limit"')


def test_the_chart_needs_no_limit_and_no_upserts() -> None:
    """It shows what there is."""
    chart = window_chart([], Limits(upserts_per_minute=None), now=80.0)

    assert "<strong>0</strong> no limit" in chart
    assert 'class="limit"' not in chart


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"a": 1.50, "b": null, "c": [], "d": "x\\ny"}', "a: 1.50\nb: null\nc: []\nd: x\n  y"),
        ('{"a": {"b": [1, {"c": 2}]}}', "a:\n  b:\n    - 1\n    -\n      c: 2"),
        ("{no JSON", "{no JSON"),
        ("# Title\n\ntext", "# Title\n\ntext"),
        (json.dumps({"deep": 1}).replace("1", "[" * 5000 + "]" * 5000), '{"deep": ' + "[" * 5000 + "]" * 5000 + "}"),
    ],
)
def test_a_record_is_shown_by_field(text: str, shown: str) -> None:
    """Numbers as they were written; what is no JSON object stays as it is."""
    assert shown == readable(text)
