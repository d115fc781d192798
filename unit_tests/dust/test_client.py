"""Dust's API as methods: which call each of them makes, and what it makes of the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import orjson
import pytest
import requests_mock

from destination_dust.dust.client import NO_DOCUMENT, DustClient, ListedDocument, connect
from destination_dust.dust.connection import Connection
from destination_dust.dust.errors import Ambiguous, Misconfigured, NameTaken, NotFound, Rejected, Unavailable
from destination_dust.dust.permit import NoPacing
from destination_dust.dust.retrying import Clock

KEY = "sk-0123456789abcdef"
CONNECTION = Connection(KEY, "0ec9852c2f", "vlt_1", "dts_1")
ROOT = "https://dust.tt/api/v1/w/0ec9852c2f"
SOURCE = f"{ROOT}/spaces/vlt_1/data_sources/dts_1"


class Time:
    """A clock that never really waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def pause(self, seconds: float) -> None:
        self.now += seconds


class Gate(NoPacing):
    """A pacer that holds nothing back, and counts."""

    def __init__(self) -> None:
        self.asked = 0

    def try_acquire(self) -> Any:
        self.asked += 1
        return super().try_acquire()


def client(connection: Connection = CONNECTION, gate: Gate | None = None) -> DustClient:
    """A client whose waits take no time."""
    time = Time()
    return connect(
        connection,
        gate or Gate(),  # type: ignore[arg-type] # it does what the caller needs of a pacer
        user_agent="test/1",
        connections=1,
        budget=60.0,
        clock=Clock(now=lambda: time.now, pause=time.pause, random=lambda: 0.5),
    )


@pytest.fixture
def dust() -> Iterator[requests_mock.Mocker]:
    """Dust, as far as a test says what it answers."""
    with requests_mock.Mocker() as mocker:
        yield mocker


def error(kind: str, message: str = "what happened", **core: str) -> dict[str, Any]:
    """Dust's envelope."""
    return {"error": {"type": kind, "message": message, "data_source_error": core}}


def body_of(dust: requests_mock.Mocker) -> Any:
    """The JSON of the last call."""
    assert dust.last_request is not None
    dust.last_request.body.seek(0)
    return orjson.loads(dust.last_request.body.read())


def test_spaces_are_listed(dust: requests_mock.Mocker) -> None:
    """Those that the key sees."""
    dust.get(f"{ROOT}/spaces", json={"spaces": [{"sId": "vlt_1"}]})

    assert [{"sId": "vlt_1"}] == client().spaces()


def test_data_sources_are_listed(dust: requests_mock.Mocker) -> None:
    """Those of the space."""
    dust.get(f"{ROOT}/spaces/vlt_1/data_sources", json={"data_sources": [{"sId": "dts_1", "connectorId": None}]})

    assert [{"sId": "dts_1", "connectorId": None}] == client().data_sources()


def test_a_list_can_be_empty(dust: requests_mock.Mocker) -> None:
    """But it must be there (see `test_answers`)."""
    dust.get(f"{ROOT}/spaces", json={"spaces": []})

    assert [] == client().spaces()


def test_a_document_is_upserted(dust: requests_mock.Mocker) -> None:
    """With the bytes that it was made into."""
    dust.post(f"{SOURCE}/documents/users-1", json={"document": {"hash": "x"}, "data_source": {}})

    client().upsert_document("users-1", b'{"text":"a"}')

    assert {"text": "a"} == body_of(dust)
    assert dust.last_request
    assert f"Bearer {KEY}" == dust.last_request.headers["Authorization"]
    assert "application/json" == dust.last_request.headers["Content-Type"]


@pytest.mark.parametrize(
    "document_id", ["a/b", "a%2Fb", "a b+c", "?x=1", "#x", "é💥", "...", "a..b", "a--0123456789abcdef", "a.b~c"]
)
@pytest.mark.parametrize("call", ["upsert", "delete"])
def test_a_document_id_is_one_segment_of_the_path(dust: requests_mock.Mocker, document_id: str, call: str) -> None:
    """Whatever it contains: encoded once, and decoded to itself."""
    dust.register_uri(
        requests_mock.ANY, requests_mock.ANY, json={"document": {"hash": "x", "document_id": document_id}}
    )

    client().upsert_document(document_id, b"{}") if call == "upsert" else client().delete_document(document_id)

    assert dust.last_request
    prefix, _, segment = dust.last_request.url.partition("/documents/")
    assert SOURCE == prefix
    assert document_id == unquote(segment)
    assert not re.search("[/?#]", segment)


