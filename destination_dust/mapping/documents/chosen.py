"""What a record has at the fields that were chosen for its document's title, text, link, tags and time.

A field that a record lacks, or that is blank, was not lost. One was lost if nothing can be made of its value:
each function says so, and the sync counts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from destination_dust.mapping.documents.source_urls import source_url
from destination_dust.mapping.paths import MISSING, find, leaves, names_at
from destination_dust.mapping.tags import field_tags
from destination_dust.mapping.text import one_line, scalar_text
from destination_dust.mapping.timestamps import epoch_milliseconds

TITLE_FIELDS = ("title", "name", "subject", "headline", "label")
_CDC_PREFIX = "_ab_cdc_"

Found = TypeVar("Found")


def titles(data: Mapping[str, Any], field: str | None) -> Iterator[tuple[str, str]]:
    """Texts that may be the title, the best first, each with the path of its field."""
    if field:
        yield field, _joined(find(data, field))
    for name in TITLE_FIELDS:
        for path, _ in names_at(data, name):
            if isinstance(data[path], str):
                yield path, data[path]


def has_unusable_title(data: Mapping[str, Any], field: str | None) -> bool:
    """Whether the chosen field has a value without a text, such as an object."""
    return field is not None and not one_line(_joined(find(data, field)))[0] and _has_value(data, field)


def text_fields(data: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """The fields of the text by their paths: the chosen ones that the record has, or all."""
    if not fields:
        return {name: value for name, value in data.items() if not name.startswith(_CDC_PREFIX)}
    found = {path: find(data, path) for path in fields}
    return {path: value for path, value in found.items() if value is not MISSING}


def link(data: Mapping[str, Any], field: str | None) -> tuple[str | None, bool]:
    """The first URL at the field that Dust takes; and whether there is a value, but no such URL."""
    return _first(data, field, lambda value: source_url(value) if isinstance(value, str) else None)


def time(data: Mapping[str, Any], field: str | None) -> tuple[int | None, bool]:
    """The first time at the field, in ms since 1970; and whether there is a value, but no time."""
    return _first(data, field, epoch_milliseconds)


def tags(data: Mapping[str, Any], fields: Sequence[str]) -> tuple[list[str], int, bool]:
    """The tags of the fields, how many had to be cleaned, and whether a field has a value, but gives no tag."""
    found = [(field, *field_tags(data, [field])) for field in fields]
    unusable = any(not made and _has_value(data, field) for field, made, _ in found)
    return [tag for _, made, _ in found for tag in made], sum(odd for *_, odd in found), unusable


def _first(
    data: Mapping[str, Any], field: str | None, read: Callable[[Any], Found | None]
) -> tuple[Found | None, bool]:
    value = find(data, field) if field else MISSING
    for leaf in leaves(value):
        if (found := read(leaf)) is not None:
            return found, False
    return None, not _is_blank(value)


def _joined(value: Any) -> str:
    """A scalar as text; of a list, the texts of what it holds in the end."""
    return ", ".join(text for leaf in leaves(value) if (text := scalar_text(leaf)) and text.strip())


def _has_value(data: Mapping[str, Any], field: str) -> bool:
    return not _is_blank(find(data, field))


def _is_blank(value: Any) -> bool:
    return value is MISSING or all(
        leaf is None or leaf == {} or (isinstance(leaf, str) and not leaf.strip()) for leaf in leaves(value)
    )
