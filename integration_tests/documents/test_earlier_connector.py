"""Documents of the connector in dust-labs, which has ids and a label like ours, and nothing else."""

from __future__ import annotations

from integration_tests.harness.contents import documents
from integration_tests.harness.in_process import sync
from integration_tests.harness.messages import catalog, complete, state
from integration_tests.harness.replacements import ids, truncating, users
from local_dust import LocalDust
from local_dust.client import Visitor


def test_a_replacement_takes_over_and_cleans_up_what_the_earlier_connector_wrote(dust: LocalDust) -> None:
    """Plain ids stay, others of the stream go, and what lacks its label is left alone: the documentation says so."""
    visitor = Visitor(dust)
    for document_id, label in [
        ("users-1", "airbyte:stream:users"),
        ("users-a_b", "airbyte:stream:users"),
        ("teams-1", "airbyte:stream:teams"),
    ]:
        visitor.upsert(document_id, tags=[label])
    visitor.upsert("by-hand")

    done = sync(dust.world, catalog(truncating(5)), [*users(1, 2), state("users", 1), complete("users")])

    assert done.failure is None
    assert ids(1, 2) | {"teams-1", "by-hand"} == documents(dust.world).keys()
    assert "users-1" in ids(1)
