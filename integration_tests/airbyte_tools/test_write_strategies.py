"""PyAirbyte writes source-faker to Dust, with each of its strategies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integration_tests.airbyte_tools.clients import Client, Source
from integration_tests.airbyte_tools.conftest import QuickDust
from integration_tests.airbyte_tools.faker import sizes, write
from integration_tests.airbyte_tools.sources import as_documents, as_rows, documents, rows, written_in_turn
from local_dust import World

SIZES = [{"users": 200, "products": 100, "purchases": 200}, {"users": 50, "products": 50, "purchases": 50}]
TABLES = {"airbyte_users", "airbyte_products", "airbyte_purchases"}

in_both_formats = pytest.mark.parametrize(
    ("data_format", "expected", "found", "tables"),
    [("documents", as_documents, documents, set()), ("tables", as_rows, rows, TABLES)],
    ids=["documents", "tables"],
)
"""For each format: how to compute the expected contents, how to read the actual ones, and the tables."""

Expected = Callable[[dict[str, Any]], dict[str, Any]]
Found = Callable[[World], dict[str, Any]]


@in_both_formats
@pytest.mark.parametrize("strategy", ["AUTO", "APPEND", "MERGE"])
def test_what_a_later_write_brings_joins_that_of_an_earlier_one(
    dust: QuickDust,
    client: Client,
    faker: Source,
    strategy: str,
    data_format: str,
    expected: Expected,
    found: Found,
    tables: set[str],
) -> None:
    """500 documents, or rows in three tables, with what the source printed, the later version of each; nothing else."""
    reads = write(client, faker, dust.settings(data_format), 200, 50, strategy=strategy)

    assert SIZES == [sizes(read) for read in reads]
    assert expected(written_in_turn(*reads)) == found(dust.world)
    assert tables == set(dust.world.tables())


@in_both_formats
def test_a_later_replace_removes_what_it_did_not_bring(
    dust: QuickDust,
    client: Client,
    faker: Source,
    data_format: str,
    expected: Expected,
    found: Found,
    tables: set[str],
) -> None:
    """After 500 documents or rows come 150, and only they are left."""
    config = dust.settings(data_format)
    first = write(client, faker, config, 200, strategy="REPLACE")
    assert expected(written_in_turn(*first)) == found(dust.world)

    second = write(client, faker, config, 50, strategy="REPLACE")

    assert SIZES == [sizes(read) for read in first + second]
    assert expected(written_in_turn(*second)) == found(dust.world)
    assert tables == set(dust.world.tables())
