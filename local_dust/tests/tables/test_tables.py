"""The local Dust stores tables like Dust: a queue that merges late, and files that are re-read each time."""

from __future__ import annotations

from typing import Any

import pytest

from local_dust import LocalDust, World
from local_dust.client import Visitor, error
from local_dust.tests.conftest import Clock
from local_dust.tests.tables.conftest import rows

NOT_UPSERTED = (500, "internal_server_error", "Failed to upsert database rows.")


def test_a_table_is_described_and_described_again(visitor: Visitor, dust: LocalDust) -> None:
    """By its id; rows and schema stay; a missing id is made up."""
    visitor.rows("t", {"1": {"a": 1}}, truncate=True)
    answer = visitor.table("t", title=" ", tags=["title: T "], timestamp=1_600_000_000, source_url="")

    table = answer.json()["table"]
    assert ("T", 1_600_000_000_000, "application/vnd.dust.table", ["t"]) == tuple(
        table[name] for name in ("title", "timestamp", "mime_type", "parents")
    )
    assert [{"name": "a", "value_type": "int", "possible_values": ["1"]}] == table["schema"]
    assert "parent_id" not in table
    assert {"1": {"a": 1}} == rows(dust)
    assert 10 == len(visitor.table("", name="other").json()["table"]["table_id"])


def test_a_second_table_of_one_name_is_a_500(visitor: Visitor) -> None:
    """Only the core's message tells it from an outage."""
    answer = visitor.table("t2", name="t")

    message = "Failed to upsert table (table names must be unique)."
    assert (500, "internal_server_error", message) == error(answer)
    core = answer.json()["error"]["data_source_error"]["message"]
    assert "names must be unique within a data source" in core


def test_columns_cannot_be_declared_and_a_title_is_required(visitor: Visitor) -> None:
    """`id` and `columns` are silently dropped; ordinary keys may not set some fields."""
    without_title = visitor.post("/tables", {"id": "x", "name": "x", "description": "", "columns": []})
    assert 'Invalid request body: Validation error: Required at "title"' == error(without_title)[2]
    assert "mimeType must not be provided" in error(visitor.table("x", mime_type="text/csv"))[2]
    assert "Please omit the parents field." in error(visitor.table("x", parents=[]))[2]
    assert 400 == visitor.table("x", remote_database_secret_id="x").status_code
    assert 400 == visitor.table("x", source_url="x").status_code
    assert 500 == visitor.table("x", parent_id="").status_code


def test_tables_are_listed_and_deleted(visitor: Visitor, dust: LocalDust) -> None:
    """Newest first; a missing one is a 404; a delete has an empty answer, even if the table is missing."""
    visitor.table("u", timestamp=1)

    assert ["t", "u"] == [table["table_id"] for table in visitor.get("/tables").json()["tables"]]
    assert (404, "table_not_found", "Failed to get table.") == error(visitor.get("/tables/none"))
    dust.world.key.role = "admin"
    assert [(200, b"")] * 2 == [(a.status_code, a.content) for a in map(visitor.delete, ["/tables/u"] * 2)]
    assert ["t"] == list(dust.world.tables())


def test_rows_are_validated(visitor: Visitor) -> None:
    """Ids are strings, keys are slugs, cells are scalars or datetimes."""

    def problem(row: Any) -> str:
        status, kind, message = error(visitor.post("/tables/t/rows", {"rows": [row]}))
        assert (400, "invalid_request_error") == (status, kind)
        return message.removeprefix("Invalid request body: ")

    assert 'Validation error: Required at "rows[0].row_id"; Required at "rows[0].value"' == problem({"a": 1})
    assert "Expected string, received number" in problem({"row_id": 1, "value": {}})
    assert 'received array at "rows[0].value.a"' in problem({"row_id": "1", "value": {"a": []}})
    assert "Invalid literal value" in problem({"row_id": "1", "value": {"a": {"type": "date", "epoch": 1}}})
    assert "keys must be lowercase alphanumeric." == problem({"row_id": "1", "value": {"fooBar": 1}})
    assert "keys must be lowercase alphanumeric." == problem({"row_id": "1", "value": {"a\n": 1}})


