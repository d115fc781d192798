"""PyAirbyte writes source-faker to Dust, with each of its strategies."""

from __future__ import annotations

import pytest

from client_tests.clients import Client, Source
from client_tests.conftest import QuickDust
from client_tests.faker import sizes, write
from client_tests.sources import as_documents, as_rows, documents, rows, written_in_turn

SIZES = [{"users": 200, "products": 100, "purchases": 200}, {"users": 50, "products": 50, "purchases": 50}]
ADDING = ("AUTO", "APPEND", "MERGE")


@pytest.mark.parametrize("strategy", ADDING)
def test_documents_of_a_later_write_join_those_of_an_earlier_one(
    dust: QuickDust, client: Client, faker: Source, strategy: str
) -> None:
    """500 documents with the text and time of the source's records, the later version of each; nothing else."""
    reads = write(client, faker, dust.settings("documents"), 200, 50, strategy=strategy)

    assert SIZES == [sizes(read) for read in reads]
    assert as_documents(written_in_turn(*reads)) == documents(dust.world)


@pytest.mark.parametrize("strategy", ADDING)
def test_rows_of_a_later_write_join_those_of_an_earlier_one(
    dust: QuickDust, client: Client, faker: Source, strategy: str
) -> None:
    """500 rows in three tables with the cells of the source's records, the later version of each; nothing else."""
    reads = write(client, faker, dust.settings("tables"), 200, 50, strategy=strategy)

    assert SIZES == [sizes(read) for read in reads]
    assert as_rows(written_in_turn(*reads)) == rows(dust.world)
    assert {"airbyte_users", "airbyte_products", "airbyte_purchases"} == set(dust.world.tables())


def test_a_later_replace_removes_documents_that_it_did_not_bring(
    dust: QuickDust, client: Client, faker: Source
) -> None:
    """After 500 documents come 150, and only they are left."""
    config = dust.settings("documents")
    first = write(client, faker, config, 200, strategy="REPLACE")
    assert as_documents(written_in_turn(*first)) == documents(dust.world)

    second = write(client, faker, config, 50, strategy="REPLACE")

    assert SIZES == [sizes(read) for read in first + second]
    assert as_documents(written_in_turn(*second)) == documents(dust.world)


def test_a_later_replace_removes_rows_that_it_did_not_bring(dust: QuickDust, client: Client, faker: Source) -> None:
    """After 500 rows come 150, and only they are left."""
    config = dust.settings("tables")
    first = write(client, faker, config, 200, strategy="REPLACE")
    assert as_rows(written_in_turn(*first)) == rows(dust.world)

    second = write(client, faker, config, 50, strategy="REPLACE")

    assert SIZES == [sizes(read) for read in first + second]
    assert as_rows(written_in_turn(*second)) == rows(dust.world)
