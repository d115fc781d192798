"""Values, names and commands of Postgres: what Dust holds of each, in both formats, and what the log says."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from integration_tests.harness.connector import Connector, write
from integration_tests.harness.contents import contents
from integration_tests.harness.messages import complete, state
from integration_tests.harness.postgres import DATE, INTEGER, NUMBER, TEXT, TIMESTAMP, changed, table
from integration_tests.harness.tables import QUIET, settings, stored
from local_dust import LocalDust, World

FORMATS = ["documents", "tables"]
SERIALIZATION = "SOURCE_SERIALIZATION_ERROR"
# What source-postgres sends of a column, the JSON of the document, and the cell of the row.
VALUES: dict[str, tuple[dict[str, Any], str, str, Any]] = {
    "infinite_day": (DATE, '"Infinity"', '"Infinity"', None),
    "infinite_moment": (TIMESTAMP, '"-Infinity"', '"-Infinity"', None),
    "no_number": (NUMBER, '"NaN"', '"NaN"', None),
    "early_day": (DATE, '"1991-02-10 BC"', '"1991-02-10 BC"', "1991-02-10 BC"),
    "late_day": (DATE, '"+20000-01-01"', '"+20000-01-01"', "+20000-01-01"),
    "bits": (TEXT, '"00000101"', '"00000101"', 101),
    "choice": (TEXT, '"t"', '"t"', True),
    "json_number": (TEXT, '"10000000"', '"10000000"', 10000000),
    "postcode": (TEXT, '"00789"', '"00789"', 789),
    "exponent": (TEXT, '"1e5"', '"1e5"', "1e5"),
    "decimal": (NUMBER, "12345678901234567890.123456789", "12345678901234567890.123456789", 12345678901234567890.1),
    "thirty_eight_digits": (
        INTEGER,
        "1234567890" * 3 + "12345678",
        "1234567890" * 3 + "12345678",
        1.2345678901234568e37,
    ),
    "largest": (INTEGER, "9223372036854775807", "9223372036854775807", 9223372036854775808),
    "numbers": ({"type": "array", "items": INTEGER}, "[1,null]", "[1,null]", "[1,null]"),
}


@pytest.fixture
def dust() -> Iterable[LocalDust]:
    """A local Dust that merges quickly, without the limit of upserts."""
    with LocalDust(World(quiet_seconds=QUIET, upserts_per_minute=None)) as server:
        yield server


def sync(
    dust: LocalDust, folder: Path, streams: dict[str, Any], *messages: dict[str, Any] | bytes, **chosen: Any
) -> Connector:
    shortened = settings(**chosen) if chosen.get("data_format") == "tables" else chosen
    config = dust.config(documents_per_minute=100_000, **shortened)
    return write(folder, config, streams, [*messages, state("tickets", 1)])


def warnings(connector: Connector) -> list[str]:
    return [each["log"]["message"] for each in connector.messages("LOG") if each["log"]["level"] == "WARN"]


def line() -> bytes:
    """A row with each of the values, to the digit."""
    base = json.dumps(changed(1))
    values = ", ".join(f'"{name}": {sent}' for name, (_, sent, _, _) in VALUES.items())
    return base.replace('"id": 1', f'"id": 1, {values}').encode()


def columns() -> dict[str, Any]:
    return {name: schema for name, (schema, *_) in VALUES.items()}


def test_documents_have_each_value_as_it_was_sent(dust: LocalDust, tmp_path: Path) -> None:
    """Digit by digit, in the JSON format."""
    sync(dust, tmp_path, table(**columns()), line())

    text = dust.world.documents()["tickets-1"].text
    for name, (_, _, expected, _) in VALUES.items():
        assert f'"{name}":{expected}' in text


def test_tables_have_what_dust_reads_of_each_value(dust: LocalDust, tmp_path: Path) -> None:
    """Other values than the source's are counted by column. What is infinite is null, so that dates stay dates."""
    connector = sync(dust, tmp_path, table(**columns()), line(), data_format="tables")

    row = stored(dust.world, "airbyte_tickets")["tickets-1"]
    expected = {name: cell for name, (*_, cell) in VALUES.items()}
    assert {name: cell for name, cell in expected.items() if cell is not None} == {
        name: cell for name, cell in row.items() if name in expected
    }
    said = "\n".join(warnings(connector))
    for words in (
        "NaN or infinite numbers, which become null: ",
        "texts that Dust reads as numbers",
        "before the year 1",
    ):
        assert words in said
    for column in ("infinite_day (1)", "infinite_moment (1)", "no_number (1)", "postcode (1)", "bits (1)"):
        assert column in said