@pytest.mark.parametrize(
    "folded",
    ["", ".", "..", "../tables", "a/..", "a/./b", "..\\a", "%2e%2e", "%2E%2e/a", "%252e%252e", "..%2ftables"],
)
@pytest.mark.parametrize(
    "call",
    [
        lambda dust, each: dust.upsert_document(each, b"{}"),
        lambda dust, each: dust.delete_document(each),
        lambda dust, each: dust.document(each),
        lambda dust, each: dust.table(each),
        lambda dust, each: dust.upsert_table(each, name="t", title="t", description=""),
        lambda dust, each: dust.upsert_rows(each, b"{}"),
        lambda dust, each: dust.rows(each, limit=1),
        lambda dust, each: dust.delete_row("t", each),
        lambda dust, each: dust.row("t", each),
    ],
)
def test_an_id_that_would_change_the_address_is_refused(
    dust: requests_mock.Mocker, call: Callable[[DustClient, str], object], folded: str
) -> None:
    """Before anything is sent: `DELETE …/documents/..` would be the delete of the data source."""
    with pytest.raises(Rejected, match="would change the address"):
        call(client(), folded)

    assert 0 == dust.call_count


def test_the_ids_of_the_settings_are_segments_of_the_path(dust: requests_mock.Mocker) -> None:
    """A data source may be given by its name, which may be anything."""
    dust.register_uri(requests_mock.ANY, requests_mock.ANY, json={"document": {"hash": "x"}})

    client(Connection(KEY, "w/x", "s x", "My folder/2", "http://localhost:1")).upsert_document("a", b"{}")

    assert dust.last_request
    path = "/api/v1/w/w%2Fx/spaces/s%20x/data_sources/My%20folder%2F2/documents/a"
    assert f"http://localhost:1{path}" == dust.last_request.url


def test_a_document_is_deleted(dust: requests_mock.Mocker) -> None:
    """By its id."""
    dust.delete(f"{SOURCE}/documents/users-1", json={"document": {"document_id": "users-1"}})

    client().delete_document("users-1")

    assert dust.called_once


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (404, error("data_source_error", code="data_source_document_not_found")),
        (400, error("data_source_error", code="data_source_document_not_found")),
    ],
)
def test_a_document_that_is_gone_already_counts_as_deleted(
    dust: requests_mock.Mocker, status: int, answer: dict[str, Any]
) -> None:
    """That is all that was wanted."""
    dust.delete(f"{SOURCE}/documents/users-1", status_code=status, json=answer)

    client().delete_document("users-1")

    assert dust.called_once


def test_the_only_document_that_cannot_be_deleted_is_to_blame_if_dust_deletes_others(
    dust: requests_mock.Mocker,
) -> None:
    """Else each sync would spend its budget on it, as if Dust were in trouble. One that cannot exist shows it."""
    dust.delete(f"{SOURCE}/documents/users-1", status_code=500, json=error("internal_server_error"))
    dust.delete(f"{SOURCE}/documents/{NO_DOCUMENT}", json={"document": {"document_id": NO_DOCUMENT}})

    with pytest.raises(Rejected, match="while other writes succeeded"):
        client().delete_document("users-1")


def test_a_document_is_not_to_blame_if_dust_deletes_nothing(dust: requests_mock.Mocker) -> None:
    """Then the next sync tries again."""
    dust.delete(requests_mock.ANY, status_code=500, json=error("internal_server_error"))

    with pytest.raises(Unavailable):
        client().delete_document("users-1")


def test_a_missing_data_source_is_an_error(dust: requests_mock.Mocker) -> None:
    """A 404 alone does not say which of the two is missing."""
    dust.delete(f"{SOURCE}/documents/users-1", status_code=404, json=error("data_source_not_found"))

    with pytest.raises(Misconfigured):
        client().delete_document("users-1")


def test_upserts_are_paced_and_nothing_else_is(dust: requests_mock.Mocker) -> None:
    """Only they use up Dust's limit."""
    right = {
        "spaces": [],
        "data_sources": [],
        "document": {"hash": "x", "document_id": "a"},
        "table": {"table_id": "t", "schema": None},
    }
    dust.register_uri(requests_mock.ANY, requests_mock.ANY, json=right)
    gate = Gate()
    counted = client(gate=gate)

    counted.spaces()
    counted.data_sources()
    counted.delete_document("a")
    counted.upsert_rows("t", b"{}")
    assert 0 == gate.asked
    counted.upsert_document("a", b"{}")

    assert 1 == gate.asked


