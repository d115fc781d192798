"""The settings that are compared, and what a record is written as with each."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from destination_dust.mapping.documents.document import DocumentShape, document

PLAIN = "the record as plain JSON, for comparison"
DEFAULT = "default settings"
CHOSEN = "title, chosen text, `markdown`"

STREAM = "packages"
_TEXT_FIELDS = ("Package", "Description")

_SHAPES = {
    DEFAULT: DocumentShape(),
    "all fields, `markdown`": DocumentShape(title_field="Package", text_format="markdown"),
    "chosen text, `json`": DocumentShape(title_field="Package", text_fields=_TEXT_FIELDS),
    CHOSEN: DocumentShape(title_field="Package", text_fields=_TEXT_FIELDS, text_format="markdown"),
}


def _writer(shape: DocumentShape) -> Callable[[dict[str, Any]], str]:
    return lambda record: document(None, STREAM, record, generation=None, emitted_at=None, shape=shape).text


WRITERS: dict[str, Callable[[dict[str, Any]], str]] = {
    PLAIN: lambda record: json.dumps(record, ensure_ascii=False),
    **{name: _writer(shape) for name, shape in _SHAPES.items()},
}
