"""A stream, as the caller of a loader describes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from destination_dust.airbyte.catalog import Mode, StreamPlan
from destination_dust.airbyte.messages import StreamKey

KeyField: TypeAlias = str | Sequence[str]
"""The name of a field, or the path to one inside of others."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Records of one kind: documents with the stream's name in their ids and tags, or the rows of one table."""

    name: str
    primary_key: KeyField | Sequence[KeyField] = ()
    """The field, or the fields, by which Dust recognises a record. Without any, a record is recognised by its content.

    A text is one field, a sequence is several: `"id"`, `["shop", "number"]`, `[["author", "id"]]`.
    """
    namespace: str | None = None
    json_schema: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The schema of a record, as far as it is known. In tables it decides, for example, which texts are dates."""

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("A stream needs a name.")

    @property
    def key(self) -> StreamKey:
        """The identity of the stream in the protocol."""
        return StreamKey(self.namespace or None, self.name)

    def plan(self, *, replaces: bool = False) -> StreamPlan:
        """How its records are written: added or, with `replaces`, put in the place of all that Dust has."""
        paths = self._paths()
        if replaces:
            mode = Mode.OVERWRITE_DEDUP if paths else Mode.OVERWRITE
        else:
            mode = Mode.APPEND_DEDUP if paths else Mode.APPEND
        properties = self.json_schema.get("properties") or {}
        return StreamPlan(self.key, mode, paths, properties=properties, is_whole=replaces)

    def _paths(self) -> tuple[tuple[str, ...], ...]:
        fields = (self.primary_key,) if isinstance(self.primary_key, str) else self.primary_key
        return tuple((each,) if isinstance(each, str) else tuple(each) for each in fields)
