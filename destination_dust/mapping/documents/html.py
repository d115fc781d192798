"""HTML as readable text: in linear time for any input, and without losing words of broken markup.

The standard library's parser takes quadratic time for malformed markup before Python 3.11.14 and 3.12.12: one record
could stop a sync. Here every search either ends at the next `<` or is made once for all.
"""

from __future__ import annotations

import re
from html import unescape

from destination_dust.mapping.documents.html_detection import is_html
from destination_dust.mapping.documents.html_layout import Layout

# A well-formed tag may have `<` and `>` in quoted attributes. A tag of another form ends at the next `>`.
_TOKEN = re.compile(
    r"""<(?P<closing>/?)(?P<name>[a-zA-Z][a-zA-Z0-9:_-]*)
        (?P<attributes>(?:\s+[^\s"'<>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?){0,60}\s*/?|[^<>]*)>
      | <(?P<raw>!--|!\[CDATA\[)
      | <[!?][^<>]*>""",
    re.VERBOSE,
)
_RAW_ENDS = {"!--": "-->", "![CDATA[": "]]>"}
_ALT = re.compile(r"""\salt\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
# Python refuses to read numbers of thousands of digits, and no character has one of more than seven.
_LONG_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{10,};?")

# `ac:parameter`: how a macro of Confluence looks.
_SKIPPED = frozenset(["script", "style", "noscript", "template", "svg", "head", "iframe", "object", "ac:parameter"])
_SKIPPED_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])[^<>]*>", re.IGNORECASE) for name in _SKIPPED}


def readable(text: str) -> str:
    """Return HTML as text, and any other text as it is."""
    return html_text(text) if is_html(text) else text


def html_text(html: str) -> str:
    """Return the text of HTML: headings, lists and code as in Markdown, cells of a row on one line."""
    text = Layout()
    position = 0
    unclosed: set[str] = set()
    while token := _TOKEN.search(html, position):
        text.add(_unescaped(html[position : token.start()]))
        position = token.end()
        name = (token["name"] or "").lower()
        if raw := token["raw"]:
            end = -1 if raw in unclosed else html.find(_RAW_ENDS[raw], position)
            if end < 0:
                unclosed.add(raw)  # it hides nothing then
                continue
            if raw != "!--":
                text.add(html[position:end])
            position = end + len(_RAW_ENDS[raw])
        elif name in _SKIPPED and not token["closing"] and not token["attributes"].endswith("/"):
            found = None if name in unclosed else _SKIPPED_ENDS[name].search(html, position)
            if found:
                position = found.end()
            else:
                unclosed.add(name)
        elif name == "img":
            alt = _ALT.search(token["attributes"])
            text.add(_unescaped(alt[1] or alt[2] or "") if alt else "")
        elif name:
            text.tag(name, closing=bool(token["closing"]))
    text.add(_unescaped(html[position:]))
    return text.end()


def _unescaped(text: str) -> str:
    return unescape(_LONG_REFERENCE.sub("\ufffd", text)) if "&" in text else text
