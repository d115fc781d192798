"""The page on troubleshooting: it quotes what the connector says, and leaves nothing out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "destination_dust"
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
# Their texts are not for the log: what the preview, a command's help and Dust show, SQL, and what JSON is not.
SILENT = {
    "command_line.py",
    "hosts/singer/command_line.py",
    "preview.py",
    "mapping/tables/descriptions.py",
    "writers/documents/inventory.py",
    "exact_json/depth.py",
    "exact_json/codec.py",
}
# Neither are these: words of Dust that are looked for, types, and outcomes that are as they should be.
UNSAID = {
    "names must be unique within a data source",
    "bool | int | float | str | dict[str, Any] | None",
    "row_id TEXT NOT NULL, content, csv_bytes, cells, is_undelimited, span NOT NULL",
    "SELECT count(content), total(csv_bytes), total(cells) FROM changes…",
    "SELECT count(*), count(content) FROM changes…",
    "SELECT rowid FROM … WHERE row_id = ? ORDER BY rowid DESC LIMIT 1 OFFSET …",
    "SELECT * FROM earlier… WHERE row_id = ? ORDER BY rowid DESC",
    "SELECT * FROM changes… ORDER BY rowid",
    "SELECT span, content IS NULL FROM changes…",
    "a folder for temporary files",
    "CREATE INDEX earlier_of… ON earlier… (row_id)",
    "CREATE TABLE contents (record_id TEXT PRIMARY KEY, content BLOB) WITHOUT ROWID",
    "REPLACE INTO contents VALUES (?, ?)",
    "SELECT content FROM contents WHERE record_id = ?",
    "Airbyte keeps the stream … up to date in this data source.",
    "CREATE TABLE lines (number INTEGER PRIMARY KEY, line BLOB)",
    "SELECT line FROM lines WHERE number = ?",
    "DELETE FROM lines WHERE number = ?",
}
# Shorter texts are parts of messages, names and the like.
FEWEST_WORDS = 5


def _normal(text: str) -> str:
    """With one mark for each thing that is filled in, and one blank between words."""
    return " ".join(re.sub(r"(?:%(?:\.\d)?[sdf]|…)+", "…", text).split())


def _text(node: ast.expr) -> str | None:
    """A string of the code, with a mark for each expression in it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or "…" for part in node.values)
    return None


def _strings(node: ast.AST) -> Iterator[str]:
    """Every string that the code uses, those that only describe it left out."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.expr) and (text := _text(child)):
            yield text
        else:
            yield from _strings(child)


CODE = sorted(
    {
        _normal(text)
        for path in PACKAGE.rglob("*.py")
        if str(path.relative_to(PACKAGE)) not in SILENT
        for text in _strings(ast.parse(path.read_text(encoding="utf-8")))
    }
)
MESSAGES = [
    text for text in CODE if len(re.findall(r"(?<!\S)[A-Za-z'-]+", text)) >= FEWEST_WORDS and text not in UNSAID
]
QUOTES = [_normal(line[1:].strip().strip("`")) for line in PAGE.splitlines() if line.startswith(">")]


@pytest.mark.parametrize("quote", QUOTES)
def test_the_connector_says_what_the_page_quotes(quote: str) -> None:
    """People search for the words that they see."""
    assert [text for text in CODE if quote in text], "fix docs/troubleshooting.md"


@pytest.mark.parametrize("message", MESSAGES)
def test_whatever_the_connector_says_is_on_the_page(message: str) -> None:
    """With its cause and what to do. The beginning, or any part that identifies it, is quote enough."""
    assert [quote for quote in QUOTES if quote in message], "explain it in docs/troubleshooting.md"


def test_every_quote_is_explained() -> None:
    """A paragraph follows each group of quotes."""
    parts = [part for part in PAGE.split("\n\n") if part.strip()]

    unexplained = [
        part
        for part, after in zip(parts, [*parts[1:], ""], strict=True)
        if part.startswith(">") and (not after or after.startswith((">", "#")))
    ]
    assert [] == unexplained
