"""Values of every kind, as a real PostgreSQL writes them: alike in the copy and in the log."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from destination_dust import exact_json
from examples.postgres_replication.values import value_of
from integration_tests.postgres.source import Source, caught_up
from local_dust import LocalDust

VALUES: dict[str, tuple[str, str, Any]] = {
    "boolean": ("boolean", "true", True),
    "bigint": ("bigint", "9223372036854775807", 9223372036854775807),
    "numeric": ("numeric", "12345678901234567890.123456789", Decimal("12345678901234567890.123456789")),
    "nan": ("numeric", "'NaN'", None),
    "infinite": ("double precision", "'-Infinity'", None),
    "real": ("double precision", "0.1", 0.1),
    "date": ("date", "'2026-01-02'", "2026-01-02"),
    "no_date": ("date", "'infinity'", None),
    "old_date": ("date", "'0044-03-15 BC'", "0044-03-15 BC"),
    "at": ("timestamp", "'2026-01-02 03:04:05.678'", "2026-01-02T03:04:05.678"),
    "at_zone": ("timestamptz", "'2026-01-02 03:04:05+02'", "2026-01-02T01:04:05+00:00"),
    "never": ("timestamptz", "'-infinity'", None),
    "hour": ("time", "'13:00'", "13:00:00"),
    "span": ("interval", "'1 day 04:05:06'", "P1DT4H5M6S"),
    "json": ("jsonb", """'{"a": [1, {"b": 12345678901234567890}]}'""", {"a": [1, {"b": 12345678901234567890}]}),
    "texts": ("text[]", """'{"a b","c,\\"d",NULL,"NULL",""}'""", ["a b", 'c,"d', None, "NULL", ""]),
    "numbers": ("int[]", "'{1,NULL,3}'", [1, None, 3]),
    "matrix": ("int[]", "'{{1,2},{3,4}}'", [[1, 2], [3, 4]]),
    "bounds": ("int[]", "'[0:1]={5,6}'", [5, 6]),
    "empty": ("int[]", "'{}'", []),
    "truths": ("boolean[]", "'{t,f}'", [True, False]),
    "uuid": ("uuid", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    "bytes": ("bytea", r"'\x1234'", "\\x1234"),
    "address": ("inet", "'198.24.10.0'", "198.24.10.0"),
    "kind": ("kind", "'b'", "b"),
    "odd name; --": ("text", "'é\n'", "é\n"),
    "null": ("int", "NULL", None),
}


def test_values_arrive_alike_from_the_copy_and_from_the_log(source: Source, dust: LocalDust, tmp_path: Path) -> None:
    """And are what JSON has for them, with all their digits."""
    columns = ", ".join(f'"{name}" {kind}' for name, (kind, _, _) in VALUES.items())
    source.execute(f"CREATE TYPE kind AS ENUM ('a', 'b'); CREATE TABLE t (id int PRIMARY KEY, {columns})")
    source.execute("CREATE PUBLICATION dust FOR TABLE t")
    literals = ", ".join(literal for _, literal, _ in VALUES.values())
    settings = dust.config(text_format="json")

    source.execute(f"INSERT INTO t VALUES (1, {literals})")
    caught_up(source, settings, tmp_path)
    source.execute(f"INSERT INTO t VALUES (2, {literals})")
    caught_up(source, settings, tmp_path)

    expected = {name: value for name, (_, _, value) in VALUES.items()}
    stored = dust.world.documents()
    for number in (1, 2):
        record = exact_json.loads(stored[f"t-{number}"].text.encode())
        assert {"id": number, **expected} == record
    assert json.loads(stored["t-1"].text).keys() == json.loads(stored["t-2"].text).keys()


@pytest.mark.parametrize("oid", [16, 20, 1700, 114, 1082, 1184, 1007, 25])
def test_null_is_null(oid: int) -> None:
    """Whatever the type."""
    assert value_of(oid, None) is None
