"""A change of the text format is told from changes of records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from destination_dust.mapping.documents.document import DocumentShape, document
from destination_dust.writers.documents.format_changes import TRIES, FormatChanges
from unit_tests.builders import ORDERS, USERS

AUTO = DocumentShape(text_format="auto")
RECORD = {"id": 1, "name": "Ann"}


def mapped(record: dict[str, Any]) -> Callable[[DocumentShape], str]:
    """The fingerprint of a record in any shape."""
    return lambda shape: document(None, "users", record, generation=None, emitted_at=1, shape=shape).fingerprint


IN_JSON = mapped(RECORD)(DocumentShape())


@pytest.fixture
def changes(caplog: pytest.LogCaptureFixture) -> FormatChanges:
    """For a data source of 12,000 documents."""
    caplog.set_level("INFO", "airbyte")
    return FormatChanges(lambda: 12_000, 120)


def test_the_same_record_in_another_format_proves_a_change(
    changes: FormatChanges, caplog: pytest.LogCaptureFixture
) -> None:
    """Said once for each stream, with the time that it takes."""
    for stream in (USERS, USERS, ORDERS):
        if compare := changes.watch(stream, AUTO, mapped(RECORD)):
            compare(IN_JSON)

    users, orders = caplog.messages
    assert "Stream users: its documents in Dust have the text_format json, and it is auto now." in users
    assert "at 120 a minute, 1,000 take 8 min, and all 12000 of the data source would take 100 min." in users
    assert "Stream orders: " in orders


@pytest.mark.parametrize("found", [None, "", mapped(RECORD)(AUTO), mapped({**RECORD, "name": "Eve"})(DocumentShape())])
def test_a_changed_record_proves_nothing(
    changes: FormatChanges, caplog: pytest.LogCaptureFixture, found: str | None
) -> None:
    """Nor does an unchanged one, or one that Dust does not have."""
    compare = changes.watch(USERS, AUTO, mapped(RECORD))

    assert compare
    compare(found)
    assert [] == caplog.messages


def test_only_some_documents_are_compared(changes: FormatChanges) -> None:
    """Each of them is mapped in every format."""
    watched = [changes.watch(USERS, AUTO, mapped(RECORD)) for _ in range(TRIES + 5)]

    assert [True] * TRIES + [False] * 5 == [compare is not None for compare in watched]
