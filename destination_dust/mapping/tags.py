"""The tags of a document: ours, which describe what the connector wrote, and those that a user chose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from destination_dust import exact_json
from destination_dust.mapping.ids import digest
from destination_dust.mapping.paths import find, leaves
from destination_dust.mapping.text import cut, one_line, scalar_text

_STREAM = "airbyte:stream:"
_NAMESPACE = "airbyte:namespace:"
# `airbyte:{generation}:{fingerprint}`; a host that counts no generations leaves the first part empty.
_VERSION = re.compile("airbyte:([0-9]{0,19}):([A-Za-z0-9_-]{11})")
# Version 0.1.0 wrote the generation in a tag of its own.
_OLD_GENERATION = re.compile("airbyte:generation:([0-9]{1,19})")
_MARKER = re.compile("airbyte:(replaced|replacing):([0-9]{1,19})(?::([0-9]{1,19}))?")

# To Dust's server the last two mean something else, and it refuses the last.
_RESERVED = ("airbyte:", "title:", "__DUST")
_MAX_UNITS = 256


class Marker(NamedTuple):
    """What is known of the replacement of a stream: by which generation and sync, and whether it was completed."""

    generation: int
    sync_id: int | None
    """Airbyte's job: equal in all attempts of one sync. None if the host does not say, or in tags of version 0.1.0."""
    completed: bool

    @property
    def tag(self) -> str:
        """The tag that stands for it."""
        kind = "replaced" if self.completed else "replacing"
        return f"airbyte:{kind}:{self.generation}" + ("" if self.sync_id is None else f":{self.sync_id}")


def stream_tags(namespace: str | None, stream: str) -> list[str]:
    """Return the tags that name the stream of a document. No other stream has the same ones."""
    tags = [_STREAM + _exact(stream)]
    if namespace:
        tags.append(_NAMESPACE + _exact(namespace))
    return tags


def version_tag(generation: int | None, fingerprint: str) -> str:
    """Return the tag that says which version of its record a document holds.

    It names the generation in which the document was written, and the fingerprint by which it is recognised when
    nothing has changed. Each tag travels with every search result to a model, so there is one for both.
    """
    return f"airbyte:{'' if generation is None else generation}:{fingerprint}"


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
    found = [match[1] for tag in tags if (match := _VERSION.fullmatch(tag) or _OLD_GENERATION.fullmatch(tag))]
    return int(found[0] or 0) if len(found) == 1 else 0


def fingerprint_of(tags: Iterable[str]) -> str | None:
    """Return the fingerprint of the document, None unless it has exactly one."""
    found = [match[2] for tag in tags if (match := _VERSION.fullmatch(tag))]
    return found[0] if len(found) == 1 else None


def with_fingerprint(tags: Iterable[str], fingerprint: str) -> list[str]:
    """Return the tags of a document of ours with another fingerprint, and the same generation."""
    return [f"airbyte:{match[1]}:{fingerprint}" if (match := _VERSION.fullmatch(tag)) else tag for tag in tags]


def marker_of(tags: Iterable[str]) -> Marker | None:
    """Return the marker in the tags, None unless there is exactly one."""
    found = [match for tag in tags if (match := _MARKER.fullmatch(tag))]
    if len(found) != 1:
        return None
    kind, generation, sync_id = found[0].groups()
    return Marker(int(generation), int(sync_id) if sync_id else None, completed=kind == "replaced")


def field_tags(data: Mapping[str, object], fields: Sequence[str]) -> tuple[list[str], int]:
    """Return a tag `{field}:{value}` for each value of the fields, and how many had to be cleaned.

    Each scalar in a list is a value, at any depth; nulls, blanks and an object by itself are skipped; equal tags are
    merged. A tag that would look like one of ours or of Dust's is prefixed with `_`.
    """
    tags: dict[str, None] = {}
    cleaned = 0
    for field in fields:
        for value in leaves(find(data, field)):
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
