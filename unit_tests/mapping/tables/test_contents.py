"""Whether more rows go with what a table has."""

from __future__ import annotations

import pytest

from destination_dust.mapping.tables import sizes
from destination_dust.mapping.tables.contents import Contents
from destination_dust.mapping.tables.rows import Row, RowEncoder
from destination_dust.mapping.tables.sizes import Size

HARMLESS, HARMFUL = "x", ";" * 12


def test_rows_fit_as_long_as_dust_can_read_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was added counts as well."""
    monkeypatch.setattr(sizes, "MAX_ROWS", 10)
    rows, contents = [Row(b"", 10, 1)] * 5, Contents(Size(4))

    assert 5 == contents.fitting(rows, Size.of(rows), 1)
    contents.size += Size.of(rows)
    assert 1 == contents.fitting(rows, Size.of(rows), 1)


def test_the_number_of_rows_is_known_if_it_was_read() -> None:
    """Rows that were added do not change what was there before."""
    contents = Contents(Size(4), [{"row_id": str(number), "value": {}} for number in range(4)])
    contents.size += Size(3)

    assert (4, True) == (contents.rows_before, contents.was_all_shown)
    assert not Contents(Size(5), [{"row_id": "a", "value": {}}]).was_all_shown
    unknown = Contents(Size(), is_exact=False)
    assert (None, False) == (unknown.rows_before, unknown.was_all_shown)


@pytest.mark.parametrize(
    ("old", "new", "blamed"),
    [
        ([HARMLESS] * 100, [HARMFUL] * 10, []),
        ([HARMLESS] * 100, [HARMFUL] * 50, ["text"]),  # if they take the place of others
        ([HARMFUL] * 10, [HARMFUL, *[HARMLESS] * 9], ["text"]),  # if they come to them
        ([HARMFUL] * 10, [HARMLESS] * 10, []),  # none of them is to blame
    ],
)
def test_new_rows_may_come_to_the_old_ones_or_take_their_place(
    old: list[str], new: list[str], blamed: list[str]
) -> None:
    """Neither may have more semicolons than commas."""
    encoder = RowEncoder({"text": {"type": "string"}})
    shown = [{"row_id": str(number), "value": {"text": text}} for number, text in enumerate(old)]
    contents = Contents(Size(len(old)), shown)
    contents.added.add([encoder.encode(str(number), {"text": text}, 0) for number, text in enumerate(new)])

    assert blamed == contents.misleading(encoder.in_table)
