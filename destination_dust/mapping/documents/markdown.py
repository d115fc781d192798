"""A record as Markdown: its title, its long texts, then its other fields one per line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from destination_dust import exact_json
from destination_dust.mapping.documents.html import readable
from destination_dust.mapping.documents.rich_text import rich_text
from destination_dust.mapping.text import one_line, scalar_text

# A text of more characters, or of more than one line, gets a section of its own.
_LONG = 200
# Deeper nesting is written as JSON: no one can read it as a list.
_MAX_DEPTH = 6


def markdown(title: str, fields: Mapping[str, Any]) -> tuple[str, int]:
    """Return the Markdown, and how many texts and numbers were changed.

    HTML and trees of nodes are written as text. Nulls, blank texts and empty lists and objects are left out.
    """
    sections: list[str] = []
    lines = list(_lines(_readable(fields, 0), 0, "", sections))
    blocks = [f"# {title}", *sections, *(["\n".join(lines)] if lines else [])]
    text, odd = exact_json.clean_text("\n\n".join(blocks) + "\n")
    cleaned = exact_json.readable(fields)[1]
    return text, max(odd, cleaned)


def _readable(value: Any, depth: int) -> Any:
    """A copy with HTML and trees of nodes as text, as deep as values are not written as JSON."""
    if depth and (tree := rich_text(value)) is not None:
        return tree
    if isinstance(value, str):
        return readable(value)
    if depth > _MAX_DEPTH + 1:
        return value
    if isinstance(value, Mapping):
        return {name: _readable(inner, depth + 1) for name, inner in value.items()}
    return [_readable(inner, depth + 1) for inner in value] if isinstance(value, list) else value


def _lines(fields: Mapping[str, Any], depth: int, path: str, sections: list[str]) -> Iterator[str]:
    """The lines of an object. Long texts go to the sections instead, under their paths."""
    indent = "  " * depth
    for name, value in fields.items():
        label = one_line(name)[0]
        if isinstance(value, str) and _is_long(value):
            sections.append(f"## {path}{label}\n\n{value.strip()}")
        elif isinstance(value, Mapping) and depth < _MAX_DEPTH:
            inner = list(_lines(value, depth + 1, f"{path}{label}.", sections))
            if inner:
                yield f"{indent}- {label}:"
                yield from inner
        elif isinstance(value, list) and depth < _MAX_DEPTH:
            yield from _list_lines(label, value, depth)
        elif line := _line(value):
            yield f"{indent}- {label}: {line}"


def _list_lines(label: str, values: list[Any], depth: int) -> Iterator[str]:
    """A list of scalars on one line, any other with an item for each element."""
    indent = "  " * depth
    items = [item for item in (_item(value, depth) for value in values) if item]
    if any(isinstance(value, (Mapping, list)) for value in values) or any(len(item) > 1 for item in items):
        if items:
            yield f"{indent}- {label}:"
        for first, *others in items:
            yield f"{indent}  - {first}"
            yield from (f"{indent}    {line}".rstrip() for line in others)
    elif items:
        yield f"{indent}- {label}: {', '.join(line for (line,) in items)}"


def _item(value: Any, depth: int) -> list[str]:
    """An element of a list as lines: its texts keep their own, or code would be unreadable."""
    if not _has_lines(value, depth):
        line = _line(value)
        return [line] if line else []
    if isinstance(value, str):
        return value.strip().splitlines()
    if isinstance(value, list):
        return [
            f"- {line}" if at == 0 else f"  {line}" for each in value for at, line in enumerate(_item(each, depth + 1))
        ]
    lines: list[str] = []
    for name, inner in value.items():
        label, item = one_line(name)[0], _item(inner, depth + 1)
        if len(item) > 1:
            lines += [f"{label}:", *(item if isinstance(inner, str) else (f"  {line}" for line in item))]
        elif item:
            lines.append(f"{label}: {item[0]}")
    return lines


def _has_lines(value: Any, depth: int) -> bool:
    """Whether a value has a text of more than one line."""
    if isinstance(value, str):
        return "\n" in value.strip()
    if depth >= _MAX_DEPTH or not isinstance(value, (Mapping, list)):
        return False
    return any(_has_lines(inner, depth + 1) for inner in (value.values() if isinstance(value, Mapping) else value))


def _line(value: Any) -> str:
    """A value on one line, empty if it has no content: an object as its fields and their paths."""
    if isinstance(value, Mapping):
        return ", ".join(f"{path}: {line}" for path, inner in _flat(value, "", 0) if (line := _flat_line(inner)))
    return _flat_line(value)


def _flat(fields: Mapping[str, Any], above: str, depth: int) -> Iterator[tuple[str, Any]]:
    """The values of an object and of those in it, each with its path."""
    for name, value in fields.items():
        path = f"{above}{one_line(name)[0]}"
        if isinstance(value, Mapping) and depth < _MAX_DEPTH:
            yield from _flat(value, f"{path}.", depth + 1)
        else:
            yield path, value


def _flat_line(value: Any) -> str:
    """A scalar or a list of scalars; anything else as JSON."""
    if value is None or value in ({}, []):
        return ""
    if isinstance(value, list) and not any(isinstance(each, (Mapping, list)) for each in value):
        return ", ".join(filter(None, map(_flat_line, value)))
    text = scalar_text(value)
    return one_line(exact_json.readable(value)[0] if text is None else text)[0]


def _is_long(text: str) -> bool:
    text = text.strip()
    return len(text) > _LONG or "\n" in text
