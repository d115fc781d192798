"""Texts that sources send as trees of nodes."""

from __future__ import annotations

from typing import Any

import pytest

from destination_dust.mapping.documents.rich_text import rich_text


def node(kind: str, *content: Any, **attributes: Any) -> dict[str, Any]:
    """A node; a text is one of its own."""
    inner = [{"type": "text", "text": each} if isinstance(each, str) else each for each in content]
    return {"type": kind, "content": inner, "attrs": attributes}


def test_a_document_is_laid_out_as_html_is() -> None:
    """Headings, paragraphs, lists, code, tables, mentions."""
    tree = node(
        "doc",
        node("heading", "Steps", level=2),
        node("paragraph", "Ask ", {"type": "mention", "attrs": {"text": "@Ann"}}, {"type": "hardBreak"}, "first."),
        node("orderedList", node("listItem", node("paragraph", "a")), node("listItem", node("paragraph", "b"))),
        node("codeBlock", "x  = 1\ny", language="python"),
        node("table", node("tableRow", node("tableCell", node("paragraph", "c")), node("tableCell", "d"))),
        node("unknown", node("paragraph", "e")),
    )

    assert ("### Steps\n\nAsk @Ann\nfirst.\n\n1. a\n2. b\n\n```\nx  = 1\ny\n```\n\nc | d\n\ne") == rich_text(tree)


def test_rich_texts_are_joined() -> None:
    """As Notion splits them, where the style changes."""
    assert "Tuscan kale" == rich_text([{"plain_text": "Tuscan "}, {"plain_text": "kale", "href": None}])


def test_blocks_of_slack_are_laid_out() -> None:
    """Sections, lists, code, quotes; emoji by their names, links by their texts or their addresses."""

    def part(kind: str, *elements: Any, **others: Any) -> dict[str, Any]:
        return {"type": kind, "elements": list(elements), **others}

    says = {"type": "text", "text": "Rolled back "}
    link = {"type": "link", "url": "https://example.com/7"}
    block = part(
        "rich_text",
        part("rich_text_section", says, {"type": "emoji", "name": "warning"}),
        part("rich_text_list", part("rich_text_section", link), part("rich_text_section", {**link, "text": "why"})),
        part("rich_text_preformatted", {"type": "text", "text": "a  b"}),
        part("rich_text_quote", {"type": "text", "text": "fine"}),
        block_id="8KZlB",
    )

    assert "Rolled back :warning:\n\n- https://example.com/7\n- why\n\n```\na  b\n```\n\nfine" == rich_text(block)
    assert "Rolled back" == rich_text(part("rich_text", part("rich_text_section", says, 5, None)))


@pytest.mark.parametrize(
    "value",
    ["x", 5, None, [], {}, [1], [{"plain_text": 5}], [{"plain_text": "a"}, {}], {"type": "doc"}, {"content": []}],
)
def test_other_values_are_not_trees(value: Any) -> None:
    """They are written field by field."""
    assert rich_text(value) is None


@pytest.mark.parametrize("content", [[5, None, "x", {}], [{"type": 5, "text": [], "attrs": 5, "content": {}}]])
def test_odd_nodes_say_nothing(content: list[Any]) -> None:
    """Whatever they are."""
    assert "" == rich_text({"type": "doc", "content": content})


def test_trees_of_any_depth_can_be_read() -> None:
    """As deep as people nest lists, and no deeper."""
    tree: Any = node("paragraph", "deep")
    for _ in range(5000):
        tree = node("panel", tree)

    assert "top" == rich_text(node("doc", "top", tree))
