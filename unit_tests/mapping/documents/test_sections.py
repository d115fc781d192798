"""A text as a section with a prefix."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_dust.mapping.documents.sections import MAX_PREFIX_BYTES, title_prefix


def test_the_prefix_is_the_heading_with_its_break() -> None:
    """The first one."""
    assert "# Ann\n\n" == title_prefix("# Ann\n\ntext\n\n## More\n\ntext")


@pytest.mark.parametrize("text", ["# Ann\n", "# Ann\n\n", "# Ann\n\n \n", ""])
def test_a_heading_without_a_text_is_no_prefix(text: str) -> None:
    """Dust would make a chunk of nothing."""
    assert "" == title_prefix(text)


@pytest.mark.parametrize(
    ("heading", "prefix"),
    [
        ("# " + "word " * 60, "# " + "word " * 47),
        ("# " + "x" * 236, "# " + "x" * 236 + "\n\n"),
        ("# " + "x" * 237, "# " + "x" * 237 + "\n"),
        ("# " + "x" * 300, "# " + "x" * 238),
        ("# " + "é" * 200, "# " + "é" * 119),
        ("# " + "印" * 100, "# " + "印" * 79),
        ("# " + "💥" * 100, "# " + "💥" * 59),
        ("# a " + "x" * 300, "# a " + "x" * 236),
    ],
    ids=range(8),
)
def test_a_long_heading_is_cut_by_its_bytes(heading: str, prefix: str) -> None:
    """Between words, if that keeps half of it, else between characters."""
    assert prefix == title_prefix(f"{heading}\n\ntext\n")


@given(st.text(st.sampled_from("a é印💥\n#"), max_size=400))
def test_a_prefix_begins_its_text_and_fits(text: str) -> None:
    """Whatever the text is."""
    prefix = title_prefix(text)

    assert text.startswith(prefix)
    assert len(prefix.encode()) <= MAX_PREFIX_BYTES
