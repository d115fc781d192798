"""The schema of the report for programs, and the fields that it and a report have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "docs" / "sync-report.schema.json").read_text(encoding="utf-8")
)


def paths(value: Any, path: str = "") -> Iterator[str]:
    """The fields of a line, at any depth."""
    for name, each in value.items() if isinstance(value, dict) else enumerate(value):
        inner = f"{path}.{name}" if isinstance(name, str) else path
        if isinstance(each, dict | list):
            yield from paths(each, inner)
        else:
            yield inner


def described(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """The fields of the schema, at any depth."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"]["counts"]
    for part in schema.get("allOf", ()):
        yield from described(part, path)
    if "items" in schema:
        yield from described(schema["items"], path)
    for name, each in schema.get("properties", {}).items():
        inner = [*described(each, f"{path}.{name}")]
        yield from inner or [f"{path}.{name}"]
    assert sorted(schema.get("properties", {})) == sorted(schema.get("required", [])), path
