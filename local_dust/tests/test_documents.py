"""The local Dust stores documents like Dust."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_dust import LocalDust, World
from local_dust.client import Visitor, error
from local_dust.tests.conftest import Clock


@pytest.fixture
def dust(clock: Clock) -> Iterator[LocalDust]:
    with LocalDust(World(now=clock, wall=clock, vector_size=8)) as server:
        yield server


def test_a_document_is_replaced_whole(dust: LocalDust, visitor: Visitor, clock: Clock) -> None:
    """The later upsert of an id leaves nothing of the earlier one."""
    visitor.upsert("a", title="T", tags=["x"], source_url="http://h/", mime_type="text/plain", timestamp=1e12)
    visitor.upsert("a", text="second")

    stored = dust.world.documents()["a"]
    assert ("a", "second", (), "application/octet-stream", None, 2) == (
        stored.title,
        stored.text,
        stored.tags,
        stored.mime_type,
        stored.source_url,
        stored.versions,
    )
    assert clock() * 1000 == stored.timestamp


def test_ids_are_decoded_once(dust: LocalDust, visitor: Visitor) -> None:
    """Percent signs, slashes and other letters survive; dot segments are resolved as in URLs."""
    for document_id in ("a/b", "100%", "é 本", "a+b", "..x"):
        assert 200 == visitor.upsert(document_id).status_code
    assert {"a/b", "100%", "é 本", "a+b", "..x"} == set(dust.world.documents())
    assert 404 == visitor.call("POST", "/documents/%2e%2e", json={"text": "x"}).status_code


def test_a_missing_document_is_a_400(visitor: Visitor) -> None:
    """Only the code of the core's error names it."""
    answer = visitor.get("/documents/none")

    message = "There was an error retrieving the data source document."
    assert (400, "data_source_error", message) == error(answer)
    assert "data_source_document_not_found" == answer.json()["error"]["data_source_error"]["code"]


def test_a_delete_of_a_missing_document_succeeds(dust: LocalDust, visitor: Visitor) -> None:
    """Deletes are idempotent and not limited."""
    visitor.upsert("a")
    dust.world.limits.upserts_per_minute = 0

    assert [{"document": {"document_id": "a"}}] * 2 == [visitor.delete("/documents/a").json() for _ in "12"]
    assert {} == dust.world.documents()


def test_the_light_output_has_no_text_and_the_full_one_has_vectors(visitor: Visitor) -> None:
    """The full output is the default; neither has the text itself. A read has text and no chunks."""
    light = visitor.upsert("a", text="é" * 3000).json()
    assert {"hash", "text_size", "chunk_count", "token_count", "created"} == set(light["document"])
    assert (6000, 2, 1024) == tuple(light["document"][n] for n in ("text_size", "chunk_count", "token_count"))
    assert visitor.url.endswith(light["data_source"]["sId"])

    full = visitor.upsert("a", text="é" * 3000, light_document_output=False).json()["document"]
    assert [8, 8] == [len(chunk["vector"]) for chunk in full["chunks"]]
    assert "text" not in full

    read = visitor.get("/documents/a").json()["document"]
    assert ("é" * 3000, [], None, ["a"]) == tuple(read[n] for n in ("text", "chunks", "token_count", "parents"))


def test_bodies_are_validated_in_dusts_words(visitor: Visitor) -> None:
    """Types are strict, null means absent, unknown keys are dropped."""

    def problem(**body: object) -> str:
        status, kind, message = error(visitor.post("/documents/a", body))
        assert (400, "invalid_request_error") == (status, kind)
        return message.removeprefix("Invalid request body: ")

    assert 'Validation error: Expected number, received string at "timestamp"' == problem(timestamp="1")
    assert 'Validation error: Expected string, received number at "tags[1]"' == problem(tags=["a", 1])
    assert 'Validation error: Required at "section.content"; Required at "section.sections"' == problem(
        section={"prefix": None}
    )
    assert "Invalid request body, `text` or `section` must be provided." == problem(tags=[])
    nothing = dict.fromkeys(["title", "tags", "timestamp", "source_url", "mime_type", "parents", "async", "section"])
    answer = visitor.upsert("a", **nothing, surprise={"deep": [1]})
    assert 200 == answer.status_code
    section = {"prefix": "a", "content": None, "sections": [{"prefix": "b", "content": "c", "sections": []}]}
    visitor.upsert("b", text=None, section=section)
    assert "abc" == visitor.get("/documents/b").json()["document"]["text"]


