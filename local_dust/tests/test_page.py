"""The HTML of the page. `integration_tests/browser/` tests its look and behaviour."""

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


def test_all_stored_content_is_escaped(dust: LocalDust, visitor: Visitor) -> None:
    """Ids, titles, tags and texts, names and cells of tables, and the query."""
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


def test_the_policy_blocks_scripts_and_requests_of_stored_content(dust: LocalDust) -> None:
    """The page's policy lets one script run, known by its hash, and fetch from the page's own address."""
    policy = requests.get(f"{dust.url}/", timeout=10).headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-[^']+';", policy)


def test_the_search_covers_id_title_tags_and_text(dust: LocalDust, visitor: Visitor) -> None:
    """One word of each finds its document."""
    visitor.upsert("crate-1", title="First", text="apples")
    visitor.upsert("2", title="Second", text="pears")
    visitor.upsert("3", title="Third", text="leeks", tags=["kind:vegetable"])

    found = {query: _titles(_page(dust, q=query)) for query in ("crate", "second", "vegetable", "pears", "nothing")}
    assert {
        "crate": ["First"],
        "second": ["Second"],
        "vegetable": ["Third"],
        "pears": ["Second"],
        "nothing": [],
    } == found


def test_thousands_of_documents_are_shown_in_short_pages(dust: LocalDust) -> None:
    """Twenty at a time, quickly; a page beyond the end is empty."""
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
    first, beyond = (_page(dust, page=number) for number in ("0", "9999"))

    assert (20, 0) == (len(_titles(first)), len(_titles(beyond)))
    assert "1 to 20 of 5,000 documents" in first
    assert time.monotonic() - started < 3


def test_rows_are_shown_in_pages_and_datetimes_as_times(dust: LocalDust, visitor: Visitor) -> None:
    """Fifty rows at a time, in the order of the table."""
    visitor.table("orders")
    moment = {"type": "datetime", "epoch": 1_704_164_645_000}
    visitor.rows("orders", {str(number): {"at": moment} for number in range(60)}, truncate=True)

    first, second = (re.findall("<tr><th>([0-9]+)</th>", _page(dust, table="orders", page=number)) for number in "01")

    assert [str(number) for number in range(60)] == [*first, *second]
    assert (50, 10) == (len(first), len(second))
    assert "<td>2024-01-02 03:04:05" in _page(dust, table="orders")


def test_a_document_is_shown_chunk_by_chunk(dust: LocalDust, visitor: Visitor) -> None:
    """As agents get it: with the prefix in each."""
    section = {"prefix": "# Ann\n\n", "content": "word " * 1000, "sections": []}
    visitor.post("/documents/a", {"section": section})

    page = _page(dust, document="a")
    assert "As agents get it, in chunks: 3" in page
    assert 3 == page.count('<div class="chunk"># Ann')


def test_missing_documents_and_tables_are_reported(dust: LocalDust) -> None:
    """Old addresses still work, and invalid parameters are ignored."""
    assert "There is no such document" in _page(dust, document="gone")
    assert "There is no such table" in _page(dust, table="gone")
    assert "No documents" in _page(dust, page="-1", q="\udcff".encode("utf-8", "surrogateescape").decode("latin-1"))


def test_looking_at_the_page_is_not_in_the_log(dust: LocalDust) -> None:
    """Only requests to Dust are."""
    _page(dust)

    assert [] == dust.world.arrivals


def test_the_chart_counts_upserts_accepted_within_the_window() -> None:
    """It also counts refused ones, but not older ones."""
    arrivals = _upserts((10, 200), (45, 200), (60, 200), (61, 429), (70, 200))

    chart = window_chart(arrivals, Limits(), now=80.0)

    assert "<p><strong>3</strong> of 120 document upserts in the last 60 s, 1 refused</p>" in chart
    assert 1 == chart.count('class="refused"')
    assert 1 == chart.count('class="limit"')


def test_the_chart_works_without_a_limit_and_upserts() -> None:
    """It shows zero, and no line for the limit."""
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
    """Numbers stay as written; texts that are not JSON objects stay unchanged."""
    assert shown == readable(text)
