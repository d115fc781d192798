"""PyAirbyte's states between writes, and writes whose source fails."""

from __future__ import annotations

from integration_tests.airbyte_tools.clients import FAKER, Client, Source
from integration_tests.airbyte_tools.conftest import QuickDust
from integration_tests.airbyte_tools.faker import sizes, write
from integration_tests.airbyte_tools.sources import as_documents, documents, written_in_turn

REMEMBERING = {"cache": False}


def test_states_come_back_so_that_the_source_goes_on_where_it_was(
    dust: QuickDust, client: Client, faker: Source
) -> None:
    """Unchanged streams are not read again, except in a forced full refresh."""
    config = dust.settings("documents")
    first, unchanged = write(client, faker, config, 50, 50, strategy="AUTO", options=REMEMBERING, always_updated=False)
    assert ({"users": 50, "products": 50, "purchases": 50}, {}) == (sizes(first), sizes(unchanged))
    assert as_documents(written_in_turn(first)) == documents(dust.world)

    (again,) = write(
        client,
        faker,
        config,
        20,
        strategy="REPLACE",
        options={**REMEMBERING, "force_full_refresh": True},
        always_updated=False,
    )

    assert {"users": 20, "products": 20, "purchases": 20} == sizes(again)
    assert as_documents(written_in_turn(again)) == documents(dust.world)


def test_a_source_that_fails_in_a_replace_removes_nothing_of_unfinished_streams(
    dust: QuickDust, client: Client, faker: Source
) -> None:
    """All 200 users and purchases survive a write that fails among the first users."""
    config = dust.settings("documents")
    (before,) = write(client, faker, config, 200, strategy="REPLACE")
    broken = Source(client, FAKER, breaks_after=100)

    (after,) = write(client, broken, config, 50, strategy="REPLACE", fails=True)

    assert {"products": 50} == {stream: size for stream, size in sizes(after).items() if stream != "users"}
    assert 0 < len(after["users"]) < 50
    kept = {"users": before["users"], "purchases": before["purchases"]}
    assert as_documents(written_in_turn(kept, after)) == documents(dust.world)
