"""The configured catalog as plans: what to do with the records of each stream.

Read from the catalog's JSON, not through the CDK's models, which fail on modes they do not know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from destination_dust.airbyte.cdc import is_tombstone
from destination_dust.airbyte.messages import StreamKey


class UnusableCatalog(Exception):
    """The catalog asks for something that this destination does not support."""


class Mode(Enum):
    """Airbyte's destination sync modes that work here."""

    APPEND = "append"
    APPEND_DEDUP = "append_dedup"
    OVERWRITE = "overwrite"
    OVERWRITE_DEDUP = "overwrite_dedup"


class MissingKey(Exception):
    """A record lacks a part of its primary key."""


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """One configured stream."""

    stream: StreamKey
    mode: Mode
    primary_key: tuple[tuple[str, ...], ...] = ()
    """Paths into the record, one for each part of the key; empty if the stream has no key."""
    generation_id: int | None = None
    minimum_generation_id: int | None = None
    sync_id: int | None = None
    properties: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The declared fields of the record, as JSON schemas."""
    is_whole: bool = False
    """Whether the host itself says that the records, or none, are all of the stream; see `Completion.ending`."""
    key_field: str | None = field(init=False, repr=False)
    """The field of the record that is the whole key; None if the key has several parts, or one that is nested."""

    def __post_init__(self) -> None:
        only = self.primary_key[0] if len(self.primary_key) == 1 else ()
        object.__setattr__(self, "key_field", only[0] if len(only) == 1 else None)  # once, not for each record

    @property
    def has_ids(self) -> bool:
        """Whether the host counts generations. Some hosts always send 1, 1 and 1 for the three ids."""
        ids = (self.generation_id, self.minimum_generation_id, self.sync_id)
        return self.generation_id is not None and self.minimum_generation_id is not None and ids != (1, 1, 1)

    @property
    def generation(self) -> int | None:
        """The generation of new records, None if the host does not count them."""
        return self.generation_id if self.has_ids else None

    @property
    def replaces(self) -> bool:
        """Whether earlier records are to be deleted once this sync has stored the whole stream.

        The protocol: a minimum of 0 keeps all generations, whatever the mode; without ids the mode decides.
        """
        return bool(self.minimum_generation_id) if self.has_ids else self.overwrites

    @property
    def overwrites(self) -> bool:
        """Whether each sync brings the whole stream."""
        return self.mode in (Mode.OVERWRITE, Mode.OVERWRITE_DEDUP)

    @property
    def deduplicates(self) -> bool:
        """Whether the host relies on the key, so that each record must have one."""
        return self.mode in (Mode.APPEND_DEDUP, Mode.OVERWRITE_DEDUP) and bool(self.primary_key)

    def key_of(self, data: Mapping[str, Any]) -> tuple[Any, ...]:
        """The parts of a record's primary key. Raises `MissingKey` if one is missing or null."""
        parts = []
        for path in self.primary_key:
            value: Any = data
            for name in path:
                value = value.get(name) if isinstance(value, dict) else None
            if value is None:
                raise MissingKey(f"the primary key field {'.'.join(path)} is missing or null")
            parts.append(value)
        return tuple(parts)

    def deletes(self, data: Mapping[str, Any]) -> bool:
        """Whether a record says that its row was deleted, and the key says which document or row that is.

        In every mode: the id is made of the key, so a tombstone that is stored would replace the row by its nulls.
        """
        return bool(self.primary_key) and is_tombstone(data)


class Catalog:
    """The plans of all configured streams."""

    def __init__(self, plans: Mapping[StreamKey, StreamPlan]) -> None:
        self._plans = plans

    def __iter__(self) -> Iterator[StreamPlan]:
        return iter(self._plans.values())

    def plan_of(self, stream: StreamKey) -> StreamPlan | None:
        """The plan of a stream, None if the catalog does not contain it."""
        return self._plans.get(stream)

    @classmethod
    def parse(cls, content: Mapping[str, Any]) -> Catalog:
        """Read a ConfiguredAirbyteCatalog. Raises `UnusableCatalog`, naming the stream."""
        plans: dict[StreamKey, StreamPlan] = {}
        for configured in content.get("streams") or []:
            plan = _plan(configured)
            if plan.stream in plans:
                raise UnusableCatalog(f"The catalog contains the stream {plan.stream} twice.")
            plans[plan.stream] = plan
        if not plans:
            raise UnusableCatalog("The catalog contains no stream, so there is nothing to write.")
        return cls(plans)


def transfers_files(stream: object, sign: str) -> UnusableCatalog:
    """The error for a stream that brings files besides its records. `sign`: how that shows, as a clause."""
    return UnusableCatalog(
        f"The stream {stream} transfers files, which Dust's API cannot take ({sign}). "
        "In the connection, choose to replicate records for it."
    )


def _plan(configured: Mapping[str, Any]) -> StreamPlan:
    declared = configured.get("stream") or {}
    if not declared.get("name"):
        raise UnusableCatalog("The catalog contains a stream without a name.")
    stream = StreamKey(declared.get("namespace") or None, str(declared["name"]))
    if configured.get("include_files"):
        raise transfers_files(stream, "include_files is set")
    mode = _mode(stream, configured.get("destination_sync_mode"))
    primary_key = _paths(configured.get("primary_key")) or _paths(declared.get("source_defined_primary_key"))
    if mode is Mode.APPEND_DEDUP and not primary_key:
        raise UnusableCatalog(
            f"The stream {stream} is to be deduplicated, but has no primary key. "
            "In the connection, choose its primary key, or another sync mode."
        )
    return StreamPlan(
        stream,
        mode,
        primary_key,
        _integer(configured.get("generation_id")),
        _integer(configured.get("minimum_generation_id")),
        _integer(configured.get("sync_id")),
        _properties(declared.get("json_schema")),
    )


def _properties(schema: object) -> Mapping[str, Any]:
    """The fields that a schema declares. Like an empty one, a schema that is no object (`true`) declares none."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    return properties if isinstance(properties, Mapping) else {}


def _integer(number: object) -> int | None:
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _paths(key: Any) -> tuple[tuple[str, ...], ...]:
    """The paths of a key. Some sources send one empty path if there is no key."""
    return tuple(tuple(path) if isinstance(path, list) else (path,) for path in key or () if path)


def _mode(stream: StreamKey, name: object) -> Mode:
    try:
        return Mode(name)
    except ValueError:
        known = ", ".join(mode.value for mode in Mode)
        raise UnusableCatalog(
            f"The stream {stream} is set to the destination sync mode {name}, which this destination does not "
            f"support. In the connection, choose another one ({known})."
        ) from None
