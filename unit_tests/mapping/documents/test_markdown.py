"""A record as Markdown."""

from decimal import Decimal
from typing import Any

import pytest

from destination_dust.mapping.documents.markdown import markdown


def test_a_record_reads_well() -> None:
    """Title, long texts, then the rest one per line, nested values legible, nothing that says nothing."""
    record = {
        "id": 42,
        "body": "First line.\n\nSecond, with | and *.\n",
        "done": False,
        "author": {"name": "Ann", "bio": "x" * 201, "age": None, "address": {"city": "Paris", "geo": {}}},
        "labels": ["a", "b\nc", None, ""],
        "items": [{"sku": "A", "qty": 2, "x": None}, {"sku": "B", "opts": [1]}, {}, None],
        "empty": "",
        "none": None,
        "nothing": {"a": None, "b": [], "c": {"d": " "}},
        "price": Decimal("12345678901234567890.10"),
    }

    text, cleaned = markdown("A title", record)

    assert 0 == cleaned
    assert (
        "# A title\n"
        "\n"
        "## body\n"
        "\n"
        "First line.\n\nSecond, with | and *.\n"
        "\n"
        "## author.bio\n"
        "\n"
        f"{'x' * 201}\n"
        "\n"
        "- id: 42\n"
        "- done: false\n"
        "- author:\n"
        "  - name: Ann\n"
        "  - address:\n"
        "    - city: Paris\n"
        "- labels:\n"
        "  - a\n"
        "  - b\n"
        "    c\n"
        "- items:\n"
        "  - sku: A, qty: 2\n"
        "  - sku: B, opts: 1\n"
        "- price: 12345678901234567890.10\n"
    ) == text


def test_texts_in_lists_keep_their_lines_and_their_code() -> None:
    """Indented as a part of their item, alone, in objects and in what these contain."""
    code = "Try this:\r\n\r\n```python\r\nif x:\r\n    y()\r\n```\r\n"
    record = {
        "steps": ["one", code],
        "comments": [
            {"author": {"name": "Ann"}, "body": code, "at": 5, "none": None},
            {"author": {"name": "Bob"}, "body": "short"},
            {"author": {"name": "Cem", "bio": "a\nb"}, "tags": ["x\ny", "z"]},
        ],
    }

    text, _ = markdown("T", record)

    assert (
        "# T\n"
        "\n"
        "- steps:\n"
        "  - one\n"
        "  - Try this:\n"
        "\n"
        "    ```python\n"
        "    if x:\n"
        "        y()\n"
        "    ```\n"
        "- comments:\n"
        "  - author: name: Ann\n"
        "    body:\n"
        "    Try this:\n"
        "\n"
        "    ```python\n"
        "    if x:\n"
        "        y()\n"
        "    ```\n"
        "    at: 5\n"
        "  - author.name: Bob, body: short\n"
        "  - author:\n"
        "      name: Cem\n"
        "      bio:\n"
        "      a\n"
        "      b\n"
        "    tags:\n"
        "      - x\n"
        "        y\n"
        "      - z\n"
    ) == text


def test_html_is_written_as_text() -> None:
    """In long texts, short ones and lists; a text that merely contains `<` stays."""
    record = {
        "body": "<p>First.</p><ul><li>a</li></ul>",
        "note": "<b>Call</b> back",
        "comments": [{"text": "<p>Yes,</p><p>please</p>"}],
        "code": "if a < b > c",
        "gone": "<!-- x --><p></p>",
    }

    assert (
        "# T\n\n## body\n\nFirst.\n\n- a\n\n"
        "- note: Call back\n- comments:\n  - text:\n    Yes,\n\n    please\n- code: if a < b > c\n"
    ) == markdown("T", record)[0]


def test_a_record_without_fields_is_its_title() -> None:
    """And nothing else."""
    assert ("# T\n", 0) == markdown("T", {"a": None, "b": " "})


def test_deeply_nested_values_become_json() -> None:
    """As deep as a record can be."""
    deep: Any = "end"
    for _ in range(120):
        deep = {"a": [deep]}
    nested: Any = {"x": "end\nof"}
    for _ in range(7):
        nested = {"n": nested}

    objects: Any = "end"
    for _ in range(240):
        objects = {"a": objects}

    assert markdown("T", {"deep": objects})[0].startswith("# T\n\n- deep:\n  - a:\n")
    assert markdown("T", {"deep": [objects]})[0].startswith('# T\n\n- deep:\n  - a.a.a.a.a.a.a: {"a":{"a":')
    assert markdown("T", {"deep": deep})[0].startswith('# T\n\n- deep:\n  - a:\n    - a: [{"a":[{"a":')
    assert markdown("T", nested)[0].endswith(f"\n{'  ' * 6}- n: x: end of\n")


def test_odd_characters_are_cleaned_and_counted() -> None:
    """Two values, a key and a NaN."""
    text, cleaned = markdown("T", {"a": "x\0y", "b\ud800": ["\udc00"], "c": Decimal("NaN")})

    assert ("# T\n\n- a: xy\n- b\ufffd: \ufffd\n- c: NaN\n", 4) == (text, cleaned)


@pytest.mark.parametrize("value", ["", " \n", None, [], {}, [None], [{}], {"a": {"b": []}}, [{"a": None}]])
def test_empty_values_are_left_out(value: object) -> None:
    """At any depth."""
    assert "# T\n" == markdown("T", {"a": value})[0]
