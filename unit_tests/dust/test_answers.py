"""No call succeeds without the fields that prove it: by search over answers that are almost right."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destination_dust.dust.client import DustClient
from destination_dust.dust.connection import Connection
from destination_dust.dust.errors import Misconfigured, Unavailable
from destination_dust.dust.permit import NoPacing
from destination_dust.dust.request import Request
from destination_dust.dust.retrying import Clock, RetryingCaller
from destination_dust.dust.transport import Response

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Case:
    """A call, what Dust answers to it, and where in that the proof is.

    `nullable`: where null is right, too; `optional`: what may be missing, but not wrong.
    """

    call: Callable[[DustClient], object]
    right: dict[str, Any]
    proof: tuple[Path, ...]
    nullable: tuple[Path, ...] = ()
    optional: tuple[Path, ...] = ()


LISTED = {"document_id": "users-1", "timestamp": 7, "tags": ["a"], "hash": "0f"}
TABLE = {"table_id": "users", "name": "users", "schema": [{"name": "id", "value_type": "int"}], "tags": ["a"]}
SCHEMA: tuple[Path, ...] = (
    ("table",),
    ("table", "table_id"),
    ("table", "schema"),
    ("table", "schema", 0),
    ("table", "schema", 0, "name"),
    ("table", "schema", 0, "value_type"),
)
IN_LISTING: tuple[Path, ...] = (
    ("documents",),
    ("documents", 0),
    ("documents", 0, "document_id"),
    ("documents", 0, "timestamp"),
    ("documents", 0, "tags"),
    ("documents", 0, "tags", 0),
)
CASES = {
    "spaces": Case(
        DustClient.spaces, {"spaces": [{"sId": "vlt_1"}]}, (("spaces",), ("spaces", 0), ("spaces", 0, "sId"))
    ),
    "data_sources": Case(
        DustClient.data_sources,
        {"data_sources": [{"sId": "dts_1"}]},
        (("data_sources",), ("data_sources", 0), ("data_sources", 0, "sId")),
    ),
    "upsert_document": Case(
        lambda dust: dust.upsert_document("users-1", b"{}"),
        {"document": {"hash": "0f", "text_size": 1, "chunk_count": 1}, "data_source": {"sId": "dts_1"}},
        (("document",), ("document", "hash")),
    ),
    "upsert_document, full output": Case(
        lambda dust: dust.upsert_document("users-1", b"{}"),
        {"document": LISTED},
        (("document",), ("document", "hash"), ("document", "document_id")),
        optional=(("document", "document_id"),),
    ),
    "delete_document": Case(
        lambda dust: dust.delete_document("users-1"),
        {"document": {"document_id": "users-1"}},
        (("document",), ("document", "document_id")),
    ),
    "document": Case(
        lambda dust: dust.document("users-1"),
        {"document": {**LISTED, "text": "a"}},
        (("document",), *(("document", name) for name in ("document_id", "text", "timestamp", "tags"))),
    ),
    "list_documents": Case(
        lambda dust: dust.list_documents(offset=0, limit=10), {"documents": [LISTED], "total": 1}, IN_LISTING
    ),
    "look_up_documents": Case(
        lambda dust: dust.look_up_documents(["users-1", "users-2"]), {"documents": [LISTED], "total": 1}, IN_LISTING
    ),
    "tables": Case(
        DustClient.tables,
        {"tables": [TABLE]},
        (("tables",), ("tables", 0), ("tables", 0, "table_id"), ("tables", 0, "name")),
    ),
    "table": Case(
        lambda dust: dust.table("users"),
        {"table": TABLE},
        (*SCHEMA, ("table", "tags"), ("table", "tags", 0)),
        nullable=(("table", "schema"),),
    ),
    "upsert_table": Case(
        lambda dust: dust.upsert_table("users", name="users", title="users", description=""),
        {"table": TABLE},
        SCHEMA,
        nullable=(("table", "schema"),),
    ),
    "upsert_rows": Case(
        lambda dust: dust.upsert_rows("users", b"{}"), {"table": TABLE}, SCHEMA, nullable=(("table", "schema"),)
    ),
    "delete_row": Case(lambda dust: dust.delete_row("users", "1"), {"success": True}, (("success",),)),
    "rows": Case(
        lambda dust: dust.rows("users", limit=1),
        {"rows": [{"row_id": "1", "value": {"id": 1}}], "offset": 0, "limit": 1, "total": 7},
        (("rows",), ("rows", 0), ("rows", 0, "row_id"), ("rows", 0, "value"), ("total",)),
    ),
    "row": Case(
        lambda dust: dust.row("users", "1"),
        {"row": {"row_id": "1", "value": {"id": 1}}},
        (("row",), ("row", "row_id"), ("row", "value")),
    ),
}
# Ids that must be those that were asked for.
ASKED = {"upsert_document, full output", "delete_document", "document", "look_up_documents", "table", "upsert_table"}
ASKED |= {"upsert_rows", "row"}

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("ab:", max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["document", "hash", "sId"]), inner),
    max_leaves=4,
)
GONE = object()


class FakeDust:
    """Gives each call the same answer, and the first one another if it is to have answered before."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def send(self, _request: Request) -> Response:
        return Response(200, {}, orjson.dumps(self.answer))


