"""HTML that is escaped by the way it is made: only what `element` returns is taken as it is."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(name: str, /, *children: str, **attributes: str | None) -> Html:
    """An element. Children that are not `Html` are escaped, and so is every attribute; those of None are left out.

    A trailing `_` of an attribute's name is dropped and others become `-`, as in `class_` and `aria_label`.
    """
    opening = "".join(
        f' {attribute.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for attribute, value in attributes.items()
        if value is not None
    )
    closing = "" if name == "input" else f"</{name}>"
    return Html(f"<{name}{opening}>{joined(*children)}{closing}")


def joined(*parts: str) -> Html:
    """One after the other; what is not `Html` is escaped."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def link(text: str, **parameters: str) -> Html:
    """A link to this page with other parameters."""
    return element("a", text, href=f"/?{urlencode(parameters, errors='replace')}")


def pager(total: int, number: int, size: int, what: str, **parameters: str) -> Html:
    """Which part of `total` things is shown on the page of this number (from 0), and links to its neighbours."""
    first = min(number * size + 1, total)
    shown = f"{first:,} to {min((number + 1) * size, total):,} of {total:,} {what}" if total else f"No {what}"
    parts: list[str] = [element("span", shown)]
    if number > 0:
        parts.append(link("← Previous", **parameters, page=str(number - 1)))
    if (number + 1) * size < total:
        parts.append(link("Next →", **parameters, page=str(number + 1)))
    return element("nav", *parts, class_="pager", aria_label=f"Pages of {what}")
