"""What texts leave out is said once for each stream."""

import pytest

from destination_dust.airbyte.catalog import Mode, StreamPlan
from destination_dust.writers.documents.omissions import Omissions
from unit_tests.builders import ORDERS, USERS

PLAN = StreamPlan(USERS, Mode.APPEND, properties={"id": {}, "user": {}, "a.b": {}})


def test_omitted_values_are_counted_by_stream_and_declared_field(caplog: pytest.LogCaptureFixture) -> None:
    """Other names are not logged: they may be data."""
    omissions = Omissions()
    with caplog.at_level("INFO", "airbyte"):
        for _ in range(3):
            omissions.add(PLAN, ["id", "user.avatar", "a.b.c", "ann@example.com"])
        omissions.add(StreamPlan(ORDERS, Mode.APPEND), ["secret"])
        omissions.report()

    users, orders = caplog.messages
    assert "Stream users: texts leave out 12 values" in users
    assert "in the fields a.b, id, user. Agents" in users
    assert "Stream orders: texts leave out 1 values" in orders
    assert "in the fields that the schema does not declare." in orders
    assert "ann@example.com" not in caplog.text


def test_many_fields_are_not_all_named(caplog: pytest.LogCaptureFixture) -> None:
    """Ten are enough to see what it is about."""
    omissions = Omissions()
    names = [f"f{n:02}" for n in range(12)]
    with caplog.at_level("INFO", "airbyte"):
        omissions.add(StreamPlan(USERS, Mode.APPEND, properties=dict.fromkeys(names)), names)
        omissions.report()

    assert "f08, f09 and 2 more. " in caplog.text


def test_nothing_omitted_is_nothing_said(caplog: pytest.LogCaptureFixture) -> None:
    """A record with nothing to leave out is the normal case."""
    omissions = Omissions()
    with caplog.at_level("INFO", "airbyte"):
        omissions.add(PLAN, [])
        omissions.report()

    assert [] == caplog.messages
