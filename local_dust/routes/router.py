"""Finds the handler of a path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from local_dust.routes import documents, rows, spaces, tables
from local_dust.routes.calls import Call, Effect, refuse_all_but_system_keys

Handler = Callable[[Call], Effect]
Routes = dict[tuple[str, ...], dict[str, Handler]]
PREFIX = ("api", "v1", "w")

_IN_WORKSPACE: Routes = {
    ("spaces",): {"GET": spaces.list_spaces},
    ("exists",): {"GET": spaces.exists},
    ("files",): {"POST": spaces.refuse_file},
    ("spaces", "*", "data_sources"): {"GET": spaces.list_data_sources},
}
_IN_DATA_SOURCE: Routes = {
    ("search",): {"GET": spaces.search},
    ("tokenize",): {"POST": spaces.tokenize},
    ("check_upsert_queue",): {"GET": spaces.check_upsert_queue},
    ("folders", "*"): {"POST": refuse_all_but_system_keys, "DELETE": refuse_all_but_system_keys},
    ("documents",): {"GET": documents.list_documents},
    ("documents", "*"): {
        "GET": documents.get_document,
        "POST": documents.post_document,
        "DELETE": documents.delete_document,
    },
    ("tables",): {"GET": tables.list_tables, "POST": tables.post_table},
    ("tables", "csv"): {"POST": refuse_all_but_system_keys},
    ("tables", "*"): {"GET": tables.get_table, "DELETE": tables.delete_table},
    ("tables", "*", "rows"): {"GET": rows.list_rows, "POST": rows.post_rows},
    ("tables", "*", "rows", "*"): {"GET": rows.get_row, "DELETE": rows.delete_row},
}


@dataclass(frozen=True)
class Route:
    """The route of a path. `name` is the same for all its paths; `handlers` are by method."""

    name: str
    handlers: dict[str, Handler]
    space_id: str | None
    data_source_id: str | None
    ids: tuple[str, ...]


def find(segments: tuple[str, ...]) -> Route | None:
    """The route of a path below `/api/v1/w/{workspace}/`."""
    if not all(segments):
        return None
    if segments[:1] == ("data_sources",) and len(segments) > 2:
        return _match(_IN_DATA_SOURCE, segments[2:], None, segments[1])
    if segments[:1] == ("spaces",) and segments[2:3] == ("data_sources",) and len(segments) > 4:
        return _match(_IN_DATA_SOURCE, segments[4:], segments[1], segments[3])
    return _match(_IN_WORKSPACE, segments, segments[1] if len(segments) > 1 else None, None)


def _match(routes: Routes, segments: tuple[str, ...], space_id: str | None, data_source_id: str | None) -> Route | None:
    for pattern, handlers in routes.items():
        if len(pattern) == len(segments) and all(
            wanted in ("*", given) for wanted, given in zip(pattern, segments, strict=True)
        ):
            ids = tuple(given for wanted, given in zip(pattern, segments, strict=True) if wanted == "*")
            return Route("/".join(pattern), handlers, space_id, data_source_id, ids)
    return None
