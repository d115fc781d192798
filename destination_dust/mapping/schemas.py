"""What the JSON schema of a stream says about its fields. It is advice, and may be any JSON: nothing here trusts it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from destination_dust.mapping.paths import ANY, element, names_at, without_brackets

# Alternatives are nested at most this deep; what lies deeper is not looked at.
_MAX_DEPTH = 8


def alternatives(schema: object, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """The schema, and each that it names as an alternative."""
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        return
    yield schema
    for name in ("oneOf", "anyOf"):
        choices = schema.get(name)
        for choice in choices if isinstance(choices, list) else ():
            yield from alternatives(choice, depth + 1)


def declared_types(schema: Mapping[str, Any]) -> list[str]:
    """The types that a schema itself declares, without null."""
    declared = schema.get("type")
    types = declared if isinstance(declared, list) else [declared]
    return [name for name in types if isinstance(name, str) and name != "null"]


def declares(properties: Mapping[str, Any], path: str) -> bool | None:
    """Whether these fields include one at a path (see `paths.find`). None if they do not say: some name no fields."""
    schema = {"properties": properties}
    found = _has(schema, path)
    return found or _has(schema, without_brackets(path))


def declared_field(properties: Mapping[str, Any], path: str) -> str:
    """The declared field that a path begins with, "" if there is none: a name that no schema has may be data."""
    parts = path.split(".")
    heads = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((head for head in heads if head in properties), "")


def _has(schema: object, path: str | None) -> bool | None:
    if path is None:
        return True
    choices = list(alternatives(schema))
    # One that only lists alternatives adds nothing to them.
    speaking = [each for each in choices if each.keys() & {"properties", "items", "type"}]
    return _any(_itself_has(each, path) for each in speaking or choices)


def _itself_has(schema: Mapping[str, Any], path: str) -> bool | None:
    said = []
    properties, items, types = schema.get("properties"), schema.get("items"), declared_types(schema)
    chosen = element(path)
    if isinstance(properties, Mapping) and properties:
        said += [_has(properties[name], rest) for name, rest in names_at(properties, path)]
        if chosen and chosen[0] == ANY:
            said += [_has(each, chosen[1]) for each in properties.values()]
        said.append(False)
    if isinstance(items, Mapping) and items:
        said += [_has(items, path), *([_has(items, chosen[1])] if chosen else [])]
    if not said and (types or schema.get("type") == "null") and not {"object", "array"} & set(types):
        return False
    return _any(said)


def _any(answers: Iterable[bool | None]) -> bool | None:
    """True if one is, None if nothing is said or something is left open."""
    found = set(answers)
    return True if True in found else False if found == {False} else None