def test_the_upsert_limit_is_waited_for(dust: requests_mock.Mocker) -> None:
    """For as long as it takes: far longer than the budget for failures."""
    limit = {
        "status_code": 429,
        "json": error("rate_limit_error", "You have reached the maximum number of 120 upserts per minute."),
    }
    dust.post(f"{SOURCE}/documents/a", [*[limit] * 50, {"json": {"document": {"hash": "x"}}}])

    client().upsert_document("a", b"{}")

    assert 51 == dust.call_count


@pytest.mark.parametrize(
    ("status", "kind", "raised"),
    [
        (401, "invalid_api_key_error", Misconfigured),
        (403, "data_source_auth_error", Misconfigured),
        (403, "data_source_quota_error", Misconfigured),
        (400, "invalid_request_error", Rejected),
        (404, "data_source_not_found", Misconfigured),
        (500, "internal_server_error", Unavailable),
        (503, "service_unavailable", Unavailable),
    ],
)
def test_an_upsert_that_fails_says_why(
    dust: requests_mock.Mocker, status: int, kind: str, raised: type[Exception]
) -> None:
    """By an error that is named for what can be done about it."""
    dust.post(f"{SOURCE}/documents/a", status_code=status, json=error(kind, "what Dust says"))

    with pytest.raises(raised, match="what Dust says"):
        client().upsert_document("a", b"{}")


def test_an_upsert_without_an_answer_is_made_again(dust: requests_mock.Mocker) -> None:
    """An empty success is not trusted, because truncated headers look the same."""
    dust.post(f"{SOURCE}/documents/a", [{"content": b""}, {"json": {"document": {"hash": "x"}}}])

    client().upsert_document("a", b"{}")

    assert 2 == dust.call_count


def test_tables_are_listed(dust: requests_mock.Mocker) -> None:
    """All of the data source."""
    dust.get(f"{SOURCE}/tables", json={"tables": [{"table_id": "airbyte_users", "name": "u"}]})

    assert [{"table_id": "airbyte_users", "name": "u"}] == client().tables()


def test_a_table_is_found_or_missing(dust: requests_mock.Mocker) -> None:
    """Here Dust answers 404."""
    table: dict[str, Any] = {"table_id": "airbyte_users", "schema": None, "tags": []}
    dust.get(f"{SOURCE}/tables/airbyte_users", json={"table": table})
    dust.get(f"{SOURCE}/tables/other", status_code=404, json=error("table_not_found"))

    assert table == client().table("airbyte_users")
    with pytest.raises(NotFound):
        client().table("other")


def test_a_table_is_described(dust: requests_mock.Mocker) -> None:
    """With the fields that Dust asks for, without those that it refuses from ordinary keys."""
    dust.post(f"{SOURCE}/tables", json={"table": {"table_id": "t", "schema": None}})

    table = client().upsert_table("t", name="n", title="T", description="")

    assert {"table_id": "t", "schema": None} == table
    assert {"table_id": "t", "name": "n", "title": "T", "description": ""}.items() <= body_of(dust).items()
    assert not {"mime_type", "parents", "parent_id", "remote_database_table_id"} & set(body_of(dust))


def test_a_name_that_is_taken_is_told_with_who_has_it(dust: requests_mock.Mocker) -> None:
    """Dust's own words do not say."""
    answer = error("internal_server_error", code="x", message="")
    answer["error"] = {
        "type": "internal_server_error",
        "message": "Failed to upsert table (table names must be unique).",
        "data_source_error": {"code": "x", "message": "names must be unique within a data source"},
    }
    dust.post(f"{SOURCE}/tables", status_code=500, json=answer)
    dust.get(f"{SOURCE}/tables", json={"tables": [{"table_id": "theirs", "name": "n"}, {"table_id": "z", "name": "m"}]})

    with pytest.raises(NameTaken, match="theirs"):
        client().upsert_table("t", name="n", title="T", description="")


def test_rows_are_sent_as_they_were_encoded(dust: requests_mock.Mocker) -> None:
    """In one request."""
    dust.post(f"{SOURCE}/tables/t/rows", json={"table": {"table_id": "t", "schema": None}})

    client().upsert_rows("t", b'{"rows":[]}')

    assert {"rows": []} == body_of(dust)


def test_rows_that_fail_again_and_again_are_doubtful(dust: requests_mock.Mocker) -> None:
    """After as many tries as the caller wants; it can halve them and find out."""
    dust.post(f"{SOURCE}/tables/t/rows", status_code=500, json=error("internal_server_error"))

    with pytest.raises(Ambiguous):
        client().upsert_rows("t", b"{}", ambiguous_after=3)

    assert 3 == dust.call_count


