"""The type that Dust infers from a text cell."""

from __future__ import annotations

import pytest

from destination_dust.mapping.tables.type_inference import DustType, inferred_type


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        (DustType.NULL, ["", "  ", "\u00a0\n"]),
        (DustType.INT, ["7", "007", "+33612345678", " 12 ", str(2**63 - 1), str(-(2**63))]),
        (DustType.FLOAT, ["1.0e5", "3.2E-5", ".5e1", ".5", "1.", "-1.10", "12345678901234567890", str(2**63)]),
        (DustType.BOOL, ["t", "F", "true", "FALSE"]),
        (DustType.DATETIME, ["2021-05-01", "2021-05-01T01:17:02.604456Z", "2017-11-25 22:34:50", "2021-02-21 PST"]),
        (DustType.DATETIME, ["Wed, 02 Jun 2021 06:31:39 GMT", "02-Jan-2021", "January 02 2021", "May 25, 2021"]),
        (DustType.DATETIME, ["4:00 pm", "12:30", "3/31/2014", "2014/3/31", "1.10.2012", "7 oct 70", "171113 14:14:20"]),
        (DustType.TEXT, ["Ann", "Mayor", "NaN", "inf", "1e999", "0x10", "1,000", "12:3", "truth", "- 5", "1 2", "٣"]),
        (DustType.TEXT, ["1e5", "32E0134", "1e+22", "-1E-7", "1.0e999"]),
        (DustType.INT, ["0" * 5000 + "7", f"-{'0' * 90}{2**63}"]),
        (DustType.FLOAT, ["9" * 100, f"-{2**63 + 1}", "0." + "1" * 5000]),
        (DustType.TEXT, ["9" * 5000, f"2021-05-01{' ' * 80}01:17"]),
        (DustType.TEXT, ["9" * 400, "a" * 100, "May", "Monday", "1.2.3.4", "10%", "2021-05", "\x1c"]),
    ],
)
def test_a_text_is_read_as_what_it_looks_like(kind: DustType, texts: list[str]) -> None:
    """As in Rust, by which Dust's server tries integer, float, boolean and dates in turn."""
    assert dict.fromkeys(texts, kind) == {text: inferred_type(text) for text in texts}
