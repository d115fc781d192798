"""Whether the fields that were chosen for the text exist."""

from __future__ import annotations

from typing import Any

import pytest

from destination_dust.airbyte.catalog import Mode, StreamPlan
from destination_dust.mapping.documents.document import DocumentShape
from destination_dust.writers.documents.chosen_text import ChosenText
from unit_tests.builders import USERS

BODY = DocumentShape(text_fields=("Body", "notes.*.text"))


def users(**properties: Any) -> StreamPlan:
    """The stream of users with this schema."""
    return StreamPlan(USERS, Mode.APPEND, properties=properties)


@pytest.mark.parametrize(
    "properties", [{"body": {}}, {"notes": {"items": {"properties": {"text": {"type": "string"}}}}}]
)
def test_the_schema_proves_a_field(properties: dict[str, Any]) -> None:
    """Then no record needs to."""
    assert ChosenText().is_proven(users(**properties), BODY)


@pytest.mark.parametrize("properties", [{}, {"other": {}}, {"notes": {}}, {"notes": {"type": "array"}}])
def test_a_record_proves_a_field_that_the_schema_does_not(
    properties: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """A record without it does not disprove it: one warning, and records keep their text for now."""
    plan, text = users(**properties), ChosenText()

    for _ in range(2):
        assert not text.is_proven(plan, BODY)
        text.observe(plan, BODY, lacks_text=True)
    text.observe(plan, BODY, lacks_text=False)
    text.observe(plan, BODY, lacks_text=True)

    assert text.is_proven(plan, BODY)
    (warning,) = caplog.messages
    assert warning.startswith(f"Stream {USERS}: the first record has none of the text_fields (Body, notes.*.text), so")


def test_who_chose_nothing_chose_all() -> None:
    """There is nothing to prove."""
    assert ChosenText().is_proven(users(), DocumentShape())