@pytest.mark.parametrize(
    "cells",
    [
        {"a": {"type": "datetime", "epoch": 1.5}},
        {"a": {"type": "datetime", "epoch": -1}},
        {f"c{number}_": 1 for number in range(513)},
    ],
)
def test_one_value_that_the_core_refuses_fails_the_whole_request(
    visitor: Visitor, dust: LocalDust, clock: Clock, cells: dict[str, Any]
) -> None:
    """Invalid moments or over 512 keys: a 500 without the core's error, and no row is written."""
    answer = visitor.rows("t", {"good": {"a": 1}, "bad": cells})

    assert NOT_UPSERTED == error(answer)
    assert "data_source_error" not in answer.json()["error"]
    clock.time += 60
    assert {} == rows(dust)


def test_a_missing_table_has_three_errors(visitor: Visitor) -> None:
    """500 to an upsert and to reads of rows, 404 to the delete of a row."""
    assert NOT_UPSERTED == error(visitor.rows("none", {}))
    assert (500, "Failed to list database rows.") == error(visitor.get("/tables/none/rows"))[::2]
    assert (500, "Failed to get row.") == error(visitor.get("/tables/none/rows/1"))[::2]
    assert (404, "table_not_found") == error(visitor.delete("/tables/none/rows/1"))[:2]


def test_queued_rows_are_merged_after_ten_quiet_seconds(visitor: Visitor, clock: Clock) -> None:
    """Every change to the table, including deletes, restarts the wait; until then no row and no schema shows."""
    answer = visitor.rows("t", {"1": {"a": 1}})
    assert {"name": "t", "table_id": "t", "description": "", "schema": None} == answer.json()["table"]
    clock.time += 9
    visitor.rows("t", {"2": {"a": 2}})
    clock.time += 9
    assert {"success": True} == visitor.delete("/tables/t/rows/1").json()
    clock.time += 9.9
    assert {"rows": [], "offset": 0, "limit": 10, "total": 0} == visitor.get("/tables/t/rows").json()
    assert 500 == visitor.get("/tables/t/rows/2").status_code

    clock.time += 0.1

    row = {"row_id": "2", "value": {"a": 2}}
    assert {"rows": [row], "offset": 0, "limit": 10, "total": 1} == visitor.get("/tables/t/rows").json()
    assert {"row": row} == visitor.get("/tables/t/rows/2").json()
    assert "int" == visitor.get("/tables/t").json()["table"]["schema"][0]["value_type"]


def test_rows_are_replaced_whole_and_the_last_change_counts(visitor: Visitor, dust: LocalDust, clock: Clock) -> None:
    """Columns missing in the new version become null; a delete is a change, too."""
    visitor.rows("t", {"1": {"a": 1, "b": 1}, "2": {"a": 2}, "3": {"a": 3}})
    clock.time += 10
    visitor.rows("t", {"1": {"a": 2}})
    visitor.delete("/tables/t/rows/2")
    visitor.rows("t", {"2": {"a": 9}, "3": {"a": 9}})
    visitor.delete("/tables/t/rows/3")
    clock.time += 10

    assert {"1": {"a": 2, "b": None}, "2": {"a": 9, "b": None}} == rows(dust)


def test_truncate_is_at_once_drops_the_queue_and_keeps_duplicates(
    visitor: Visitor, dust: LocalDust, clock: Clock
) -> None:
    """Only a truncating request does not merge equal ids."""
    visitor.rows("t", {"queued": {"a": 1}})
    twice = {"rows": [{"row_id": "1", "value": {"a": n}} for n in (1, 2)], "truncate": True}
    answer = visitor.post("/tables/t/rows", twice)

    assert "a" == answer.json()["table"]["schema"][0]["name"]
    assert [1, 2] == [row["value"]["a"] for row in visitor.get("/tables/t/rows").json()["rows"]]
    clock.time += 60
    assert {"1": {"a": 1}} == rows(dust)
    visitor.rows("t", {"2": {"a": 2}})
    clock.time += 10
    assert 2 == visitor.get("/tables/t/rows").json()["total"]
    visitor.rows("t", {}, truncate=True)
    assert {} == rows(dust)


def test_a_truncate_that_fails_may_have_lost_the_queue(visitor: Visitor, dust: LocalDust, clock: Clock) -> None:
    """The readable rows stay."""
    visitor.rows("t", {"1": {"a": 1}}, truncate=True)
    visitor.rows("t", {"2": {"a": 2}})
    broken = {"1": {"a": {"type": "datetime", "epoch": 0.5}}}
    assert NOT_UPSERTED == error(visitor.rows("t", broken, truncate=True))
    clock.time += 10
    assert {"1": {"a": 1}} == rows(dust)


