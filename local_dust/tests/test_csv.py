"""Names and values on a round trip through CSV files."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from local_dust.limits import Limits
from local_dust.tables.cells import (
    Moment,
    float_text,
    guessed,
    is_settled,
    moment_text,
    reread,
    sent_cell,
    shown,
)
from local_dust.tables.column_names import UnreadableCsv, sanitised
from local_dust.tables.csv_files import Rows, guessed_delimiter, passed

TODAY = date(2025, 6, 7)


def test_names_become_the_same_slugs_as_in_the_core() -> None:
    """The cases of the core's own test."""
    names = {
        "helloWorld": "helloworld",
        "b,.,2Fkls": "b_2fkls",
        "Æúű---cool?": "_uu_cool_",
        "___": "_",
        "c_____d__": "c_d_",
        "旧_Offered price per video(2024.7)": "_offered_price_per_video_2024_7_",
        "🦄 IG User ID": "_ig_user_id",
        "__dust_id": "__dust_id",
    }
    assert list(names.values()) == [sanitised([name])[0] for name in names]
    assert ["a", "a_2", "col_2", "a_3", "_", "_2"] == sanitised(["a", "a", "", "a", "___", "Тип"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("col1", "col_1"),
        ("address1", "address_1"),
        ("h264_codec", "h_264_codec"),
        ("utf8", "utf_8"),
        ("a__b", "a_b"),
        ("_airbyte_raw_id", "_airbyte_raw_id"),
        ("address_line_1", "address_line_1"),
        ("2fa", "2fa"),
        ("a_", "a_"),
    ],
)
def test_only_some_slugs_stay_as_they_are(name: str, expected: str) -> None:
    """Digits after letters and runs of underscores are changed."""
    assert [expected] == sanitised([name])


def test_too_many_equal_names_cannot_be_read() -> None:
    """At most 63 columns of one name."""
    assert 63 == len(set(sanitised(["a"] * 63)))
    with pytest.raises(UnreadableCsv):
        sanitised(["a"] * 64)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        (" \u3000\n", None),
        ("007", 7),
        ("+33612345678", 33612345678),
        ("9223372036854775807", 9223372036854775807),
        ("9223372036854775808", 9223372036854775808.0),
        ("0" * 5000 + "7", 7),
        ("9" * 5000, "9" * 5000),
        ("1e5", "1e5"),
        ("32E0134", "32E0134"),
        ("1e+22", "1e+22"),
        ("-1E-7", "-1E-7"),
        ("1.0e+22", 1e22),
        ("3.2E5", 320000.0),
        ("1.e2", 100.0),
        (".5e2", 50.0),
        ("1.0e400", "1.0e400"),
        (".5", 0.5),
        ("1.10", 1.1),
        ("12345678901234567890", 12345678901234567890.0),
        ("1e400", "1e400"),
        ("NaN", "NaN"),
        ("inf", "inf"),
        ("1_000", "1_000"),
        ("٣", "٣"),
        ("t", True),
        ("FALSE", False),
        ("yes", "yes"),
        (" text ", "text"),
        ("1.2.3", "1.2.3"),
        ("user5@example.com", "user5@example.com"),
        ("May the 4th", "May the 4th"),
    ],
)
def test_texts_are_read_as_numbers_and_booleans(text: str, value: Any) -> None:
    """Every text that parses as one; other texts are trimmed."""
    read = guessed(text, TODAY)
    assert (type(value), value) == (type(read), read)


@pytest.mark.parametrize(
    ("text", "epoch"),
    [
        ("2021-01-01T00:00:00Z", 1609459200000),
        ("2025-02-14T15:06:52.380Z", 1739545612380),
        ("2025-02-14T15:06:52+02:00", 1739538412000),
        ("Fri, 14 Feb 2025 15:10:34 GMT", 1739545834000),
        ("Wed, 02 Jun 2021 06:31:39 PDT", 1622640699000),
        ("2024-02-19 15:30:45", 1708356645000),
        ("2021-02-21", 1613865600000),
        ("2019-11-29 08:08-08", 1575043680000),
        ("2014-04-26 05:24:37 PM", 1398533077000),
        ("2014-04-26 13:13:43 +0800", 1398489223000),
        ("2-Jan-2021", 1609545600000),
        ("March 2, 2021", 1614643200000),
        ("January 02, 2021", 1609545600000),
        ("January 02 2021", 1609545600000),
        ("oct. 7, 70", 24105600000),
        ("May 8, 2009 5:57:51 PM", 1241805471000),
        ("May 02, 2021 15:51 UTC", 1619970660000),
        ("14 May 2019 19:11:40.164", 1557861100164),
        ("7 oct 1970", 24105600000),
        ("3/31/2014", 1396224000000),
        ("8/8/1965 1:00 PM", -138798000000),
        ("2014/4/8 22:05", 1396994700000),
        ("3.31.2014", 1396224000000),
        ("1.2.34", 2019772800000),
        ("171113 14:14:20", 1510582460000),
        ("2014年04月08日", 1396915200000),
        ("12:30", 1749299400000),
        ("4:00pm", 1749312000000),
        ("Feb 30 2021", None),
        ("2021-13-01", None),
        ("2021-02-30", None),
        ("Mon, 14 Feb 2025 15:10:34 GMT", None),
        ("room 12:30", None),
        ("10.0.0.1", None),
    ],
)
def test_texts_that_look_like_dates_are_moments(text: str, epoch: int | None) -> None:
    """A time of day alone means today; other texts stay text."""
    assert (text if epoch is None else Moment(epoch, text)) == guessed(text, TODAY)


