"""Texts that sources send as trees of nodes: documents of Jira and other editors, rich texts of Notion and Slack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from destination_dust.mapping.documents.html_layout import Layout

# Atlassian's document format, which ProseMirror's editors share: the type of a node, and the tag that lays it out.
_TAGS = {
    "paragraph": "p",
    "blockquote": "blockquote",
    "panel": "div",
    "rule": "hr",
    "hardBreak": "br",
    "bulletList": "ul",
    "orderedList": "ol",
    "listItem": "li",
    "taskList": "ul",
    "taskItem": "li",
    "codeBlock": "pre",
    "table": "table",
    "tableRow": "tr",
    "tableHeader": "th",
    "tableCell": "td",
    # Slack's
    "rich_text_section": "p",
    "rich_text_quote": "blockquote",
    "rich_text_preformatted": "pre",
    "rich_text_list": "ul",
}
# By the type of a tree, the field with its nodes.
_CONTENTS = {"doc": "content", "rich_text": "elements"}
_MAX_DEPTH = 50


def rich_text(value: Any) -> str | None:
    """Return the text of a tree, or None for any other value.

    Known are `{"type": "doc", "content": […]}`, Slack's `{"type": "rich_text", "elements": […]}`, and Notion's lists of
    objects with `plain_text`.
    """
    if isinstance(value, Mapping) and isinstance(value.get(_CONTENTS.get(str(value.get("type")), "")), list):
        layout = Layout()
        _lay_out(value, layout)
        return layout.end()
    if isinstance(value, list) and value and all(isinstance(_part(each, "plain_text"), str) for each in value):
        return "".join(each["plain_text"] for each in value)
    return None


def _lay_out(node: object, layout: Layout, depth: int = 0, tag: str = "") -> None:
    """Lay a node out; `tag`: how, if what it is in decides that."""
    kind, text = _part(node, "type"), _part(node, "text")
    attributes = _part(node, "attrs")
    if isinstance(text, str):
        layout.add(text)
    elif kind == "emoji":
        layout.add(f":{_part(node, 'name')}:")
    elif kind == "link":
        layout.add(str(_part(node, "url")))
    elif isinstance(_part(attributes, "text"), str):  # a mention, a status
        layout.add(str(_part(attributes, "text")))
    content = _part(node, "content") or _part(node, "elements")
    tag = tag or (f"h{_part(attributes, 'level')}" if kind == "heading" else _TAGS.get(str(kind), ""))
    layout.tag(tag, closing=False)
    if isinstance(content, list) and depth < _MAX_DEPTH:
        for inner in content:
            # Slack's lists hold sections.
            _lay_out(inner, layout, depth + 1, "li" if kind == "rich_text_list" else "")
    if tag not in ("hr", "br"):
        layout.tag(tag, closing=True)


def _part(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, Mapping) else None
