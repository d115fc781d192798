"""The header in which a server says when to come back, which may say anything."""

from __future__ import annotations

import datetime
import email.utils

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.dust.retry_after import MAX_RETRY_AFTER, retry_after


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("12", 12.0),
        (" 12 ", 12.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("-5", 0.0),
        ("1000000000", MAX_RETRY_AFTER),
        ("inf", MAX_RETRY_AFTER),
        ("1e400", MAX_RETRY_AFTER),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 9999 07:28:00 GMT", MAX_RETRY_AFTER),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
        ("21 Oct", None),
    ],
)
def test_a_retry_after_is_seconds_within_reason(value: str | None, seconds: float | None) -> None:
    """A past date means no wait, a distant one the longest wait, and nonsense is ignored."""
    assert seconds == retry_after(value)


def test_a_retry_after_may_be_a_date() -> None:
    """In whole seconds, so it can be up to one short."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=100)

    seconds = retry_after(email.utils.format_datetime(at, usegmt=True))

    assert seconds is not None
    assert 90 <= seconds <= 100


_NUMBERS = st.integers(-1, 100_000)
_DATES = st.builds(
    "{}, {} {} {} {}:{}:{} {}".format,
    st.sampled_from(["Wed", "", "X"]),
    _NUMBERS,
    st.sampled_from(["Oct", "Feb", "", "10"]),
    _NUMBERS,
    _NUMBERS,
    st.integers(0, 61),
    st.integers(0, 61),
    st.sampled_from(["GMT", "-0000", "+9999", "", "X"]),
)


@given(st.text() | _DATES)
def test_no_retry_after_breaks_the_sync(value: str) -> None:
    """It is a number of seconds within reason, or nothing."""
    seconds = retry_after(value)

    assert seconds is None or 0.0 <= seconds <= MAX_RETRY_AFTER