def test_moments_lose_their_fraction_and_offset_when_written_again() -> None:
    """The second reading has whole seconds in UTC."""
    first = guessed("2024-01-01T10:00:00.75+02:00", TODAY)
    second = reread(first, TODAY)

    assert Moment(1704096000750, "2024-01-01T10:00:00.75+02:00") == first
    assert Moment(1704096000000, "2024-01-01 08:00:00") == second
    assert (False, True) == (is_settled(first), is_settled(second))
    assert "+10000-01-01 00:00:00" == moment_text(253402300800000)
    assert "0000-12-31 23:59:59" == moment_text(-62135596801000)


def test_numbers_pass_through_javascript_twice_and_through_text_between() -> None:
    """Beyond 2^53 they are rounded, beyond 2^63 they wrap, whole floats become integers."""

    def stored(value: Any) -> Any:
        return shown(reread(reread(sent_cell(value), TODAY), TODAY))

    assert [9007199254740992, 1, 0, 1e-7, -1, -9223372036854775808] == [
        stored(value) for value in (2**53 + 1, 1.0, -0.0, 1e-7, -1.0, 2**63)
    ]
    assert [None, 1e22] == [stored(float("inf")), stored(1e22)]
    assert isinstance(stored(1e5), int)
    assert ["100000000000000000000000", "0.0000001", "-0"] == [float_text(v) for v in (1e23, 1e-7, -0.0)]


def test_the_delimiter_is_guessed_from_the_first_16_kilobytes() -> None:
    """By count outside quotes; the comma wins a tie."""
    assert [",", ";", ",", "\t"] == [
        guessed_delimiter(head) for head in (b"a,b\n1;2\n", b"a;b\n1,2;3\n", b'a,b\n";;;;",1\n', b"a,b\n\t\t\n")
    ]
    assert "," == guessed_delimiter(b"a,b\n" + b"x" * 16384 + b";;;;")


def test_a_wrong_delimiter_merges_columns_and_loses_row_ids() -> None:
    """A narrow table with many semicolons in its texts."""
    rows = Rows(("note",), ["r1", "r2"], [("a;b;c",), ("d;e;f",)])

    read = passed(rows, Limits(), TODAY)

    assert ("note_dust_id",) == read.names
    assert ["0", "1"] == list(read.ids)
    assert [("a",), ("d",)] == list(read.values)


def test_a_column_named_like_the_row_id_takes_its_place() -> None:
    """Its values become the ids; the real ids a column."""
    rows = Rows(("a", "__dust_id"), ["r1"], [(1, "mine")])

    read = passed(rows, Limits(), TODAY)

    assert (("a", "_dust_id_2"), ["mine"], [(1, "r1")]) == (read.names, list(read.ids), list(read.values))


def test_quotes_and_line_breaks_survive() -> None:
    """Also where the file is actually parsed."""
    text = 'He said "a;b;;;;", then\r\nleft'
    for names, values in ((("a", "b"), (text, "x")), (("a",), (text + " ;",))):
        read = passed(Rows(names, [" id "], [values], settled=False), Limits(), TODAY)
        assert values[0].strip() == str(read.values[0][0])
        assert ["id"] == list(read.ids)


def test_settled_rows_are_not_read_again_and_would_not_change() -> None:
    """The shortcut for large tables gives the same result as the full round trip."""
    cells = (1, 2.5, "text", True, None, Moment(0), "2024-01-01", "1.0e3", 10.0)
    names = tuple(f"{letter}_" for letter in "abcdefghi")
    once = passed(Rows(names, ["1"], [cells]), Limits(), TODAY)
    twice = passed(once, Limits(), TODAY)
    thrice = passed(twice, Limits(), TODAY)

    assert (False, True) == (once.settled, twice.settled)
    assert twice.values == thrice.values == passed(Rows(names, ["1"], twice.values), Limits(), TODAY).values
