"""The fields of a record, as far as its document in Dust still has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from destination_dust import exact_json
from destination_dust.mapping.documents.chosen import TITLE_FIELDS
from destination_dust.mapping.documents.document import DocumentShape


def stored_fields(stored: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that a document's text gives back, by name; `stored`: the document as Dust describes it.

    Only JSON gives them back: the other formats leave values out, and write the others for readers.
    """
    if stored.get("mime_type") != "application/json":
        return {}
    try:
        fields = exact_json.loads(str(stored.get("text")).encode())
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def needs(shape: DocumentShape, field: str, *, keeps_all: bool = False) -> bool:
    """Whether a field of a record may show in its document. `keeps_all`: see `document.document`."""
    single = (shape.title_field, shape.source_url_field, shape.timestamp_field)
    paths = [path for path in (*single, *shape.text_fields, *shape.tag_fields, *TITLE_FIELDS) if path]
    name = field.casefold()
    # A path may lead into the field, or begin with a wildcard.
    return (
        keeps_all
        or not shape.text_fields
        or any(path.casefold() == name or path.casefold().startswith((f"{name}.", f"{name}[", "*")) for path in paths)
    )