def test_a_row_is_deleted(dust: requests_mock.Mocker) -> None:
    """Whether it exists or not; its id is one segment of the path."""
    dust.delete(re.compile(".*"), json={"success": True})

    client().delete_row("t", "a/b")

    assert dust.last_request
    assert f"{SOURCE}/tables/t/rows/a%2Fb" == dust.last_request.url


def test_a_row_is_read(dust: requests_mock.Mocker) -> None:
    """As its cells."""
    dust.get(f"{SOURCE}/tables/t/rows/1", json={"row": {"row_id": "1", "value": {"a": 1}}})

    assert {"a": 1} == client().row("t", "1")


def test_an_unreadable_row_is_not_read_again(dust: requests_mock.Mocker) -> None:
    """Dust answers 500 to a missing row, and each look makes it read the whole table."""
    dust.get(f"{SOURCE}/tables/t/rows/1", status_code=500, json=error("internal_server_error", "Failed to get row."))

    assert client().row("t", "1") is None
    assert dust.called_once


def test_a_table_that_cannot_be_read_is_doubtful(dust: requests_mock.Mocker) -> None:
    """Also while others can be read: a look-up sends nothing that could be refused."""
    dust.get(f"{SOURCE}/tables/t/rows?limit=0&offset=0", status_code=500, json=error("internal_server_error"))
    dust.get(f"{SOURCE}/tables/u/rows?limit=1&offset=0", json={"rows": [{"row_id": "1", "value": {}}], "total": 7})
    reading = client()

    assert ([{"row_id": "1", "value": {}}], 7) == reading.rows("u", limit=1)
    with pytest.raises(Ambiguous):
        reading.rows("t", limit=0)


@pytest.mark.parametrize(
    "call",
    [
        lambda dust: dust.spaces(),
        lambda dust: dust.upsert_document("a", b"{}"),
        lambda dust: dust.delete_document("a"),
        lambda dust: dust.upsert_rows("t", b"{}"),
    ],
    ids=["spaces", "upsert", "delete", "rows"],
)
def test_no_error_shows_the_key(dust: requests_mock.Mocker, call: Callable[[DustClient], object]) -> None:
    """Not even if the answer quotes it."""
    for status in (200, 400, 401, 404, 413, 500):
        dust.register_uri(
            requests_mock.ANY, requests_mock.ANY, status_code=status, json=error(KEY, f"your header: Bearer {KEY}")
        )
        with pytest.raises((Misconfigured, Rejected, Unavailable)) as caught:
            call(client())
        shown: BaseException | None = caught.value
        while shown:
            assert KEY not in f"{shown!r} {vars(shown)}"
            shown = shown.__cause__ or shown.__context__


def test_a_connection_does_not_show_its_key() -> None:
    """It ends up in messages."""
    assert KEY not in repr(CONNECTION)
    assert ("dust.tt", ROOT) == (CONNECTION.host, CONNECTION.root)


def test_documents_are_listed(dust: requests_mock.Mocker) -> None:
    """A page of them, with what there is to know of each."""
    documents = [{"document_id": "users-1", "timestamp": 7, "tags": ["a", "b"], "title": "x"}]
    dust.get(f"{SOURCE}/documents", json={"documents": documents, "total": 0})

    assert [ListedDocument("users-1", 7, ("a", "b"))] == client().list_documents(offset=1000, limit=500)

    assert dust.last_request
    assert {"offset": ["1000"], "limit": ["500"]} == dust.last_request.qs


def test_documents_are_looked_up_by_their_ids(dust: requests_mock.Mocker) -> None:
    """With a limit, without which Dust lists ten of them."""
    dust.get(f"{SOURCE}/documents", json={"documents": []})

    assert [] == client().look_up_documents([f"users-{number}" for number in range(20)])

    assert dust.last_request
    assert [f"users-{number}" for number in range(20)] == dust.last_request.qs["document_ids"]
    assert ["20"] == dust.last_request.qs["limit"]


def test_a_document_is_read(dust: requests_mock.Mocker) -> None:
    """With its text; one that does not exist is `NotFound`, which Dust calls a bad request."""
    document = {"document_id": "users-1", "text": "a", "timestamp": 1, "tags": []}
    dust.get(f"{SOURCE}/documents/users-1", json={"document": document})
    error = {"type": "data_source_error", "data_source_error": {"code": "data_source_document_not_found"}}
    dust.get(f"{SOURCE}/documents/users-2", status_code=400, json={"error": error})

    assert document == client().document("users-1")
    with pytest.raises(NotFound):
        client().document("users-2")
