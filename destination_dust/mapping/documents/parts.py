"""A document that is too large, as several: `{id}`, `{id}--part-2`, `{id}--part-3` …

Each is a whole document: with the title, the link, the time and the tags of the record, its own piece of the text, and
its own fingerprint. The first one has the fingerprint of the record, so that it is recognised like a document in one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from destination_dust import exact_json
from destination_dust.mapping.documents.document import MAX_TITLE_UNITS, fingerprint_of_content
from destination_dust.mapping.documents.sections import body_fields
from destination_dust.mapping.tags import fingerprint_of, with_fingerprint
from destination_dust.mapping.text import cut

# Where a text is cut, the best first, if there is such a place in the second half of what fits.
_BORDERS = ("\n\n", "\n", ". ", " ")
_PART = re.compile(r"--part-([1-9][0-9]*)")
_PART_AT_END = re.compile(_PART.pattern + r"\Z")


class Part(NamedTuple):
    """A document to be sent: the body of its upsert, and its fingerprint."""

    body: bytes
    fingerprint: str


def part_id(document_id: str, number: int) -> str:
    """The id of a part, counted from 1. No record has it: if theirs have a `--`, 16 hex digits end them."""
    return document_id if number == 1 else f"{document_id}--part-{number}"


def part_number(document_id: str, part: str) -> int | None:
    """Which part of a document an id names, None if it names none."""
    found = _PART.fullmatch(part.removeprefix(document_id)) if part.startswith(document_id) else None
    return 1 if part == document_id else int(found[1]) if found else None


def whole_id(document_id: str) -> str:
    """The id of the document that a document is a part of, its own if it is none."""
    return _PART_AT_END.sub("", document_id)


def units(text: str) -> int:
    """The length of a text as Dust's server counts it: in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def text_of(body: bytes) -> str:
    """The text that the body of an upsert carries."""
    prefix, content = _text(exact_json.loads(body))
    return prefix + content


def parts(body: bytes, limit: int, *, timed: bool = False) -> list[Part]:
    """The documents for the body of an upsert, whose texts have at most `limit` UTF-16 units, and more than 1,000.

    `timed`: whether its timestamp comes from the record. (Otherwise it is the time at which the source read it, and a
    part is unchanged whatever that is.)
    """
    fields = exact_json.loads(body)
    prefix, content = _text(fields)
    whole = fingerprint_of(fields["tags"]) or ""
    pieces = [*_pieces(content, limit - units(prefix))] if units(prefix + content) > limit else [content]
    if len(pieces) == 1:
        return [Part(body, whole)]
    if fields["mime_type"] == "application/json":
        fields["mime_type"] = "text/plain"  # a piece of JSON is none
    made = []
    for number, piece in enumerate(pieces, 1):
        part = {name: value for name, value in fields.items() if name not in ("text", "section")}
        part |= body_fields(prefix + piece, prefix)
        fingerprint = whole
        if number > 1:
            part["title"] = f"{cut(part['title'], MAX_TITLE_UNITS - 20)} (part {number})"
            kept = {name: value for name, value in part.items() if name != "timestamp" or timed}
            fingerprint = fingerprint_of_content([{**kept, "tags": part["tags"][:-1]}])
        made.append(Part(_body(part, fingerprint), fingerprint))
    return made


def unfinished(part: Part) -> bytes:
    """The body of a first part whose record is not stored as a whole: no record has its fingerprint."""
    return _body(exact_json.loads(part.body), fingerprint_of_content(["unfinished", part.fingerprint]))


def _body(fields: Mapping[str, Any], fingerprint: str) -> bytes:
    return exact_json.dumps({**fields, "tags": with_fingerprint(fields["tags"], fingerprint)})


def _text(fields: Mapping[str, Any]) -> tuple[str, str]:
    """The prefix that Dust repeats in each chunk, which may be empty, and what follows."""
    section = fields.get("section")
    return (section["prefix"], section["content"]) if section else ("", fields["text"])


def _pieces(text: str, limit: int) -> Iterator[str]:
    """Pieces of a text that are not too long, without blank ones: Dust may refuse those."""
    start = 0
    while start < len(text):
        end = start + _fitting(text[start : start + limit], limit)
        if end < len(text):
            end = next(
                (at + len(border) for border in _BORDERS if (at := text.rfind(border, (start + end) // 2, end)) >= 0),
                end,
            )
        if text[start:end].strip():
            yield text[start:end]
        start = end


def _fitting(text: str, limit: int) -> int:
    """How many of the first characters have at most `limit` UTF-16 units."""
    end = len(text)
    while (excess := units(text[:end]) - limit) > 0:
        end -= -(-excess // 2)
    return end
