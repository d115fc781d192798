"""From a path to the handler of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from integration_tests.stand_in import document_routes, row_routes, space_routes, table_routes
from integration_tests.stand_in.calls import Call, Effect, refuse_all_but_system_keys

Handler = Callable[[Call], Effect]
Routes = dict[tuple[str, ...], dict[str, Handler]]
PREFIX = ("api", "v1", "w")

_IN_WORKSPACE: Routes = {
    ("spaces",): {"GET": space_routes.list_spaces},
    ("exists",): {"GET": space_routes.exists},
    ("files",): {"POST": space_routes.refuse_file},
    ("spaces", "*", "data_sources"): {"GET": space_routes.list_data_sources},
}
_IN_DATA_SOURCE: Routes = {
    ("search",): {"GET": space_routes.search},
    ("tokenize",): {"POST": space_routes.tokenize},
    ("check_upsert_queue",): {"GET": space_routes.check_upsert_queue},
    ("folders", "*"): {"POST": refuse_all_but_system_keys, "DELETE": refuse_all_but_system_keys},
    ("documents",): {"GET": document_routes.list_documents},
    ("documents", "*"): {
        "GET": document_routes.get_document,
        "POST": document_routes.post_document,
        "DELETE": document_routes.delete_document,
    },
    ("tables",): {"GET": table_routes.list_tables, "POST": table_routes.post_table},
    ("tables", "csv"): {"POST": refuse_all_but_system_keys},
    ("tables", "*"): {"GET": table_routes.get_table, "DELETE": table_routes.delete_table},
    ("tables", "*", "rows"): {"GET": row_routes.list_rows, "POST": row_routes.post_rows},
    ("tables", "*", "rows", "*"): {"GET": row_routes.get_row, "DELETE": row_routes.delete_row},
}


@dataclass(frozen=True)
class Route:
    """Where a path leads. `name` is the same for all paths of one route; `handlers` are by method."""

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
