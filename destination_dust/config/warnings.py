"""Warnings about settings without effect, and about streams that cannot be stored as their source means them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from destination_dust.airbyte.catalog import StreamPlan
from destination_dust.airbyte.cdc import CDC_DELETED_AT
from destination_dust.config.documents import STREAM_OVERRIDES, DocumentOptions
from destination_dust.mapping.schemas import declares

STREAMS_NAMED = 10


def warnings(options: DocumentOptions, plans: Iterable[StreamPlan]) -> Iterator[str]:
    """Describe, for the user, settings without effect. Streams without a schema may have any field."""
    plans = list(plans)
    for override in options.overrides:
        matching = [plan for plan in plans if override.applies_to(plan.stream)]
        if not matching:
            yield (
                f"{STREAM_OVERRIDES} has an entry for the stream {override}, which this connection does not have, so "
                f"the entry has no effect. Correct its name or namespace, or remove it. Streams here: {_named(plans)}."
            )
        yield from _undeclared(override.changes, matching, f"{STREAM_OVERRIDES}, stream {override}: ")
    shape = options.shape
    chosen = {name: getattr(shape, name) for name in shape.__slots__}
    yield from _undeclared(chosen, plans, "")
    for plan in plans:
        fields = options.shape_of(plan.stream).text_fields
        if fields and not any(_may_have(plan, field) for field in fields):
            yield (
                f"Stream {plan.stream}: its schema has none of the text_fields ({', '.join(fields)}), so its documents "
                f"keep all fields until a record has one of them. Name fields of this stream in {STREAM_OVERRIDES}."
            )


def stream_warnings(plans: Iterable[StreamPlan]) -> Iterator[str]:
    """Describe, for the user, streams whose deletions find nothing to delete."""
    for plan in plans:
        if not plan.primary_key and CDC_DELETED_AT in plan.properties:
            yield (
                f"Stream {plan.stream}: it has no primary key, so nothing tells which document or row a deletion is "
                "about. Deletions are ignored and counted. Choose the stream's primary key in the connection."
            )


def _undeclared(chosen: Mapping[str, Any], plans: list[StreamPlan], where: str) -> Iterator[str]:
    """Fields that none of these streams declares."""
    for name, value in chosen.items():
        if name == "text_format":
            continue
        for field in (value,) if isinstance(value, str) else value or ():
            if plans and not any(_may_have(plan, field) for plan in plans):
                yield (
                    f"{where}{name} is set to {field}, which no schema of these streams has. Correct the name if "
                    "it is mistyped: a field that a record does not have is left out of its document."
                )


def _may_have(plan: StreamPlan, path: str) -> bool:
    """Whether the schema has a field at the path, or does not say."""
    return declares(plan.properties, path) is not False


def _named(plans: list[StreamPlan]) -> str:
    names = [str(plan.stream) for plan in plans]
    more = f" and {len(names) - STREAMS_NAMED} more" if len(names) > STREAMS_NAMED else ""
    return ", ".join(names[:STREAMS_NAMED]) + more
