"""How Dust's core cuts a text into chunks. Each gets an embedding (`core/src/data_sources/splitter.rs`).

A content that is too long is cut in equal parts, anywhere. The prefixes of a section and of those above it are repeated
in each of its chunks. Neighbours share a chunk while they fit. A token is some characters here, always as many.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

CHUNK_TOKENS = 512


class PrefixTooLong(Exception):
    """The prefixes of a section take up half a chunk, or more."""


@dataclass
class _Node:
    prefixes: list[tuple[str, str]]
    """Of the section and of those above it, each with its place in the tree."""
    tokens: int
    """Of all that it holds, its prefixes included."""
    content: str = ""
    children: list[_Node] = field(default_factory=list)


class Splitter:
    """Cuts sections (objects of `prefix`, `content`, `sections`) into chunks."""

    def __init__(self, token_characters: int) -> None:
        self._token = token_characters

    def chunks(self, section: dict[str, Any]) -> list[str]:
        """The texts of the chunks. Raises `PrefixTooLong`."""
        found = list(self._packed(self._tree(section, [], "")))
        return [chunk for chunk in found if chunk.strip()] or found[:1]

    def _count(self, text: str) -> int:
        return -(-len(text) // self._token)

    def _prefix_tokens(self, prefixes: list[tuple[str, str]]) -> int:
        return sum(self._count(prefix) for _, prefix in prefixes)

    def _tree(self, section: dict[str, Any], above: list[tuple[str, str]], place: str) -> _Node:
        prefix, content = section["prefix"], section["content"]
        prefixes = above if prefix is None else [*above, (place, prefix)]
        shared = self._prefix_tokens(prefixes)
        if shared >= CHUNK_TOKENS // 2:
            raise PrefixTooLong
        children: list[_Node] = []
        if content is not None:
            splits = self._splits(content, CHUNK_TOKENS - shared)
            children = [_Node(prefixes, shared + self._count(part), part) for part in splits]
        children += [self._tree(inner, prefixes, f"{place}/{n}") for n, inner in enumerate(section["sections"])]
        return _Node(prefixes, shared + sum(each.tokens - shared for each in children), "", children)

    def _splits(self, content: str, most: int) -> list[str]:
        tokens = self._count(content)
        if tokens <= most:
            return [content]
        size = tokens // (tokens // most + 1) * self._token
        return [content[start : start + size] for start in range(0, len(content), size)]

    def _packed(self, node: _Node) -> Iterator[str]:
        if node.tokens <= CHUNK_TOKENS:
            yield "".join(_rendered(node, set()))
            return
        shared = self._prefix_tokens(node.prefixes)
        group: list[_Node] = []
        tokens = shared
        for child in node.children:
            if group and tokens + child.tokens - shared > CHUNK_TOKENS:
                yield from self._packed(_Node(node.prefixes, tokens, "", group))
                group, tokens = [], shared
            if child.tokens > CHUNK_TOKENS:
                yield from self._packed(child)
            else:
                group.append(child)
                tokens += child.tokens - shared
        if group:
            yield from self._packed(_Node(node.prefixes, tokens, "", group))


def whole(text: str) -> dict[str, Any]:
    """The section that a plain text is."""
    return {"prefix": None, "content": text, "sections": []}


def _rendered(node: _Node, seen: set[str]) -> Iterator[str]:
    """The texts of a node and of all below it, each prefix once."""
    for place, prefix in node.prefixes:
        if place not in seen:
            seen.add(place)
            yield prefix
    yield node.content
    for child in node.children:
        yield from _rendered(child, seen)
