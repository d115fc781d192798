"""Tells HTML from texts that merely contain tags or `<`."""

from __future__ import annotations

import re

_BLOCK_NAMES = "p|div|li|ul|ol|dl|td|th|tr|table|h[1-6]|section|article|blockquote|pre"
_INLINE_NAMES = "span|a|b|i|u|strong|em|code|font|small"
_BEGINS = re.compile(
    r"\s*<(?:!doctype|!--|(?:ac|ri):|(?:html|head|meta|title|style|body|center|header|main|figure|hr|br|img|form|"
    rf"{_BLOCK_NAMES}|{_INLINE_NAMES})(?=[\s/>]))",
    re.IGNORECASE,
)
_BEGINS_A_BLOCK = re.compile(rf"\s*<(?:!doctype|html|body|(?:ac|ri):|(?:{_BLOCK_NAMES})(?=[\s/>]))", re.IGNORECASE)
_EVIDENCE = re.compile(
    rf"</(?:html|body|{_BLOCK_NAMES}|{_INLINE_NAMES}|ac:[a-z-]+)\s*>|<br\s*/?>|<(?:p|hr|img|div)(?=[\s/>])[^<>]*>",
    re.IGNORECASE,
)
_BLOCKS = re.compile(rf"</(?:{_BLOCK_NAMES})\s*>|<(?:br|p|li)(?=[\s/>])[^<>]*>", re.IGNORECASE)
# Prose about tags puts blanks around them.
_IN_A_SENTENCE = re.compile(r"\S<(?:br\s*/?|p)>\S|<a\s[^<>]*>[^<>]*</a\s*>", re.IGNORECASE)
_CODE = re.compile(r"<pre(?=[\s>]).*?(?:</pre\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_MARKDOWN = re.compile(r"^#{1,6} \S|^ {0,3}```|\]\([^()\s]+\)", re.MULTILINE)
# What a text is shows in its beginning.
_LOOKED_AT = 20_000


def is_html(text: str) -> bool:
    """Whether tags make the lines of a text, so that its own line breaks mean nothing.

    Markdown may contain tags, but its lines would be lost. A text that merely contains `<` is no HTML.
    """
    if "<" not in text or ">" not in text:
        return False
    head = text[:_LOOKED_AT]
    if len(_MARKDOWN.findall(_CODE.sub("", head))) > 1:
        return False
    blocks = len(_BLOCKS.findall(head))
    tags_make_lines = blocks * 2 >= head.count("\n")
    if _BEGINS.match(head) and _EVIDENCE.search(head):
        return tags_make_lines or bool(_BEGINS_A_BLOCK.match(head))
    return tags_make_lines and (blocks >= 3 or bool(_IN_A_SENTENCE.search(head)))
