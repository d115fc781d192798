"""The values of a record, each with its path and with what it is to a reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from destination_dust import exact_json
from destination_dust.mapping.documents.html import readable
from destination_dust.mapping.documents.kinds import Kind, is_long, kind_of
from destination_dust.mapping.documents.rich_text import rich_text
from destination_dust.mapping.text import one_line, scalar_text

# Deeper values are written as JSON.
_MAX_DEPTH = 10
# More numbers are a vector or a series, which no reader follows.
_MAX_NUMBERS = 32


class Leaf(NamedTuple):
    """A value, or an element of a list on one line."""

    path: str
    kind: Kind
    text: str


def leaves(value: Any, schema: object, path: str = "", name: str = "", depth: int = 0) -> Iterator[Leaf]:
    """The leaves of a value in its own order, without nulls, blanks and what is empty; HTML and trees come as text.

    A list of objects keeps together what belongs together: each element is one leaf, on one line or, if it contains a
    text, as facts above their text.
    """
    if (tree := rich_text(value)) is not None:
        value = tree
    if depth > _MAX_DEPTH and isinstance(value, (Mapping, list)):
        text = exact_json.readable(value)[0]
        yield Leaf(path, Kind.BLOB if is_long(text) else Kind.MACHINE, text)
    elif isinstance(value, Mapping):
        properties = _part(schema, "properties")
        for key, inner in value.items():
            label = one_line(key)[0]
            below = f"{path}.{label}" if path else label
            yield from leaves(inner, _part(properties, key), below, key, depth + 1)
    elif isinstance(value, list):
        items = _part(schema, "items")
        if any(isinstance(each, (Mapping, list)) for each in value):
            for each in value:
                yield from _element(list(leaves(each, items, "", name, depth + 1)), path)
        else:
            yield from _plain_list(value, items, path, name)
    elif leaf := _scalar(value, schema, path, name):
        yield leaf


def _scalar(value: Any, schema: object, path: str, name: str) -> Leaf | None:
    if not isinstance(value, str):
        text = scalar_text(value)
        return Leaf(path, Kind.MACHINE, text) if text else None
    text = readable(value).strip()
    return Leaf(path, kind_of(text, name, _format(schema)), text) if text else None


def _plain_list(values: list[Any], schema: object, path: str, name: str) -> Iterator[Leaf]:
    """One leaf for all that is worth reading, which is what most of its values are, and one for what is not."""
    found = [leaf for value in values if (leaf := _scalar(value, schema, path, name))]
    good = [leaf for leaf in found if leaf.kind is not Kind.NOISE]
    yield from (leaf for leaf in found if leaf.kind is Kind.NOISE)
    if not good:
        return
    kind = _first(good)
    text = ("\n\n" if kind in (Kind.TEXT, Kind.BLOB) else ", ").join(leaf.text for leaf in good)
    if len(values) > _MAX_NUMBERS and all(isinstance(value, (int, float, Decimal)) for value in values):
        kind = Kind.NOISE
    yield Leaf(path, kind, text)


def _element(inner: list[Leaf], path: str) -> Iterator[Leaf]:
    """The leaves of one element of a list."""
    for leaf in inner:
        if leaf.kind is Kind.NOISE:
            yield Leaf(_below(path, leaf.path), leaf.kind, leaf.text)
    kept = [leaf for leaf in inner if leaf.kind is not Kind.NOISE]
    if not kept:
        return
    kind = _first(kept)
    if kind in (Kind.TEXT, Kind.BLOB):
        shorter = (Kind.SENTENCE, Kind.FACT)
        facts = _line([leaf for leaf in kept if leaf.kind in shorter])
        texts = [leaf.text for leaf in kept if leaf.kind is kind]
        yield Leaf(path, kind, "\n\n".join([*([facts] if facts else []), *texts]))
        kept = [leaf for leaf in kept if leaf.kind not in (kind, *shorter)]
        yield from (Leaf(_below(path, leaf.path), leaf.kind, leaf.text) for leaf in kept)
    else:
        yield Leaf(path, kind, _line(kept))


def _line(kept: list[Leaf]) -> str:
    """Leaves on one line: what people read comes first."""
    ordered = sorted(kept, key=lambda leaf: leaf.kind.value)
    return ", ".join(
        f"{leaf.path}: {line}" if leaf.path else line for leaf in ordered if (line := one_line(leaf.text)[0])
    )


def _first(found: list[Leaf]) -> Kind:
    """The kind that comes first in a document."""
    return min((leaf.kind for leaf in found), key=lambda kind: kind.value)


def _below(path: str, inner: str) -> str:
    return f"{path}.{inner}" if inner else path


def _part(schema: object, name: str) -> object:
    return schema.get(name) if isinstance(schema, Mapping) else None


def _format(schema: object) -> str | None:
    """The format that a schema declares for texts, perhaps in one of its alternatives."""
    if not isinstance(schema, Mapping):
        return None
    found = [schema.get("format")]
    for alternatives in (schema.get("oneOf"), schema.get("anyOf")):
        found += [_part(each, "format") for each in alternatives] if isinstance(alternatives, list) else []
    return next((each for each in found if isinstance(each, str)), None)
