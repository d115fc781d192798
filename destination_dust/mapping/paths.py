"""Dot paths into nested records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

MISSING: Final = object()
# Every element of a list, every value of an object: as in Airbyte's own vector destinations.
ANY = "*"

_ELEMENT = re.compile(r"(\*|[0-9]{1,9})(?:\.(.*))?", re.DOTALL)
_BRACKETS = re.compile(r"\[(\*|[0-9]{1,9}|)\]")


def find(value: Any, path: str) -> Any:
    """Return the value at a path such as `customer.address.city`, or `MISSING`.

    A field may have dots in its own name: the longest name that exists comes first, and a name that differs only in
    its letter case comes last, if exactly one field has it. In a list of objects, also one of lists, the path
    continues in each object, with or without a `*`, and the result is a list; a number is a position. `*` also stands
    for every field of an object. Brackets are dots: `comments[0].body`, `comments[*].body`.
    """
    found = _find(value, path)
    return _find(value, undotted) if found is MISSING and (undotted := without_brackets(path)) != path else found


def leaves(value: Any) -> Iterator[Any]:
    """The scalars in a list, from lists and objects of any depth; of any other value, the value itself."""
    if not isinstance(value, list):
        yield value
        return
    open_containers = [iter(value)]
    while open_containers:
        for item in open_containers[-1]:
            if isinstance(item, (list, Mapping)):
                open_containers.append(iter(item.values() if isinstance(item, Mapping) else item))
                break
            yield item
        else:
            open_containers.pop()


def names_at(fields: Mapping[str, Any], path: str) -> Iterator[tuple[str, str | None]]:
    """The fields of an object that a path may begin with, the likeliest first, each with the rest of the path.

    The rest is None at the path's end.
    """
    heads = list(_heads(path))
    yield from ((head, rest) for head, rest in heads if head in fields)
    folded = {head.casefold() for head, _ in heads}
    alike: dict[str, list[str]] = {}
    for name in fields:
        if (lower := name.casefold()) in folded:
            alike.setdefault(lower, []).append(name)
    for head, rest in heads:
        names = alike.get(head.casefold(), [])
        if len(names) == 1 and names[0] != head:
            yield names[0], rest


def element(path: str) -> tuple[str, str | None] | None:
    """The `*` or the position that a path begins with, and its rest, if it begins with one."""
    found = _ELEMENT.fullmatch(path)
    return (found[1], found[2]) if found else None


def without_brackets(path: str) -> str:
    """The path with dots instead of brackets."""
    return _BRACKETS.sub(lambda found: f".{found[1] or ANY}", path)


def _heads(path: str) -> Iterator[tuple[str, str | None]]:
    yield path, None
    end = path.rfind(".")
    while end >= 0:
        yield path[:end], path[end + 1 :]
        end = path.rfind(".", 0, end)


def _find(value: Any, path: str | None) -> Any:
    if path is None:
        return value
    if isinstance(value, Mapping):
        for name, rest in names_at(value, path):
            if (found := _find(value[name], rest)) is not MISSING:
                return found
        chosen = element(path)
        return _in_each(list(value.values()), chosen[1]) if chosen and chosen[0] == ANY else MISSING
    return _in_list(value, path) if isinstance(value, list) else MISSING


def _in_list(values: list[Any], path: str) -> Any:
    if chosen := element(path):
        head, rest = chosen
        # Not each field of each object: of all that `*` may stand for in a list, its elements come first.
        found = _in_each(values if head == ANY else values[int(head) :][:1], rest)
        if found is not MISSING:
            return found if head == ANY else found[0] if found else MISSING
    return _in_each(list(_objects(values)), path) if values else []


def _in_each(values: list[Any], path: str | None) -> Any:
    """What the path leads to in some of these values; `MISSING` if it leads nowhere in any."""
    found = [found for value in values if (found := _find(value, path)) is not MISSING]
    return found if found or not values else MISSING


def _objects(values: list[Any]) -> Iterator[Any]:
    """The objects in a list, and in the lists in it."""
    open_lists = [iter(values)]
    while open_lists:
        for item in open_lists[-1]:
            if isinstance(item, list):
                open_lists.append(iter(item))
                break
            if isinstance(item, Mapping):
                yield item
        else:
            open_lists.pop()
