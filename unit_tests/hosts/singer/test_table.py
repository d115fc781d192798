"""What proves that a tap has sent all of a table."""

from __future__ import annotations

import pytest

from destination_dust.hosts.singer.messages import Activation, Row, parse
from destination_dust.hosts.singer.table import FullTable
from unit_tests.hosts.singer.lines import activation, row, schema

RECORD, ACTIVATION, SCHEMA = row(1, version=1), activation(1), schema()


@pytest.mark.parametrize(
    ("lines", "complete"),
    [
        ([RECORD, ACTIVATION], True),
        ([ACTIVATION, RECORD, ACTIVATION], True),
        ([SCHEMA, ACTIVATION, RECORD, SCHEMA, RECORD, ACTIVATION], True),
        ([], False),
        ([ACTIVATION], False),
        ([ACTIVATION, ACTIVATION], False),
        ([ACTIVATION, RECORD], False),
        ([RECORD, SCHEMA, ACTIVATION], False),
    ],
)
def test_only_an_activation_after_a_record_proves_it(lines: list[bytes], complete: bool) -> None:
    """One right behind a SCHEMA stands at the beginning of a table, or of a part of it."""
    table = FullTable("users", 1)

    for line in lines:
        message = parse(line)
        assert message is not None
        table.observe(message)  # type: ignore[arg-type] # there is no state among them

    assert complete is table.is_complete


@pytest.mark.parametrize(
    ("line", "declared", "begins"),
    [
        (RECORD, schema(), True),
        (ACTIVATION, schema(), True),
        (row(1), schema(), False),
        (RECORD, schema(bookmark_properties=["id"]), False),
        (ACTIVATION, schema(bookmark_properties=["id"]), False),
        (RECORD, schema(schema={"properties": {"id": {}, "_sdc_deleted_at": {}}}), False),
        (RECORD, schema(schema={"properties": {"id": {}, "_sdc_lsn_deleted_at": {}}}), False),
    ],
)
def test_a_table_has_a_version_and_no_bookmarks_or_deletions(line: bytes, declared: bytes, begins: bool) -> None:
    """An incremental stream never brings all of its records again; nor does a log, which deletions give away."""
    message, stream = parse(line), parse(declared)
    assert isinstance(message, (Row, Activation))

    assert begins is (FullTable.begun_by(message, stream) is not None)  # type: ignore[arg-type] # a SCHEMA
