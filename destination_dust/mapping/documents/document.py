"""A record as a document: title, text, tags, link and time."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from destination_dust import exact_json
from destination_dust.mapping.documents.markdown import markdown
from destination_dust.mapping.documents.source_urls import source_url
from destination_dust.mapping.paths import MISSING, find
from destination_dust.mapping.tags import field_tags, stream_tags, version_tag
from destination_dust.mapping.text import cut, one_line, scalar_text
from destination_dust.mapping.timestamps import emission_time, epoch_milliseconds, stored_timestamp

# Dust's server refuses longer titles.
MAX_TITLE_UNITS = 512

_TITLE_FIELDS = ("title", "name", "subject", "headline", "label")
_CDC_PREFIX = "_ab_cdc_"
# 64 bits, as 11 characters of base64.
_FINGERPRINT_BYTES = 8


@dataclass(frozen=True, slots=True)
class DocumentShape:
    """Which field of a record goes where in its document. Fields are dot paths into the record."""

    title_field: str | None = None
    text_fields: tuple[str, ...] = ()
    """The fields of the text; all fields if empty."""
    text_format: Literal["json", "markdown"] = "json"
    source_url_field: str | None = None
    tag_fields: tuple[str, ...] = ()
    timestamp_field: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """The document to send for a record. All texts are valid Unicode without NUL."""

    title: str
    text: str
    mime_type: str
    tags: tuple[str, ...]
    timestamp: int | None
    """As Dust's server reads it; see `stored_timestamp`."""
    source_url: str | None
    fingerprint: str
    """Equal for documents that differ only in generation, default timestamp and the order of the record's fields."""
    cleaned: int = 0
    """How many values were changed because Dust cannot store them as they are."""
    left_out: int = 0
    """How many of the chosen link and time exist, but in a form that Dust does not accept."""
    lacks_text: bool = False
    """Whether the record has none of the fields that were chosen for the text."""


def document(
    namespace: str | None,
    stream: str,
    data: Mapping[str, Any],
    *,
    generation: int | None,
    emitted_at: int | None,
    shape: DocumentShape,
) -> Document:
    """Return the document of a record; `emitted_at`, in ms since 1970, is its time unless a field gives one."""
    title, title_path, title_odd = _title(stream, data, shape)
    chosen = _chosen(data, shape)
    text, text_odd = _text(title, title_path, chosen, shape)
    mime_type = "text/markdown" if shape.text_format == "markdown" else "application/json"
    user_tags, tags_odd = field_tags(data, shape.tag_fields)
    url, url_dropped = _source_url(data, shape)
    moment, moment_dropped = _timestamp(data, shape)
    tags = [*stream_tags(namespace, stream), *user_tags]
    in_order, _ = _text(title, title_path, _in_order(chosen, shape), shape)
    fingerprint = _fingerprint([title, in_order, mime_type, tags, url, moment])
    if moment is None and (emitted := emission_time(emitted_at)) is not None:
        moment = stored_timestamp(emitted)
    tags.append(version_tag(generation, fingerprint))
    return Document(
        title,
        text,
        mime_type,
        tuple(tags),
        moment,
        url,
        fingerprint,
        cleaned=title_odd + text_odd + tags_odd,
        left_out=url_dropped + moment_dropped,
        lacks_text=not chosen and bool(shape.text_fields),
    )


def upsert_body(content: Document) -> bytes:
    """Return the JSON body of the request that upserts the document."""
    fields: dict[str, object] = {
        "title": content.title,
        "text": content.text,
        "mime_type": content.mime_type,
        "tags": content.tags,
        # Otherwise the answer would contain the embedding of every chunk.
        "light_document_output": True,
    }
    if content.timestamp is not None:
        fields["timestamp"] = content.timestamp
    if content.source_url is not None:
        fields["source_url"] = content.source_url
    return exact_json.dumps(fields)


def _title(stream: str, data: Mapping[str, Any], shape: DocumentShape) -> tuple[str, str | None, int]:
    """The title, the path of the field that it equals, if any, and 1 if it was cleaned, else 0."""
    candidates = [(name, data.get(name)) for name in _TITLE_FIELDS if isinstance(data.get(name), str)]
    if shape.title_field:
        candidates.insert(0, (shape.title_field, scalar_text(find(data, shape.title_field))))
    for path, value in candidates:
        line, odd = one_line(value or "")
        if line:
            title = cut(line, MAX_TITLE_UNITS)
            return title, path if title == line else None, odd
    return cut(one_line(f"{stream} record")[0], MAX_TITLE_UNITS), None, 0


def _chosen(data: Mapping[str, Any], shape: DocumentShape) -> dict[str, Any]:
    """The fields of the text, by their paths."""
    if not shape.text_fields:
        return {name: value for name, value in data.items() if not name.startswith(_CDC_PREFIX)}
    found = {path: find(data, path) for path in shape.text_fields}
    return {path: value for path, value in found.items() if value is not MISSING}


def _in_order(chosen: dict[str, Any], shape: DocumentShape) -> dict[str, Any]:
    """The same fields, however the record orders them. Those that the settings name keep the order of the settings."""
    in_order: dict[str, Any] = exact_json.loads(exact_json.dumps(chosen, sort_keys=True))
    return {path: in_order[path] for path in chosen} if shape.text_fields else in_order


def _fingerprint(content: list[object]) -> str:
    digest = hashlib.sha256(exact_json.dumps(content)).digest()[:_FINGERPRINT_BYTES]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _text(title: str, title_path: str | None, chosen: dict[str, Any], shape: DocumentShape) -> tuple[str, int]:
    if shape.text_format == "json":
        return exact_json.readable(chosen)
    return markdown(title, {name: value for name, value in chosen.items() if name != title_path})


def _source_url(data: Mapping[str, Any], shape: DocumentShape) -> tuple[str | None, int]:
    value = _value(data, shape.source_url_field)
    if value is None:
        return None, 0
    url = source_url(value) if isinstance(value, str) else None
    return url, int(url is None)


def _timestamp(data: Mapping[str, Any], shape: DocumentShape) -> tuple[int | None, int]:
    value = _value(data, shape.timestamp_field)
    if value is None:
        return None, 0
    moment = epoch_milliseconds(value)
    return (None, 1) if moment is None else (stored_timestamp(moment), 0)


def _value(data: Mapping[str, Any], path: str | None) -> Any:
    """The value at a path, None if it is missing or blank."""
    value = find(data, path) if path else MISSING
    return None if value is MISSING or (isinstance(value, str) and not value.strip()) else value
