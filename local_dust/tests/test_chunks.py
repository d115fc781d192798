"""Chunks of texts and sections. The cases of sections are those of Dust's own test of its splitter, or like them."""

from __future__ import annotations

from typing import Any

import pytest

from local_dust import LocalDust
from local_dust.client import Visitor, error
from local_dust.documents.chunks import PrefixTooLong, Splitter, whole

SPLITTER = Splitter(1)


def section(prefix: str | None, content: str | None, *sections: dict[str, Any]) -> dict[str, Any]:
    """A section as requests have it."""
    return {"prefix": prefix, "content": content, "sections": list(sections)}


@pytest.mark.parametrize(
    ("length", "chunks"), [(1, [1]), (512, [512]), (513, [512, 1]), (1025, [341, 341, 343]), (5000, [500] * 10)]
)
def test_a_long_text_is_cut_in_equal_parts(length: int, chunks: list[int]) -> None:
    """Neighbours then share a chunk where they fit, as those of 513 tokens."""
    assert chunks == [len(chunk) for chunk in SPLITTER.chunks(whole("x" * length))]


def test_prefixes_are_repeated_in_every_chunk_below() -> None:
    """Those of all levels, once for each chunk."""
    tree = section("A", "a" * 600, section("B", "b" * 800), section(None, "c" * 10))

    chunks = SPLITTER.chunks(tree)
    assert ["Aaa", "Aaa", "ABb", "ABb", "Acc"] == [chunk[:3] for chunk in chunks]
    assert 600 + 800 + 10 == sum(chunk.count(letter) for chunk in chunks for letter in "abc")


def test_neighbours_share_a_chunk_while_they_fit() -> None:
    """In their order."""
    tree = section("T", None, *(section(f"{n}", "x" * 199) for n in range(5)))

    assert ["T0", "T2", "T4"] == [chunk[:2] for chunk in SPLITTER.chunks(tree)]
    assert 401 == len(SPLITTER.chunks(tree)[0])


def test_blank_chunks_are_dropped_but_one() -> None:
    """A document has at least one."""
    assert 1 == len(SPLITTER.chunks(whole("x" * 256 + " " * 1000)))
    assert [" " * 500] == SPLITTER.chunks(whole(" " * 1000))
    assert [""] == SPLITTER.chunks(whole(""))


def test_prefixes_of_half_a_chunk_are_refused() -> None:
    """All of them together."""
    assert 1 == len(SPLITTER.chunks(section("x" * 255, "y")))
    with pytest.raises(PrefixTooLong):
        SPLITTER.chunks(section("x" * 256, "y"))
    with pytest.raises(PrefixTooLong):
        SPLITTER.chunks(section("x" * 128, None, section("y" * 128, "z")))


def test_the_server_refuses_long_prefixes_for_good(dust: LocalDust, visitor: Visitor) -> None:
    """With a 500, as any other failure of core; how many tokens a prefix has, the embedding model says."""
    body = {"section": section("x" * 256, "y")}

    assert 200 == visitor.post("/documents/a", body).status_code
    dust.world.limits.token_characters = 1
    status, kind, message = error(visitor.post("/documents/a", body))
    assert (500, "internal_server_error", "There was an error upserting the document.") == (status, kind, message)
    core = visitor.post("/documents/a", body).json()["error"]["data_source_error"]["message"]
    assert "prefixes accrue to more than half `max_chunk_size`" in core


def test_the_server_counts_and_returns_the_chunks_of_a_section(dust: LocalDust, visitor: Visitor) -> None:
    """With their prefix; the document's text has it once."""
    body = {"section": section("# T\n\n", "word " * 1000), "light_document_output": False}

    document = visitor.post("/documents/a", body).json()["document"]
    assert 3 == document["chunk_count"]
    assert 3 == sum(chunk["text"].startswith("# T\n\n") for chunk in document["chunks"])
    assert "# T\n\n" + "word " * 1000 == dust.world.documents()["a"].text
    assert body["section"] == dust.world.documents()["a"].section
