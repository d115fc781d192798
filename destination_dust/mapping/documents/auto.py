"""A record as a text that agents find, without a setting: its texts, then facts, then values that only machines read.

All of it follows from one record and the schema of its stream, never from other records, and not from the order of
fields: an equal record is always an equal document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from destination_dust import exact_json
from destination_dust.mapping.documents.kinds import Kind
from destination_dust.mapping.documents.leaves import Leaf, leaves
from destination_dust.mapping.documents.markdown import markdown
from destination_dust.mapping.text import one_line


class ReadableText(NamedTuple):
    """What becomes of a record."""

    text: str
    cleaned: int
    """How many texts and numbers were changed because Dust cannot store them."""
    omitted: tuple[str, ...] = ()
    """The paths of the values that are left out, once for each value."""


def automatic_text(title: str, fields: Mapping[str, Any], properties: Mapping[str, Any]) -> ReadableText:
    """Return the text of a record's fields. `title` is its heading, if it is not empty; `properties`: their schemas.

    UUIDs, hashes, opaque tokens and bare URLs are left out. A record without any text is written whole.
    """
    ordered = in_order(fields)
    found = list(leaves(ordered, {"properties": properties}))
    kinds = {leaf.kind for leaf in found}
    if not kinds & {Kind.TEXT, Kind.SENTENCE}:
        return _whole(title, ordered, fields)
    sentences = Kind.FACT if Kind.TEXT in kinds else Kind.TEXT
    found = [leaf._replace(kind=sentences) if leaf.kind is Kind.SENTENCE else leaf for leaf in found]
    told = {_words(title)}
    texts = _new(found, Kind.TEXT, told)
    blocks = [
        *([f"# {title}"] if title else []),
        *_sections(texts, headings=len({leaf.path for leaf in texts}) > 1),
        _lines(found, Kind.FACT, title),
        *_sections(_new(found, Kind.BLOB, told), headings=True),
        _lines(found, Kind.MACHINE, title),
    ]
    text, odd = exact_json.clean_text("\n\n".join(filter(None, blocks)) + "\n")
    omitted = tuple(leaf.path for leaf in found if leaf.kind is Kind.NOISE)
    return ReadableText(text, max(odd, exact_json.readable(fields)[1]), omitted)


def chosen_text(title: str, fields: Mapping[str, Any]) -> ReadableText:
    """Return the text of the fields that a user chose, which is all of them, in their order."""
    return _whole(title, {path: in_order(value) for path, value in fields.items()}, fields)


def in_order(value: Any) -> Any:
    """Return a copy of a value with the fields of its objects in the order of their names, at any depth."""
    return exact_json.loads(exact_json.dumps(value, sort_keys=True))


def _whole(title: str, ordered: Mapping[str, Any], fields: Mapping[str, Any]) -> ReadableText:
    """All fields as Markdown; no heading without a title."""
    text, cleaned = markdown(title, ordered)
    text = text if title else text.removeprefix("# ").lstrip("\n")
    return ReadableText(text, max(cleaned, exact_json.readable(fields)[1]))


def _new(found: Iterable[Leaf], kind: Kind, told: set[str]) -> list[Leaf]:
    """The leaves of a kind that say something new: sources often send a text twice, as HTML and as plain text."""
    new: list[Leaf] = []
    for leaf in found:
        if leaf.kind is kind and (words := _words(leaf.text)) not in told:
            new.append(leaf)
            told.add(words)
    return new


def _sections(found: list[Leaf], *, headings: bool) -> list[str]:
    """Texts one after another, each field's below its path."""
    by_path: dict[str, list[str]] = {}
    for leaf in found:
        by_path.setdefault(leaf.path, []).append(leaf.text)
    return ["\n\n".join([*([f"## {path}"] if headings else []), *texts]) for path, texts in by_path.items()]


def _lines(found: Iterable[Leaf], kind: Kind, title: str) -> str:
    """The leaves of a kind, one per line, without repeating a line or the title."""
    values = [(leaf.path, one_line(leaf.text)[0]) for leaf in found if leaf.kind is kind]
    return "\n".join(dict.fromkeys(f"- {path}: {text}" for path, text in values if text.casefold() != title.casefold()))


def _words(text: str) -> str:
    """The words of a text, by which texts are compared."""
    return re.sub(r"[\W_]+", " ", text).strip().casefold()
