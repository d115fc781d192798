"""Streams that the catalog lacks, and the ones that they are meant to be."""

from __future__ import annotations

import pytest

from destination_dust.airbyte.messages import Record, StreamKey
from destination_dust.airbyte.unknown_streams import UnknownStreams
from unit_tests.builders import ORDERS, USERS


@pytest.mark.parametrize(
    ("unknown", "meant"),
    [
        (StreamKey(None, "Users"), USERS),
        (StreamKey("crm", "users"), USERS),
        (StreamKey(None, "crm_users"), USERS),
        (StreamKey(None, "user"), USERS),
        (StreamKey(None, "usres"), USERS),
        (StreamKey(None, "orders"), StreamKey("shop", "shop_orders")),
        (StreamKey("Shop", "SHOP_ORDERS"), StreamKey("shop", "shop_orders")),
        (StreamKey(None, "payments"), None),
        (StreamKey(None, "x"), None),
    ],
)
def test_the_nearest_stream_is_the_one_that_was_meant(unknown: StreamKey, meant: StreamKey | None) -> None:
    """Prefixes, namespaces and the case differ between a catalog and an input, and people misspell names."""
    assert meant == UnknownStreams([USERS, StreamKey("shop", "shop_orders")]).nearest(unknown)


def test_a_record_of_an_unknown_stream_is_refused_by_line() -> None:
    """With the stream that it may be of, told apart from one whose name looks the same with its namespace."""
    error = UnknownStreams([StreamKey("crm", "users")]).refuse(Record(StreamKey(None, "crm.users"), {}, 1, 7))

    assert str(error).startswith(
        "Line 7 of the input is a record of the stream crm.users, which the catalog does not contain "
        "(it contains the stream users of the namespace crm)."
    )


def test_states_of_an_unknown_stream_are_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    """There may be thousands."""
    streams = UnknownStreams([USERS])
    for _ in range(3):
        streams.warn(ORDERS)
        streams.warn(StreamKey("crm", "users"))

    assert 2 == len(caplog.records)
    assert "(it contains the stream users, without a namespace)" in caplog.text
