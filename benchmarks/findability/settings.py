"""The settings that are compared, and what a record is written as with each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.findability.items import Item, Set
from destination_dust.mapping.documents.document import DocumentShape, document

JSON = "`json`"
AUTO = "`auto`"
CHOSEN = "a person's choice: title, text, `markdown`"

SHAPES: dict[str, Callable[[DocumentShape], DocumentShape]] = {
    JSON: lambda _: DocumentShape(),
    "`markdown`": lambda _: DocumentShape(text_format="markdown"),
    CHOSEN: lambda chosen: chosen,
    AUTO: lambda _: DocumentShape(text_format="auto"),
}


def written(each: Set) -> dict[str, list[dict[str, Any]]]:
    """By settings, the section that is sent for each record of a set."""
    return {name: [_section(item, each, shape(each.chosen)) for item in each.items] for name, shape in SHAPES.items()}


def _section(item: Item, each: Set, shape: DocumentShape) -> dict[str, Any]:
    made = document(None, each.name, item.record, generation=None, emitted_at=None, shape=shape)
    return {"prefix": made.prefix, "content": made.text.removeprefix(made.prefix)}
