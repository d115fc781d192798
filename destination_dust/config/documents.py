"""The settings of documents: for all streams, and overrides for some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from destination_dust.airbyte.messages import StreamKey
from destination_dust.config.fields import InvalidConfig
from destination_dust.mapping.documents.document import DocumentShape, TextFormat

STREAM_OVERRIDES = "stream_overrides"
SHAPE_FIELDS = frozenset(each.name for each in fields(DocumentShape))


@dataclass(frozen=True, slots=True)
class StreamOverride:
    """The settings that differ for a stream."""

    stream: str
    namespace: str | None = None
    """None for the streams of that name in every namespace."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Fields of `DocumentShape`; the others are as for all streams."""

    def __str__(self) -> str:
        return f"{self.namespace}.{self.stream}" if self.namespace else self.stream

    def applies_to(self, stream: StreamKey) -> bool:
        """Whether the override is for this stream."""
        return self.stream == stream.name and self.namespace in (None, stream.namespace)


@dataclass(frozen=True, slots=True)
class DocumentOptions:
    """The shape of documents, by stream."""

    shape: DocumentShape = field(default_factory=DocumentShape)
    overrides: tuple[StreamOverride, ...] = ()
    unknown: tuple[str, ...] = ()
    """Settings in overrides that this version does not know, and ignores."""

    def shape_of(self, stream: StreamKey) -> DocumentShape:
        """The shape of a stream's documents. Overrides with a namespace take precedence."""
        changes: dict[str, Any] = {}
        for override in sorted(self.overrides, key=lambda each: each.namespace is not None):
            if override.applies_to(stream):
                changes.update(override.changes)
        return replace(self.shape, **changes)

    def of(self, streams: Iterable[StreamKey]) -> DocumentOptions:
        """The same, without the overrides for other streams. A sync warns of overrides without effect."""
        present = [*streams]
        return replace(self, overrides=tuple(each for each in self.overrides if any(map(each.applies_to, present))))

    @classmethod
    def parse(cls, settings: Mapping[str, Any]) -> DocumentOptions:
        """Read the part of a configuration that is about documents. Raises `InvalidConfig`."""
        overrides: dict[tuple[str, str | None], StreamOverride] = {}
        unknown: set[str] = set()
        for number, entry in enumerate(_entries(settings), 1):
            override = _override(entry, f"{STREAM_OVERRIDES}, entry {number}: ")
            identity = (override.stream, override.namespace)
            if identity in overrides:
                raise InvalidConfig(f"{STREAM_OVERRIDES} has two entries for the stream {override}. Put them into one.")
            overrides[identity] = override
            unknown |= {f"{STREAM_OVERRIDES}.{name}" for name in entry if name not in _OVERRIDE_FIELDS}
        shape = DocumentShape(**_changes(settings))
        return cls(shape, tuple(overrides.values()), tuple(sorted(unknown)))


_OVERRIDE_FIELDS = SHAPE_FIELDS | {"stream", "namespace"}


def _entries(settings: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entries = settings.get(STREAM_OVERRIDES)
    if entries is None:
        return []
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise InvalidConfig(
            f"{STREAM_OVERRIDES} must be a list of objects, "
            'such as [{"stream": "tickets", "text_fields": ["subject", "body"]}].'
        )
    return entries


def _override(entry: Mapping[str, Any], where: str) -> StreamOverride:
    stream = _name(entry, "stream", where)
    if stream is None:
        raise InvalidConfig(f"{where}the name of the stream is missing. Put it into the field stream.")
    return StreamOverride(stream, _name(entry, "namespace", where), _changes(entry, where))


def _changes(settings: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """The fields of a shape that are set. An empty value, as forms send it for an emptied field, does not count."""
    found = {
        "title_field": _name(settings, "title_field", where),
        "text_fields": _names(settings, "text_fields", where),
        "text_format": _text_format(settings, where),
        "source_url_field": _name(settings, "source_url_field", where),
        "tag_fields": _names(settings, "tag_fields", where),
        "timestamp_field": _name(settings, "timestamp_field", where),
    }
    return {name: value for name, value in found.items() if value}


def _name(settings: Mapping[str, Any], name: str, where: str) -> str | None:
    # Not trimmed: spreadsheet columns may have names that end in a blank.
    value = settings.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not value.strip():
        raise InvalidConfig(f"{where}{name} must be a name, without quotes or brackets around it.")
    return value


def _names(settings: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    values = settings.get(name)
    if values is None:
        return ()
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise InvalidConfig(f'{where}{name} must be a list of field names, such as ["subject", "customer.name"].')
    if not all(value.strip() for value in values):
        raise InvalidConfig(f"{where}{name} has an entry without a field name. Remove it, or put a name there.")
    return tuple(dict.fromkeys(values))


def _text_format(settings: Mapping[str, Any], where: str) -> TextFormat | None:
    match settings.get("text_format"):
        case None | "":
            return None
        case "json":
            return "json"
        case "markdown":
            return "markdown"
        case "auto":
            return "auto"
    raise InvalidConfig(f"{where}text_format must be one of: auto, markdown, json.")