def test_an_interval_is_read_as_a_time_of_day(dust: LocalDust, tmp_path: Path) -> None:
    """Of the day on which Dust reads the table. Nothing can prevent that in tables, so the log says it."""
    connector = sync(dust, tmp_path, table(took=TEXT), changed(1, took="04:05:06"), data_format="tables")

    assert stored(dust.world, "airbyte_tickets")["tickets-1"]["took"].endswith(" 04:05:06")
    assert any("texts that Dust reads as dates" in each and "took (1)" in each for each in warnings(connector))


@pytest.mark.parametrize("data_format", FORMATS)
def test_what_the_source_nulled_or_truncated_is_reported(dust: LocalDust, tmp_path: Path, data_format: str) -> None:
    """By field and reason, once at the end."""
    messages = [changed(number, price=None) for number in range(3)]
    for message in messages[:2]:
        message["record"]["meta"] = {"changes": [{"field": "price", "change": "NULLED", "reason": SERIALIZATION}]}

    connector = sync(dust, tmp_path, table(price=NUMBER), *messages, data_format=data_format)

    expected = f"Stream tickets: the source changed 2 values before it sent them: price: NULLED, {SERIALIZATION} (2)."
    assert [expected] == warnings(connector)


@pytest.mark.parametrize("data_format", FORMATS)
def test_a_refresh_removes_what_truncate_removed(dust: LocalDust, tmp_path: Path, data_format: str) -> None:
    """Debezium says nothing of a TRUNCATE, so until then the rows stay."""
    chosen = {"data_format": data_format}
    sync(dust, tmp_path, table(), changed(1, title="old"), changed(2, title="old"), **chosen)
    sync(dust, tmp_path, table(), changed(3, title="new"), **chosen)
    assert {"tickets-1", "tickets-2", "tickets-3"} == held(dust, data_format)

    refreshed = table(generation=2, minimum=2)
    sync(dust, tmp_path, refreshed, changed(3, title="new"), complete("tickets"), **chosen)

    assert {"tickets-3"} == held(dust, data_format)


def held(dust: LocalDust, data_format: str) -> set[str]:
    return {*(contents(dust.world) if data_format == "documents" else stored(dust.world, "airbyte_tickets"))}


def test_a_namespace_is_a_part_of_the_names(dust: LocalDust, tmp_path: Path) -> None:
    """With a hash, so that no two tables share an id. Without a namespace the names are plain."""
    message = changed(1, title="one")
    message["record"]["namespace"] = "public"

    for data_format in FORMATS:
        sync(dust, tmp_path, table(namespace="public"), message, data_format=data_format)

    (document_id,) = dust.world.documents()
    (table_id,) = dust.world.tables()
    assert document_id.startswith("public-tickets-1--")
    assert table_id.startswith("airbyte_public_tickets_")


def test_columns_with_digits_are_told(dust: LocalDust, tmp_path: Path) -> None:
    """Dust would change their names, so the connector does, and says so."""
    connector = sync(dust, tmp_path, table(address1=TEXT), changed(1, address1="x"), data_format="tables")

    assert "x" == stored(dust.world, "airbyte_tickets")["tickets-1"]["address_1"]
    assert any("'address1' → address_1" in each for each in connector.logs())


def test_the_time_of_the_change_can_be_the_time_of_the_document(dust: LocalDust, tmp_path: Path) -> None:
    """It says when the row was changed in Postgres; without it, when the source read the change."""
    sync(dust, tmp_path, table(), changed(1, title="one"), timestamp_field="_ab_cdc_updated_at")

    assert 1_777_638_896_789 == dust.world.documents()["tickets-1"].timestamp