def client(dust: FakeDust) -> DustClient:
    """A client that gives up soon, on a clock that does not wait."""
    now = [0.0]

    def pause(seconds: float) -> None:
        now[0] += seconds

    caller = RetryingCaller(
        dust,  # type: ignore[arg-type] # it can send
        host="dust.tt",
        budget=5.0,
        clock=Clock(now=lambda: now[0], pause=pause, random=lambda: 0.5),
    )
    return DustClient(Connection("sk-0", "w", "s", "d"), caller, NoPacing())  # type: ignore[arg-type] # enough of one


def changed(answer: dict[str, Any], path: Path, value: object) -> dict[str, Any]:
    """An answer with another value at a place, or without any."""
    whole = copy.deepcopy(answer)
    part: Any = whole
    for step in path[:-1]:
        part = part[step]
    if value is not GONE:
        part[path[-1]] = value
    elif isinstance(part, dict):
        del part[path[-1]]
    else:
        part[path[-1]] = None
    return whole


def found(answer: Any, path: Path) -> object:
    for step in path:
        answer = answer[step]
    return answer


def must_not_succeed(case: Case, wrong: object) -> None:
    """Neither where Dust has never answered, nor where it has."""
    with pytest.raises(Misconfigured) as caught:
        case.call(client(FakeDust(wrong)))
    assert "not_dust" == caught.value.reason
    dust = FakeDust(case.right)
    working = client(dust)
    case.call(working)
    dust.answer = wrong
    with pytest.raises(Unavailable, match="something other than Dust answered"):
        case.call(working)


@pytest.mark.parametrize("name", CASES)
def test_the_right_answer_is_a_success(name: str) -> None:
    """Otherwise the search below would find nothing."""
    case = CASES[name]

    case.call(client(FakeDust(case.right)))
    for path in case.nullable:
        case.call(client(FakeDust(changed(case.right, path, None))))


@pytest.mark.parametrize(
    ("name", "path"), [(name, path) for name, case in CASES.items() for path in case.proof if path not in case.optional]
)
def test_an_answer_that_lacks_a_part_of_the_proof_is_no_success(name: str, path: Path) -> None:
    """The fields are each necessary."""
    must_not_succeed(CASES[name], changed(CASES[name].right, path, GONE))


@given(st.sampled_from(sorted(CASES)), st.data())
@settings(max_examples=200)
def test_an_answer_with_another_type_in_the_proof_is_no_success(name: str, data: st.DataObject) -> None:
    """Whatever is there instead, as deep as JSON goes."""
    case = CASES[name]
    path = data.draw(st.sampled_from(case.proof))
    right = found(case.right, path)
    value = data.draw(ANY_JSON.filter(lambda value: type(value) is not type(right)))
    if value is None and path in case.nullable:
        return

    must_not_succeed(case, changed(case.right, path, value))


@pytest.mark.parametrize("name", sorted(ASKED))
@pytest.mark.parametrize("other", ["", "other", "users-10", "USERS-1"])
def test_the_answer_to_another_question_is_no_success(name: str, other: str) -> None:
    """A cache, or a proxy that mixes connections up, gives the answer of someone else."""
    (path,) = [path for path in CASES[name].proof if path[-1] in ("document_id", "table_id", "row_id")]

    must_not_succeed(CASES[name], changed(CASES[name].right, path, other))


@pytest.mark.parametrize("name", sorted(set(CASES) - {"spaces", "data_sources"}))
@pytest.mark.parametrize(
    "wrong",
    [{}, {"message": "please log in"}, {"document": None}, {"document": {}}, {"document": {"hash": ""}}, {"ok": True}],
)
def test_json_of_others_is_no_success(name: str, wrong: dict[str, Any]) -> None:
    """As proxies and login pages send it, with status 200."""
    must_not_succeed(CASES[name], wrong)