def test_a_hundred_requests_may_wait(visitor: Visitor, dust: LocalDust, clock: Clock) -> None:
    """The next one is refused, as are deletes; a truncating one is not."""
    assert {200} == {visitor.rows("t", {str(n): {"a": n}}).status_code for n in range(100)}
    message = "Too many pending table updates are queued for this table. Please retry later."

    refused = visitor.rows("t", {"x": {"a": 1}})
    assert (429, "rate_limit_error", message) == error(refused)
    assert "Retry-After" not in refused.headers
    assert 429 == visitor.delete("/tables/t/rows/1").status_code
    visitor.table("other")
    assert 200 == visitor.rows("other", {"x": {"a": 1}}).status_code
    clock.time += 10
    assert 100 == len(rows(dust))
    assert 200 == visitor.rows("t", {"x": {"a": 1}}).status_code


def test_the_order_of_rows_changes_with_each_merge(visitor: Visitor, dust: LocalDust, clock: Clock) -> None:
    """After a truncate it is the order sent."""
    sent = [str(number) for number in range(50)]
    visitor.rows("t", {row_id: {"a": 1} for row_id in sent}, truncate=True)
    orders = [list(rows(dust))]
    for _ in range(2):
        visitor.rows("t", {"0": {"a": 2}})
        clock.time += 10
        orders.append(list(rows(dust)))

    assert sent == orders[0]
    assert 3 == len(set(map(tuple, orders)))


def test_a_deleted_table_leaves_its_queue_behind(visitor: Visitor, dust: LocalDust, clock: Clock) -> None:
    """A table of the same id inherits it."""
    visitor.rows("t", {"old": {"a": 1}})
    dust.world.key.role = "admin"
    visitor.delete("/tables/t")
    clock.time += 20
    visitor.table("t")

    assert {"old": {"a": 1}} == rows(dust)


def test_schemas_widen_with_each_merge_and_narrow_with_a_truncate(visitor: Visitor, clock: Clock) -> None:
    """int and float make float, all else text; columns of nulls are left out; few short values are listed."""

    def columns() -> dict[str, tuple[str, list[str] | None]]:
        schema = visitor.get("/tables/t").json()["table"]["schema"]
        return {c["name"]: (c["value_type"], c["possible_values"]) for c in schema}

    visitor.rows("t", {"1": {"a": 1, "b": True, "c": "x" * 31, "d": None}, "2": {"a": 1.5}}, truncate=True)
    assert {"a": ("float", ["1", "1.5"]), "b": ("bool", ["TRUE"]), "c": ("text", None)} == columns()
    visitor.rows("t", {"1": {"b": 1, "e": {"type": "datetime", "epoch": 0}}})
    clock.time += 10
    assert ("text", ["TRUE", "1"]) == columns()["b"]
    assert ("datetime", ["1970-01-01 00:00:00"]) == columns()["e"]
    visitor.rows("t", {str(n): {"b": n} for n in range(17)}, truncate=True)
    assert {"b": ("int", None)} == columns()


def test_511_columns_are_the_most_a_table_can_have(visitor: Visitor, dust: LocalDust, clock: Clock) -> None:
    """The hidden id is the 512th. The request accepts one more, which makes the table unreadable."""
    cells = {"c" + "_c" * number: number for number in range(512)}
    most = dict(list(cells.items())[:511])
    assert 200 == visitor.rows("t", {"1": most}, truncate=True).status_code
    assert {"1": most} == rows(dust)
    visitor.rows("t", {"2": cells})
    clock.time += 10
    assert {"1": most} == rows(dust)
    assert 0 == dust.world.tables()["t"].pending
    assert 200 == visitor.rows("t", {"1": cells}, truncate=True).status_code
    assert (500, "Failed to list database rows.") == error(visitor.get("/tables/t/rows"))[::2]


