"""The documents on the page: a searchable list, and one document in full."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone

from local_dust.documents.stored import StoredDocument
from local_dust.server.page.markup import Html, element, joined, link, pager
from local_dust.server.page.readable import readable

SHOWN = 20
EXCERPT = 700


def document_list(documents: Iterable[StoredDocument], *, query: str, tag: str, number: int) -> Html:
    """A page of documents with the query (in id, title, tags or text) and the tag, last stored first."""
    wanted = query.casefold()
    found = [
        document
        for document in documents
        if (not tag or tag in document.tags) and (not wanted or wanted in _searched(document))
    ]
    found.reverse()
    found.sort(key=lambda document: -document.created)
    parameters = {"view": "documents", "q": query, "tag": tag}
    pages = pager(len(found), number, SHOWN, "documents", **parameters)
    chosen = element("p", "With the tag ", _chip(tag), " ", link("show all", view="documents", q=query)) if tag else ""
    articles = [_article(document) for document in found[number * SHOWN : (number + 1) * SHOWN]]
    return joined(chosen, pages, *articles, pages if len(articles) > 3 else "")


def whole_document(document: StoredDocument | None) -> Html:
    """A document with all its fields."""
    if document is None:
        return element("p", "There is no such document.")
    facts = [
        ("id", document.document_id),
        ("timestamp", moment(document.timestamp)),
        ("stored", moment(document.created)),
        ("versions", str(document.versions)),
        ("type", document.mime_type),
        ("bytes", f"{document.text_size:,}"),
        ("chunks", f"{document.chunk_count:,}"),
        ("hash", document.hash),
    ]
    return element(
        "article",
        element("h2", document.title),
        _tags(document.tags),
        element("dl", *(joined(element("dt", name), element("dd", value)) for name, value in facts)),
        _source(document.source_url),
        element("h3", "Text"),
        element("pre", readable(document.text), class_="text"),
        element("details", element("summary", "As it is stored"), element("pre", document.text), id="stored"),
        element(
            "details",
            element("summary", f"As agents get it, in chunks: {len(document.chunks):,}"),
            *(element("div", chunk, class_="chunk") for chunk in document.chunks),
            id="chunks",
        ),
    )


def moment(milliseconds: int) -> str:
    """A readable time, in UTC."""
    try:
        return f"{datetime.fromtimestamp(milliseconds / 1000, tz=timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return f"{milliseconds} ms"


def _article(document: StoredDocument) -> Html:
    text = readable(document.text)
    excerpt = text if len(text) <= EXCERPT else f"{text[:EXCERPT]} …"
    versions = f" · version {document.versions}" if document.versions > 1 else ""
    return element(
        "article",
        element("h3", link(document.title, document=document.document_id)),
        element("p", f"{document.document_id} · {moment(document.timestamp)}{versions}", class_="facts"),
        _tags(document.tags),
        element("pre", excerpt, class_="text"),
        class_="document",
    )


def _searched(document: StoredDocument) -> str:
    return "\n".join((document.document_id, document.title, *document.tags, document.text)).casefold()


def _tags(tags: Iterable[str]) -> Html:
    return element("p", *(_chip(tag) for tag in tags), class_="tags")


def _chip(tag: str) -> Html:
    return element("span", link(tag, view="documents", tag=tag), class_="tag")


def _source(url: str | None) -> Html:
    if url is None:
        return Html()
    if not url.startswith(("http://", "https://")):
        return element("p", url)
    return element("p", element("a", url, href=url, rel="noopener noreferrer"))
