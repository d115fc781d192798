"""What Dust answers to each call: the fields that prove that it was carried out.

A proxy, a login page or a gateway can answer 200 with JSON of its own, so a status proves nothing. Each reader takes
the JSON object of a 2xx answer, and returns what the caller needs or raises `WrongAnswer`. The fields are those of
both of Dust's servers (Hono: `front-api/routes/v1`, Next: `front/pages/api/v1`), and no more than they have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple, TypeAlias, TypeVar

Answer: TypeAlias = dict[str, Any]
T = TypeVar("T")
Reader: TypeAlias = Callable[[Answer], T]


class WrongAnswer(Exception):
    """Dust does not answer this call like this. The text names a field, never its value."""


class ListedDocument(NamedTuple):
    """A document as listings describe it. `timestamp` is in ms since 1970."""

    document_id: str
    timestamp: int
    tags: tuple[str, ...]


def spaces(answer: Answer) -> list[Answer]:
    """The proof: each space has an `sId`."""
    return _with(_objects(answer, "spaces"), "sId")


def data_sources(answer: Answer) -> list[Answer]:
    """The proof: each data source has an `sId`."""
    return _with(_objects(answer, "data_sources"), "sId")


def stored_document(document_id: str) -> Reader[None]:
    """The proof: Dust computes the document's `hash`. The light output names no id; if there is one, it must match."""

    def read(answer: Answer) -> None:
        document = _object(answer, "document")
        if not _text(document, "hash"):
            raise WrongAnswer("document.hash is empty")
        if "document_id" in document:
            _same(document, "document_id", document_id)

    return read


def deleted_document(document_id: str) -> Reader[None]:
    """The proof: Dust repeats the id, also of a document that did not exist."""
    return lambda answer: _same(_object(answer, "document"), "document_id", document_id)


def whole_document(document_id: str) -> Reader[Answer]:
    """The proof: the id, and the fields that only a document read in full has."""

    def read(answer: Answer) -> Answer:
        document = _object(answer, "document")
        _same(document, "document_id", document_id)
        _listed(document)
        _text(document, "text")
        return document

    return read


def documents(
    among: Collection[str] | None = None, note_total: Callable[[int], None] = lambda _: None
) -> Reader[list[ListedDocument]]:
    """The proof: a list, which may be empty, of documents with id, time and tags; `among`: the ids that were asked for.

    An answer without a list must not count as an empty one, or every document would seem to be missing. `note_total`
    receives the number of all documents of the data source, as far as the answer says it.
    """

    def read(answer: Answer) -> list[ListedDocument]:
        found = [_listed(document) for document in _objects(answer, "documents")]
        if among is not None and not {document.document_id for document in found} <= set(among):
            raise WrongAnswer("documents has ids that were not asked for")
        total = answer.get("total")
        note_total(total if isinstance(total, int) else 0)
        return found

    return read


def tables(answer: Answer) -> list[Answer]:
    """The proof: each table has an id and a name."""
    return _with(_objects(answer, "tables"), "table_id", "name")


def table(table_id: str) -> Reader[Answer]:
    """The proof: the table of that id, with its `tags`, which decide whether its rows are replaced."""

    def read(answer: Answer) -> Answer:
        found = described_table(table_id)(answer)
        _texts(found, "tags")
        return found

    return read


def described_table(table_id: str) -> Reader[Answer]:
    """The proof: the table of that id, with its `schema`: null, which means that it has no rows, or columns."""

    def read(answer: Answer) -> Answer:
        found = _object(answer, "table")
        _same(found, "table_id", table_id)
        if "schema" not in found:
            raise WrongAnswer("schema is missing")
        if found["schema"] is not None:
            _with(_objects(found, "schema"), "name", "value_type")
        return found

    return read


def rows(answer: Answer) -> tuple[list[Answer], int]:
    """The proof: rows with id and cells, and the number of all rows, without which the table would seem empty."""
    found = _with(_objects(answer, "rows"), "row_id")
    for each in found:
        _object(each, "value")
    return found, _number(answer, "total")


def row(row_id: str) -> Reader[Answer]:
    """The proof: the row of that id. Returns its cells."""

    def read(answer: Answer) -> Answer:
        found = _object(answer, "row")
        _same(found, "row_id", row_id)
        return _object(found, "value")

    return read


def deleted_row(answer: Answer) -> None:
    """The proof: `success` is true. Dust says no more, also of a row that does not exist."""
    if answer.get("success") is not True:
        raise WrongAnswer("success is not true")


def _listed(document: Answer) -> ListedDocument:
    return ListedDocument(
        _text(document, "document_id"), _number(document, "timestamp"), tuple(_texts(document, "tags"))
    )


def _with(objects: list[Answer], *names: str) -> list[Answer]:
    for each in objects:
        for name in names:
            _text(each, name)
    return objects


def _object(answer: Answer, name: str) -> Answer:
    return _typed(answer, name, dict)


def _objects(answer: Answer, name: str) -> list[Answer]:
    found = _typed(answer, name, list)
    if not all(isinstance(item, dict) for item in found):
        raise WrongAnswer(f"{name} has an entry that is not an object")
    return found


def _texts(answer: Answer, name: str) -> list[str]:
    found = _typed(answer, name, list)
    if not all(isinstance(item, str) for item in found):
        raise WrongAnswer(f"{name} has an entry that is not a string")
    return found


def _text(answer: Answer, name: str) -> str:
    return _typed(answer, name, str)


def _number(answer: Answer, name: str) -> int:
    number = _typed(answer, name, int)
    if isinstance(number, bool):
        raise WrongAnswer(f"{name} is not a number")
    return number


def _same(answer: Answer, name: str, wanted: str) -> None:
    if _text(answer, name) != wanted:
        raise WrongAnswer(f"{name} is another one than was asked for")


def _typed(answer: Answer, name: str, kind: type[T]) -> T:
    found = answer.get(name)
    if not isinstance(found, kind):
        raise WrongAnswer(f"{name} is missing or of another type")
    return found
