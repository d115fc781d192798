"""Points in time: read as the source means them, and sent in the form that Dust stores."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.mapping.timestamps import epoch_milliseconds, stored_timestamp

NOW = -1


def _stored(sent: int) -> int:
    """The milliseconds that Dust's server stores for a timestamp."""
    if sent < 0:
        return NOW
    return sent * 1000 if sent < 10**10 else sent


@given(st.integers(0, 253_402_300_799_999))
def test_dust_stores_the_time_that_was_meant(milliseconds: int) -> None:
    """To the second at least: small numbers, which it takes for seconds, included."""
    assert 0 <= milliseconds - _stored(stored_timestamp(milliseconds)) < 1000


@given(st.integers(10**10, 253_402_300_799_999))
def test_from_may_1970_on_milliseconds_are_kept(milliseconds: int) -> None:
    """Nothing is sent in seconds that need not be."""
    assert milliseconds == stored_timestamp(milliseconds)


@given(st.integers(max_value=-1))
def test_a_time_before_1970_does_not_become_now(milliseconds: int) -> None:
    """It becomes the earliest time that Dust can store."""
    assert 0 == _stored(stored_timestamp(milliseconds))


def test_a_time_after_the_year_9999_becomes_its_last_moment() -> None:
    """No database takes more."""
    assert 253_402_300_799_999 == stored_timestamp(10**30)


@pytest.mark.parametrize(
    ("value", "milliseconds"),
    [
        ("2024-01-31", 1_706_659_200_000),
        ("2024-01-31T10:11:12Z", 1_706_695_872_000),
        ("2024-01-31 10:11:12", 1_706_695_872_000),
        ("2024-01-31t10:11:12z", 1_706_695_872_000),
        ("2024-01-31 10:11:12 UTC", 1_706_695_872_000),
        (" 2024-01-31T10:11 ", 1_706_695_860_000),
        ("2024-01-31T10:11:12.3", 1_706_695_872_300),
        ("2024-01-31T10:11:12,345999999Z", 1_706_695_872_345),
        ("2024-01-31T12:11:12+02:00", 1_706_695_872_000),
        ("2024-01-31T12:11:12+0200", 1_706_695_872_000),
        ("2024-01-31 12:11:12.000+02", 1_706_695_872_000),
        ("2024-01-31T04:41:12-05:30", 1_706_695_872_000),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ("1969-12-31T23:59:59.5Z", -500),
        ("0001-01-01T00:00:00+18:00", -62_135_661_600_000),
        ("1706695872", 1_706_695_872_000),
        ("1706695872345", 1_706_695_872_345),
        (1_706_695_872, 1_706_695_872_000),
        (1_706_695_872.3459, 1_706_695_872_345),
        (1_706_695_872_345, 1_706_695_872_345),
        (1_706_695_872_345_678, 1_706_695_872_345),
        (1_706_695_872_345_678_901, 1_706_695_872_345),
        (Decimal("1706695872.34567890123456789"), 1_706_695_872_345),
        (315_532_800, 315_532_800_000),
        (315_532_800_000_000_000, 315_532_800_000),
        (4_133_980_799.9999, 4_133_980_799_999),
        ("4133980799", 4_133_980_799_000),
        (Decimal("1.7E+9"), 1_700_000_000_000),
        (Decimal("1700000000." + "1" * 5000), 1_700_000_000_111),
    ],
)
def test_times_are_read(value: object, milliseconds: int) -> None:
    """In the forms that sources use."""
    assert milliseconds == epoch_milliseconds(value)


@pytest.mark.parametrize(
    "value",
    [
        *("", "soon", "2024", "20240131", "2024-13-01", "2024-02-30", "0000-00-00", "99999-01-01"),
        *("2024-01-31T10", "2024-01-31T25:00:00", "2024-01-31T10:11:12+99:00", "٢٠٢٤-01-31", "\ud800"),
        *(True, None, [], {}, float("nan"), 10**30, Decimal("NaN"), Decimal("Infinity")),
        *(Decimal("1E+400"), Decimal("-1E+999999"), Decimal("1E+1000000"), Decimal("1E-1000000"), "9" * 5000),
        # A date, a year, a day of Excel's, days since 1970, a date with its time, a version.
        *(
            20240105,
            2024,
            45296,
            45296.5,
            19727,
            20240105100000,
            20240105100000000,
            "202401051000",
            1.5,
            0,
            -1.5,
            False,
        ),
        # One step outside of 1980 to 2100, in each unit.
        *(315_532_799, 4_133_980_800, 315_532_799_999, 4_133_980_800_000, "315532799999999", 4_133_980_800_000_000),
        *(-1_706_695_872, "-1706695872", 315_532_799_999_999_999, Decimal("4133980800E9")),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_value_that_is_not_a_time_is_not_read_as_one(value: object) -> None:
    """Better no time than a wrong one."""
    assert epoch_milliseconds(value) is None