def test_a_table_past_its_size_is_written_once_and_never_read_again(
    visitor: Visitor, dust: LocalDust, clock: Clock
) -> None:
    """Too many rows or bytes: that merge succeeds, later ones are lost until a truncate."""
    dust.world.limits.table_rows = 3
    visitor.rows("t", {str(n): {"a": n} for n in range(3)})
    clock.time += 10
    assert 3 == len(rows(dust))
    visitor.rows("t", {"3": {"a": 3}})
    clock.time += 10
    assert "Too many rows in CSV file" == dust.world.tables()["t"].unreadable
    assert 500 == visitor.get("/tables/t/rows/0").status_code
    visitor.rows("t", {"4": {"a": 4}})
    clock.time += 3600
    assert 1 == dust.world.tables()["t"].pending
    clock.time += 2
    assert 0 == dust.world.tables()["t"].pending
    visitor.rows("t", {"0": {"a": 0}}, truncate=True)
    assert {"0": {"a": 0}} == rows(dust)
    dust.world.limits.table_bytes = 30
    assert 200 == visitor.rows("t", {"0": {"a": "x" * 20}}, truncate=True).status_code
    assert "CSV file is too large" == dust.world.tables()["t"].unreadable


@pytest.mark.parametrize(("which", "lost"), [("first", "0"), ("middle", "2"), ("last", "4")])
def test_a_merge_can_lose_a_chosen_request(
    visitor: Visitor, dust: LocalDust, clock: Clock, which: str, lost: str
) -> None:
    """Dust may silently lose one; this loses a chosen one, once."""
    dust.world.lose_rows("t", which=which)
    for number in range(5):
        visitor.rows("t", {str(number): {"a": number}})
    clock.time += 10

    assert {"0", "1", "2", "3", "4"} - {lost} == set(rows(dust))
    visitor.rows("t", {"5": {"a": 5}})
    clock.time += 10
    assert "5" in rows(dust)


def test_a_loss_can_be_called_off(visitor: Visitor, dust: LocalDust, clock: Clock) -> None:
    """As long as no merge has lost anything."""
    dust.world.lose_rows("t", which="first")
    dust.world.lose_no_rows()
    visitor.rows("t", {"1": {"a": 1}})
    clock.time += 10

    assert {"1": {"a": 1}} == rows(dust)


def test_what_is_promised_counts_what_is_queued(visitor: Visitor, dust: LocalDust) -> None:
    """As if it were merged now, though it cannot be read yet."""
    visitor.rows("t", {"1": {"a": 1}, "2": {"a": 2}}, truncate=True)
    visitor.rows("t", {"2": {"a": 3}, "3": {"a": 4}})
    visitor.delete("/tables/t/rows/1")

    assert {"2": {"a": 3}, "3": {"a": 4}} == dust.world.promised_rows("t")
    assert {"1": {"a": 1}, "2": {"a": 2}} == rows(dust)
    assert {} == dust.world.promised_rows("no such table")


def test_a_merge_can_fail_on_demand(visitor: Visitor, dust: LocalDust, clock: Clock) -> None:
    """Too many columns drop the queue at once; another failure passes."""
    dust.world.lose_rows("t", error="Too many columns in CSV file")
    visitor.rows("t", {"1": {"a": 1}})
    clock.time += 10
    assert ({}, 0) == (rows(dust), dust.world.tables()["t"].pending)

    dust.world.lose_rows("t", error="Passing trouble")
    visitor.rows("t", {"1": {"a": 1}})
    clock.time += 10
    assert ({}, 1) == (rows(dust), dust.world.tables()["t"].pending)
    clock.time += 1
    assert {"1": {"a": 1}} == rows(dust)


def test_rows_are_listed_in_pages(visitor: Visitor) -> None:
    """`limit` and `offset` are validated, and may be beyond the end."""
    visitor.rows("t", {str(n): {"a": n} for n in range(12)}, truncate=True)

    page = visitor.get("/tables/t/rows", limit=5, offset=10).json()
    assert (["10", "11"], 10, 5, 12) == (
        [r["row_id"] for r in page["rows"]],
        page["offset"],
        page["limit"],
        page["total"],
    )
    assert [] == visitor.get("/tables/t/rows", offset=99).json()["rows"]
    assert 400 == visitor.get("/tables/t/rows", limit="x").status_code


def test_the_legacy_server_answers_a_full_queue_with_500() -> None:
    """The current one answers 429."""
    with LocalDust(World(server="legacy", pending_files=1)) as dust:
        visitor = Visitor(dust)
        visitor.table("t")
        assert 200 == visitor.rows("t", {"1": {"a": 1}}).status_code
        assert NOT_UPSERTED == error(visitor.rows("t", {"1": {"a": 1}}))
