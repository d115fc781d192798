"""The tags of a document: ours, which describe what the connector wrote, and those that a user chose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from destination_dust import exact_json
from destination_dust.mapping.ids import digest
from destination_dust.mapping.paths import find
from destination_dust.mapping.text import cut, one_line, scalar_text

_STREAM = "airbyte:stream:"
_NAMESPACE = "airbyte:namespace:"
_GENERATION = "airbyte:generation:"
_FINGERPRINT = "airbyte:fingerprint:"
_REPLACED = "airbyte:replaced:"
_REPLACING = "airbyte:replacing:"

# To Dust's server the last two mean something else, and it refuses the last.
_RESERVED = ("airbyte:", "title:", "__DUST")
_MAX_UNITS = 256
_GENERATION_NUMBER = re.compile("[0-9]{1,19}")


def stream_tags(namespace: str | None, stream: str) -> list[str]:
    """Return the tags that name the stream of a document. No other stream has the same ones."""
    tags = [_STREAM + _exact(stream)]
    if namespace:
        tags.append(_NAMESPACE + _exact(namespace))
    return tags


def generation_tag(generation: int) -> str:
    """Return the tag that says in which generation of its stream a document was written."""
    return f"{_GENERATION}{generation}"


def fingerprint_tag(fingerprint: str) -> str:
    """Return the tag by which an unchanged document is recognised."""
    return f"{_FINGERPRINT}{fingerprint}"


def replaced_tag(generation: int) -> str:
    """Return the completion marker: the replacement of the stream by this generation was completed."""
    return f"{_REPLACED}{generation}"


def replacing_tag(generation: int) -> str:
    """Return the marker of a table whose rows this generation is replacing, so that some may be missing."""
    return f"{_REPLACING}{generation}"


def origin(tags: Iterable[str]) -> frozenset[str] | None:
    """Return the tags that name the stream of a document, None if they name it twice.

    It equals `frozenset(stream_tags(…))` for documents of exactly that stream.
    """
    ours = [tag for tag in tags if tag.startswith((_STREAM, _NAMESPACE))]
    return frozenset(ours) if len(ours) == len(set(ours)) else None


def is_of_stream(tags: Iterable[str], namespace: str | None, stream: str) -> bool:
    """Whether a document with these tags was written for exactly this stream."""
    return origin(tags) == frozenset(stream_tags(namespace, stream))


def generation_of(tags: Iterable[str]) -> int:
    """Return the generation in which the document was written, 0 if it does not say."""
    found = [tag.removeprefix(_GENERATION) for tag in tags if tag.startswith(_GENERATION)]
    return int(found[0]) if len(found) == 1 and _GENERATION_NUMBER.fullmatch(found[0]) else 0


def fingerprint_of(tags: Iterable[str]) -> str | None:
    """Return the fingerprint of the document, None unless it has exactly one."""
    found = [tag.removeprefix(_FINGERPRINT) for tag in tags if tag.startswith(_FINGERPRINT)]
    return found[0] if len(found) == 1 else None


def is_replaced_by(tags: Iterable[str], generation: int) -> bool:
    """Whether the tags contain the marker that this generation has replaced the stream."""
    return replaced_tag(generation) in tags


def is_being_replaced_by(tags: Iterable[str], generation: int) -> bool:
    """Whether the tags say that a replacement by this generation was begun but not completed."""
    return replacing_tag(generation) in tags


def without_marks(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the tags without completion markers."""
    return tuple(tag for tag in tags if not tag.startswith(_REPLACED))


def field_tags(data: Mapping[str, object], fields: Sequence[str]) -> tuple[list[str], int]:
    """Return a tag `{field}:{value}` for each value of the fields, and how many had to be cleaned.

    Each element of a list is a value; objects, nulls and blanks are skipped; equal tags are merged. A tag that
    would look like one of ours or of Dust's is prefixed with `_`.
    """
    tags: dict[str, None] = {}
    cleaned = 0
    for field in fields:
        found = find(data, field)
        for value in found if isinstance(found, list) else [found]:
            text, odd = one_line(scalar_text(value) or "")
            if text:
                tag = cut(f"{one_line(field)[0]}:{text}", _MAX_UNITS)
                tags[f"_{tag}" if tag.startswith(_RESERVED) else tag] = None
            cleaned += odd
    return list(tags), cleaned


def _exact(name: str) -> str:
    """The name, if a tag can hold it; else the part that it can hold, and a digest of the name."""
    held, odd = exact_json.clean_text(name)
    return f"{held}--{digest(name)}" if odd else held
