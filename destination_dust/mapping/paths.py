"""Dot paths into nested records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

MISSING: Final = object()


def find(value: Any, path: str) -> Any:
    """Return the value at a path such as `customer.address.city`, or `MISSING`.

    A field may have dots in its own name: the longest name that exists comes first. In a list of objects
    the path continues in each object, and the result is a list.
    """
    if isinstance(value, Mapping):
        end = len(path)
        while end >= 0:
            if path[:end] in value:
                found = value[path[:end]]
                if end < len(path):
                    found = find(found, path[end + 1 :])
                if found is not MISSING:
                    return found
            end = path.rfind(".", 0, end)
    elif isinstance(value, list):
        inner = [find(item, path) for item in value if isinstance(item, Mapping)]
        return [item for item in inner if item is not MISSING] or MISSING
    return MISSING