def test_json_is_strict_and_needs_its_content_type(visitor: Visitor) -> None:
    """NaN, an empty body, an array; without a content type the body counts as empty."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    malformed = (400, "invalid_request_error", "Malformed JSON in request body")

    for body in (b'{"text": NaN}', b"", b'{"text": "x"'):
        assert malformed == error(visitor.call("POST", "/documents/a", data=body, headers=headers))
    array = visitor.call("POST", "/documents/a", data=b"[]", headers=headers)
    assert "Invalid request body: Validation error: Expected object, received array" == error(array)[2]
    untyped = visitor.call("POST", "/documents/a", data=b'{"text": "x"}')
    assert "Invalid request body, `text` or `section` must be provided." == error(untyped)[2]


def test_titles_fall_back_to_a_tag_and_then_to_the_id(dust: LocalDust, visitor: Visitor) -> None:
    """Blank counts as absent; the length is counted in UTF-16 units before trimming."""
    visitor.upsert("a", title="  ", tags=["title: from the tag "])
    visitor.upsert("b", title=" b's title ")
    visitor.upsert("c", title="")

    assert ["from the tag", "b's title", "c"] == [d.title for d in dust.world.documents().values()]
    too_long = (400, "invalid_request_error", "Invalid title: title too long (max 512 characters).")
    assert too_long == error(visitor.upsert("d", title="😀" * 256 + " "))
    assert 200 == visitor.upsert("d", title="😀" * 256).status_code


def test_a_title_tag_is_added_only_if_tags_were_sent(dust: LocalDust, visitor: Visitor) -> None:
    """An empty array is enough; null is not; an existing tag stays unchanged."""
    visitor.upsert("absent")
    visitor.upsert("null", tags=None)
    visitor.upsert("empty", tags=[])
    visitor.upsert("own", tags=["title:x", "y"], title="other")

    tags = {document_id: document.tags for document_id, document in dust.world.documents().items()}
    assert {"absent": (), "null": (), "empty": ("title:empty",), "own": ("title:x", "y")} == tags


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"text":"x","tags":["__DUST:x"]}', "internal_server_error"),
        (b'{"text":"a\\u0000b"}', "internal_server_error"),
        (b'{"text":"x","title":"a\\u0000"}', "internal_server_error"),
        (b'{"text":"\\ud83d"}', "unexpected_response_format"),
        (b'{"text":"x","tags":["a\\ud83db"]}', "unexpected_response_format"),
    ],
)
def test_refusals_of_the_core_are_a_500(visitor: Visitor, body: bytes, code: str) -> None:
    """Reserved tags, NULs and lone surrogates: permanent, yet a 500."""
    answer = visitor.call("POST", "/documents/a", data=body, headers={"Content-Type": "application/json"})

    assert (500, "internal_server_error", "There was an error upserting the document.") == error(answer)
    assert code == answer.json()["error"]["data_source_error"]["code"]


def test_half_a_surrogate_pair_at_the_end_of_a_tag_is_cut(dust: LocalDust, visitor: Visitor) -> None:
    """Only there; a whole pair is one character."""
    body = b'{"text":"x","tags":["a\\ud83d","\\ude00b","\\ud83d\\ude00"]}'
    visitor.call("POST", "/documents/a", data=body, headers={"Content-Type": "application/json"})

    assert ("a", "b", "😀", "title:a") == dust.world.documents()["a"].tags


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (1_600_000_000, 1_600_000_000_000),
        (9_999_999_999, 9_999_999_999_000),
        (10_000_000_000, 10_000_000_000),
        (1_600_000_000_000.9, 1_600_000_000_000),
        (0, 0),
        (-1, 1_700_000_000_000),
        (None, 1_700_000_000_000),
    ],
)
def test_timestamps_are_seconds_below_1e10(dust: LocalDust, visitor: Visitor, sent: float | None, stored: int) -> None:
    """Negative and missing ones mean now."""
    visitor.upsert("a", timestamp=sent)

    assert stored == dust.world.documents()["a"].timestamp


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("", None),
        ("HTTP://Example.COM:80", "http://example.com/"),
        ("https://h/p?x=//y#z z", "https://h/p?x=//y#z%20z"),
        ("https://bücher.example/ä b/../c", "https://xn--bcher-kva.example/c"),
        (" https:\\\\h\\a ", "https://h/a"),
    ],
)
def test_links_are_stored_normalised(dust: LocalDust, visitor: Visitor, sent: str, stored: str | None) -> None:
    """In the form of WHATWG URLs; an empty link counts as absent."""
    assert 200 == visitor.upsert("a", source_url=sent).status_code
    assert stored == dust.world.documents()["a"].source_url


@pytest.mark.parametrize("link", ["example.com/x", "ftp://h/x", "https://h//x", "https://", "http://a b/"])
def test_other_links_refuse_the_whole_document(visitor: Visitor, link: str) -> None:
    """They count against the limit, like all upserts that pass the first validation."""
    message = "Invalid request body, `source_url` if provided must be a valid URL."

    assert (400, "invalid_request_error", message) == error(visitor.upsert("a", source_url=link))


def test_a_hierarchy_is_refused_even_if_empty(visitor: Visitor) -> None:
    """`parents: []` is a hierarchy; `parent_id: ""` is not."""
    assert "Please omit the parents field." in error(visitor.upsert("a", parents=[]))[2]
    assert "Please omit the parent_id field." in error(visitor.upsert("a", parent_id="b"))[2]
    assert 200 == visitor.upsert("a", parent_id="").status_code


def test_texts_are_limited_by_the_plan_and_counted_in_utf_16(dust: LocalDust, visitor: Visitor) -> None:
    """Two MiB of code units, however long as UTF-8; the workspace has a quota of its own."""
    mib = 1024 * 1024
    assert 200 == visitor.upsert("a", text="é" * 2 * mib).status_code
    assert (403, "data_source_quota_error") == error(visitor.upsert("a", text="😀" * mib + "x"))[:2]
    dust.world.limits.workspace_used_bytes = 2 * 1024 * mib
    assert 200 == visitor.upsert("a").status_code
    dust.world.limits.workspace_used_bytes += 1
    assert (403, "workspace_quota_error") == error(visitor.upsert("a"))[:2]


def test_the_window_slides_and_refused_calls_are_not_counted(visitor: Visitor, clock: Clock) -> None:
    """120 in any 60 s, without Retry-After."""
    refusal = (429, "rate_limit_error", "You have reached the maximum number of 120 upserts per minute.")
    assert [200] * 60 == [visitor.upsert("a").status_code for _ in range(60)]
    clock.time += 30
    assert [200] * 60 == [visitor.upsert("a").status_code for _ in range(60)]
    refused = [visitor.upsert("a") for _ in range(20)]
    assert [refusal] * 20 == [error(answer) for answer in refused]
    assert "Retry-After" not in refused[0].headers
    clock.time += 29.9
    assert refusal == error(visitor.upsert("a"))
    clock.time += 0.1
    assert [200] * 60 + [429] == [visitor.upsert("a").status_code for _ in range(61)]


def test_upserts_count_once_they_pass_the_first_validation(dust: LocalDust, visitor: Visitor) -> None:
    """Reads and deletes do not count either; the limit is the workspace's, not the key's."""
    dust.world.limits.upserts_per_minute = 2
    for _ in range(3):
        assert 400 == visitor.upsert("a", text=1).status_code
        assert 200 == visitor.get("/documents").status_code
    assert 400 == visitor.upsert("a", source_url="x").status_code
    assert 200 == visitor.upsert("a").status_code
    other = Visitor(dust, key=dust.world.add_key(spaces=[dust.world.space]))
    assert 429 == other.upsert("a").status_code
    dust.world.limits.retry_after = 7
    assert "7" == other.upsert("a").headers["Retry-After"]


def test_lists_are_paged_newest_first_and_their_total_is_late(dust: LocalDust, visitor: Visitor, clock: Clock) -> None:
    """Ten by default, no text, no maximum; known ids are found with `document_ids`."""
    dust.world.limits.upserts_per_minute = None
    for number in range(15):
        visitor.upsert(str(number), timestamp=1e12 + number)

    first = visitor.get("/documents").json()
    assert [str(n) for n in range(14, 4, -1)] == [d["document_id"] for d in first["documents"]]
    assert 0 == first["total"]
    assert "text" not in first["documents"][0]
    clock.time += 1
    rest = visitor.get("/documents", limit=1000, offset=10).json()
    assert ["4", "3", "2", "1", "0"] == [d["document_id"] for d in rest["documents"]]
    assert 15 == rest["total"]
    chosen = visitor.get("/documents", document_ids=["3", "none", "11"]).json()
    assert ["11", "3"] == [d["document_id"] for d in chosen["documents"]]


def test_documents_with_equal_timestamps_may_be_on_two_pages_or_on_none(dust: LocalDust, visitor: Visitor) -> None:
    """Nothing breaks ties, so paging by offset is not safe."""
    dust.world.limits.upserts_per_minute = None
    for number in range(30):
        visitor.upsert(str(number), timestamp=1e12)

    def listed() -> list[str]:
        pages = [visitor.get("/documents", offset=n).json()["documents"] for n in (0, 10, 20)]
        return [document["document_id"] for page in pages for document in page]

    assert any(len(set(listed())) < 30 for _ in range(5))
    dust.world.limits.ties = "stable"
    assert 30 == len(set(listed()))


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"limit": "x"}, 'Expected number, received nan at "limit"'),
        ({"limit": "-1"}, 'Number must be greater than or equal to 0 at "limit"'),
        ({"offset": "1.5"}, 'Expected integer, received float at "offset"'),
    ],
)
def test_bad_pages_are_refused(visitor: Visitor, parameters: dict[str, str], problem: str) -> None:
    """An empty value counts as zero."""
    message = f"Invalid query parameters: Validation error: {problem}"

    assert (400, "invalid_request_error", message) == error(visitor.get("/documents", **parameters))
    assert [] == visitor.get("/documents", limit="").json()["documents"]


def test_an_asynchronous_upsert_is_stored_later_or_never(dust: LocalDust, visitor: Visitor, clock: Clock) -> None:
    """Its 200 only means "queued"; it counts against the limit; the title tag is always added."""
    answer = visitor.upsert("a", **{"async": True})
    assert {"document": {"document_id": "a"}} == answer.json()
    assert 200 == visitor.upsert("lost", tags=["__DUST"], **{"async": True}).status_code
    assert {} == dust.world.documents()
    clock.time += 1
    assert {"a": ("title:a",)} == {i: d.tags for i, d in dust.world.documents().items()}


def test_search_finds_words(visitor: Visitor) -> None:
    """Every word of the query; unlike Dust's ranking."""
    visitor.upsert("a", text="The quick brown fox")
    visitor.upsert("b", text="A slow fox")

    found = visitor.get("/search", query="quick fox", top_k=5, full_text="false").json()["documents"]
    assert [("a", "The quick brown fox")] == [(d["document_id"], d["text"]) for d in found]
    assert 'at "top_k"' in error(visitor.get("/search", query="x"))[2]
