"""A record to find, and the question that it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from destination_dust.mapping.documents.document import DocumentShape


@dataclass(frozen=True)
class Item:
    """The question is not in the record."""

    question: str
    record: dict[str, Any]


@dataclass(frozen=True)
class Set:
    """Records of one kind, and what a person would choose of them."""

    name: str
    items: list[Item]
    chosen: DocumentShape = field(default_factory=DocumentShape)


def drawn(items: list[Item], count: int) -> list[Item]:
    """So many items, drawn at random, but always the same ones."""
    return sorted(items, key=lambda item: sha256(item.question.encode()).digest())[:count]
