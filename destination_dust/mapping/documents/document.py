"""A record as a document: title, text, tags, link and time."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias

from destination_dust import exact_json
from destination_dust.mapping.documents import chosen
from destination_dust.mapping.documents.auto import ReadableText, automatic_text, chosen_text, in_order
from destination_dust.mapping.documents.markdown import markdown
from destination_dust.mapping.documents.sections import body_fields, title_prefix
from destination_dust.mapping.tags import stream_tags, version_tag
from destination_dust.mapping.text import cut, one_line
from destination_dust.mapping.timestamps import emission_time, stored_timestamp

# Dust's server refuses longer titles.
MAX_TITLE_UNITS = 512
# Every list of documents holds all of their tags: a thousand documents with thousands each fit into no answer.
MAX_USER_TAGS = 100

# 64 bits, as 11 characters of base64.
_FINGERPRINT_BYTES = 8

TextFormat: TypeAlias = Literal["json", "markdown", "auto"]


@dataclass(frozen=True, slots=True)
class DocumentShape:
    """Which field of a record goes where in its document. Fields are dot paths into the record."""

    title_field: str | None = None
    text_fields: tuple[str, ...] = ()
    """The fields of the text; all fields if empty."""
    text_format: TextFormat = "json"
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
    prefix: str = ""
    """The beginning of the text, if Dust is to repeat it in each chunk."""
    cleaned: int = 0
    """How many values were changed because Dust cannot store them as they are."""
    left_out: tuple[str, ...] = ()
    """The settings (`title_field`, `source_url_field` …) whose field has a value that is of no use for them."""
    omitted: tuple[str, ...] = ()
    """The paths of the values that `auto` left out of the text, once for each value."""
    lacks_text: bool = False
    """Whether the record has none of the fields that were chosen for the text."""
    surplus_tags: int = 0
    """How many tags of the chosen fields were left out, because there were too many."""


def document(
    namespace: str | None,
    stream: str,
    data: Mapping[str, Any],
    *,
    generation: int | None,
    emitted_at: int | None,
    shape: DocumentShape,
    keeps_all: bool = False,
    properties: Mapping[str, Any] | None = None,
) -> Document:
    """Return the document of a record; `emitted_at`, in ms since 1970, is its time unless a field gives one.

    The text of a record with none of the chosen fields is its title; with `keeps_all`, it is all fields. It is never
    empty: Dust would make one empty chunk of it, which an embedding model may refuse. `properties`: the JSON schemas
    of fields, as far as they are known.
    """
    title = _title(stream, data, shape)
    fields = chosen.text_fields(data, shape.text_fields)
    lacks_text = not fields and bool(shape.text_fields)
    if lacks_text and keeps_all:
        fields = chosen.text_fields(data, ())
    as_chosen = bool(shape.text_fields) and not lacks_text
    write = partial(_text, title, shape, as_chosen=as_chosen, properties=properties or {})
    text, text_odd, omitted = write(fields)
    # A title that only names the stream would tell chunks nothing.
    prefix = title_prefix(text) if title.is_own and shape.text_format != "json" else ""
    mime_type = "application/json" if shape.text_format == "json" else "text/markdown"
    user_tags, tags_odd, tags_unusable = chosen.tags(data, shape.tag_fields)
    url, url_unusable = chosen.link(data, shape.source_url_field)
    time, time_unusable = chosen.time(data, shape.timestamp_field)
    moment = None if time is None else stored_timestamp(time)
    unusable = {
        "title_field": chosen.has_unusable_title(data, shape.title_field),
        "source_url_field": url_unusable,
        "tag_fields": tags_unusable,
        "timestamp_field": time_unusable,
    }
    tags = [*stream_tags(namespace, stream), *user_tags[:MAX_USER_TAGS]]
    ordered = text if shape.text_format == "auto" else write(_in_order(fields, as_chosen=as_chosen)).text
    fingerprint = fingerprint_of_content([title.line, ordered, mime_type, tags, url, moment, prefix])
    if moment is None and (emitted := emission_time(emitted_at)) is not None:
        moment = stored_timestamp(emitted)
    tags.append(version_tag(generation, fingerprint))
    return Document(
        title.line,
        text,
        mime_type,
        tuple(tags),
        moment,
        url,
        fingerprint,
        prefix,
        cleaned=title.cleaned + text_odd + tags_odd,
        left_out=tuple(setting for setting, is_unusable in unusable.items() if is_unusable),
        omitted=omitted,
        lacks_text=lacks_text,
        surplus_tags=max(0, len(user_tags) - MAX_USER_TAGS),
    )


def upsert_body(content: Document) -> bytes:
    """Return the JSON body of the request that upserts the document."""
    fields: dict[str, object] = {
        "title": content.title,
        **body_fields(content.text, content.prefix),
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


class _Title(NamedTuple):
    line: str
    is_own: bool
    """Whether it comes from the record."""
    path: str | None = None
    """The field that it equals, if any."""
    cleaned: int = 0


def _title(stream: str, data: Mapping[str, Any], shape: DocumentShape) -> _Title:
    for path, value in chosen.titles(data, shape.title_field):
        line, odd = one_line(value)
        if line:
            title = cut(line, MAX_TITLE_UNITS)
            return _Title(title, True, path if title == line else None, odd)
    return _Title(cut(one_line(f"{stream} record")[0], MAX_TITLE_UNITS), False)


def _in_order(fields: dict[str, Any], *, as_chosen: bool) -> dict[str, Any]:
    """The same fields, however the record orders them. Those that the settings name keep the order of the settings."""
    ordered: dict[str, Any] = in_order(fields)
    return {path: ordered[path] for path in fields} if as_chosen else ordered


def fingerprint_of_content(content: list[object]) -> str:
    """Return the fingerprint of what makes a document."""
    digest = hashlib.sha256(exact_json.dumps(content)).digest()[:_FINGERPRINT_BYTES]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _text(
    title: _Title,
    shape: DocumentShape,
    fields: Mapping[str, Any],
    *,
    as_chosen: bool,
    properties: Mapping[str, Any],
) -> ReadableText:
    if shape.text_format == "json":
        return ReadableText(*exact_json.readable(fields or ({"title": title.line} if shape.text_fields else {})))
    fields = {name: value for name, value in fields.items() if name != title.path}
    if shape.text_format == "markdown":
        return ReadableText(*markdown(title.line, fields))
    heading = title.line if title.is_own else ""
    text = chosen_text(heading, fields) if as_chosen else automatic_text(heading, fields, properties)
    return text if text.text.strip() else text._replace(text=f"# {title.line}\n")
