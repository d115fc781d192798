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

_TITLE_FIELDS = ("title", "name", "subject", "headline", "label")
# Issues of Jira and events of calendars have their title there. Elsewhere it may be an abstract.
_SHORT_TITLE_FIELD = "summary"
_MAX_SHORT_TITLE = 160
# APIs that keep the fields of a record one level down: Jira, HubSpot and Airtable, JSON:API, Reddit.
_WRAPPERS = ("fields", "properties", "attributes", "data")
# What hosts add to a record about itself: Airbyte for change data capture, bizon its id in the source.
_METADATA = ("_ab_cdc_", "_source_record_id")
TITLE_FIELDS = (*_TITLE_FIELDS, _SHORT_TITLE_FIELD, *_WRAPPERS)
"""The fields of a record that may hold its title, or an object with it."""

Found = TypeVar("Found")


def titles(data: Mapping[str, Any], field: str | None) -> Iterator[tuple[str, str]]:
    """Texts that may be the title, the best first, each with the path of its field."""
    if field:
        yield field, _joined(find(data, field))
    yield from _usual_titles(data)
    for wrapper in _WRAPPERS:
        if isinstance(inner := data.get(wrapper), Mapping):
            yield from ((f"{wrapper}.{path}", title) for path, title in _usual_titles(inner))


def has_unusable_title(data: Mapping[str, Any], field: str | None) -> bool:
    """Whether the chosen field has a value without a text, such as an object."""
    return field is not None and not one_line(_joined(find(data, field)))[0] and _has_value(data, field)


def text_fields(data: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    """The fields of the text by their paths: the chosen ones that the record has, or all."""
    if not fields:
        return {name: value for name, value in data.items() if not name.startswith(_METADATA)}
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


def _usual_titles(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in (*_TITLE_FIELDS, _SHORT_TITLE_FIELD):
        for path, _ in names_at(data, name):
            value = data[path]
            if isinstance(value, str) and (name != _SHORT_TITLE_FIELD or _is_short(value)):
                yield path, value


def _is_short(text: str) -> bool:
    return len(text) <= _MAX_SHORT_TITLE and "\n" not in text.strip()


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
