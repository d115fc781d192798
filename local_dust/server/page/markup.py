"""HTML that is escaped by construction: only `Html` values stay unescaped."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode


class Html(str):
    """Text that is already HTML."""

    __slots__ = ()


def element(name: str, /, *children: str, **attributes: str | None) -> Html:
    """An element. Escapes attributes and children that are not `Html`; leaves out attributes of None.

    Drops a trailing `_` of an attribute's name and turns others into `-`, as in `class_` and `aria_label`.
    """
    opening = "".join(
        f' {attribute.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for attribute, value in attributes.items()
        if value is not None
    )
    closing = "" if name == "input" else f"</{name}>"
    return Html(f"<{name}{opening}>{joined(*children)}{closing}")


def joined(*parts: str) -> Html:
    """Concatenate parts, escaping those that are not `Html`."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def link(text: str, **parameters: str) -> Html:
    """A link to this page with other parameters."""
    return element("a", text, href=f"/?{urlencode(parameters, errors='replace')}")


def pager(total: int, number: int, size: int, what: str, **parameters: str) -> Html:
    """The shown range of `total` items on page `number` (from 0), with links to the pages beside it."""
    first = min(number * size + 1, total)
    shown = f"{first:,} to {min((number + 1) * size, total):,} of {total:,} {what}" if total else f"No {what}"
    parts: list[str] = [element("span", shown)]
    if number > 0:
        parts.append(link("← Previous", **parameters, page=str(number - 1)))
    if (number + 1) * size < total:
        parts.append(link("Next →", **parameters, page=str(number + 1)))
    return element("nav", *parts, class_="pager", aria_label=f"Pages of {what}")
