"""Identity: different keys never share a document, a row or a table; equal ones always do."""

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from destination_dust.exact_json import dumps, loads
from destination_dust.mapping.ids import (
    MAX_LENGTH,
    identifier,
    is_identifier,
    marker_identifier,
    record_identifier,
    table_name,
)

UUID = "550e8400-e29b-41d4-a716-446655440000"
HEX16 = "0123456789abcdef"

# Short texts of separators, escapes and repeats: equal and nearly equal keys come up often.
_PIECES = st.sampled_from(["a", "A", "1", "_", "-", "--", "/", ".", "%", " ", "", "é", "e\u0301", "\ud800", "💥"])
_TEXTS = st.one_of(
    st.lists(_PIECES, max_size=3).map("".join),
    st.sampled_from([UUID, UUID.upper(), HEX16, "f" * 16, "x" * 300, "x" * 299 + "y"]),
    st.text(max_size=3),
)
_PARTS = st.one_of(
    _TEXTS,
    st.integers(-2, 12),
    st.booleans(),
    st.sampled_from([1.0, -0.0, 0.5, 1e16, 10**16, Decimal("1E+400"), {"a": 1}, {"a": 1.0}, [], "true"]),
)
_KEYS = st.one_of(
    st.tuples(st.sampled_from([None, "", "n", "a-b"]), _TEXTS, st.lists(_PARTS, max_size=3).map(tuple)),
    st.tuples(st.none(), st.just("s"), st.sampled_from([tuple(UUID.split("-")), (UUID,), (HEX16,)])),
)
_RECORDS = st.dictionaries(st.text(max_size=2), st.integers(0, 2) | st.sampled_from(["1", None]), max_size=3)


def _exact(key: tuple[str | None, str, tuple[object, ...]]) -> object:
    """What makes two keys equal: the namespace, if any, the stream, the texts of the parts, numbers by their value."""
    namespace, stream, parts = key
    return namespace or None, stream, [p if isinstance(p, str) else _json(p) for p in parts]


def _json(part: object) -> str:
    """The JSON of a part of a key, with integers as such."""
    if isinstance(part, dict):
        return "{" + ",".join(f'"{name}":{_json(value)}' for name, value in part.items()) + "}"
    if isinstance(part, float) and part.is_integer():
        part = int(part)
    return str(int(part)) if isinstance(part, Decimal) else dumps(part).decode()


@given(_KEYS, _KEYS)
@example((None, "s", (UUID,)), (None, "s", tuple(UUID.split("-"))))
@example((None, "a", ("b", "c")), (None, "a", ("b-c",)))
@example((None, "s", ("a-b", "c")), (None, "s", ("a", "b-c")))
@example((None, "s", ("a/b",)), (None, "s", ("a_b",)))
@example(("n", "s", ("1",)), (None, "n", ("s", "1")))
@example((None, "s", ()), (None, "s", ("",)))
@example((None, "s", ("\ud800",)), (None, "s", ("\ud801",)))
def test_two_records_meet_in_one_document_only_if_their_keys_are_equal(a: Any, b: Any) -> None:
    """Whatever separators, blanks, letters or lengths the keys are made of."""
    assert (_exact(a) == _exact(b)) == (identifier(*a) == identifier(*b))


@given(_KEYS, _RECORDS)
def test_a_record_with_a_key_never_meets_one_without(key: Any, record: dict[str, Any]) -> None:
    """Not even if its key looks like a hash."""
    namespace, stream, _ = key
    without = record_identifier(namespace, stream, record)

    assert without != identifier(*key)
    assert without != identifier(namespace, stream, [without.rsplit("-", 1)[1]])


@given(_KEYS, _RECORDS, _KEYS)
@example((None, "airbyte", ("marker", HEX16)), {}, (None, "s", ()))
@example(("airbyte", "marker", ()), {}, (None, "s", ()))
@example((None, "airbyte--marker", ()), {}, (None, "s", ()))
def test_no_record_has_the_id_of_a_marker(key: Any, record: dict[str, Any], marked: Any) -> None:
    """Writing either would destroy the other. Each stream has its own."""
    namespace, stream, _ = key
    marker = marker_identifier(marked[0], marked[1])

    assert is_identifier(marker)
    assert marker not in (identifier(*key), record_identifier(namespace, stream, record))
    equal = (namespace or None, stream) == (marked[0] or None, marked[1])
    assert equal == (marker == marker_identifier(namespace, stream))


@given(st.tuples(st.sampled_from([None, "", "n"]), _TEXTS, _RECORDS), st.tuples(st.none(), _TEXTS, _RECORDS))
def test_records_without_a_key_meet_only_if_they_are_equal(a: Any, b: Any) -> None:
    """In one stream; streams never share documents."""
    equal = (a[0] or None, a[1], dumps(a[2], sort_keys=True)) == (b[0], b[1], dumps(b[2], sort_keys=True))

    assert equal == (record_identifier(*a) == record_identifier(*b))


@given(_KEYS, _RECORDS)
def test_ids_are_safe_everywhere(key: Any, record: dict[str, Any]) -> None:
    """One path segment that needs no escape, short enough for any index; the table's too, and in SQL."""
    namespace, stream, _ = key

    assert re.fullmatch("[A-Za-z0-9_-]{1,200}", identifier(*key))
    assert re.fullmatch("[A-Za-z0-9_-]{1,200}", record_identifier(namespace, stream, record))
    assert is_identifier(identifier(*key))
    assert is_identifier(record_identifier(namespace, stream, record))
    assert re.fullmatch("[a-z_][a-z0-9_]{0,199}", table_name("", namespace, stream))
    assert re.fullmatch("[a-z_][a-z0-9_]{0,199}", table_name("airbyte_", namespace, stream))


_STREAMS = st.tuples(st.sampled_from([None, "", "n", "a_b"]), _TEXTS | st.sampled_from(["n_a", "N", "n__b"]))


@given(_STREAMS, _STREAMS, st.sampled_from(["", "airbyte_", "X-"]))
def test_two_streams_never_share_a_table(a: Any, b: Any, prefix: str) -> None:
    """Whatever had to be changed in their names."""
    equal = (a[0] or None, a[1]) == (b[0] or None, b[1])

    assert equal == (table_name(prefix, *a) == table_name(prefix, *b))
    assert table_name(prefix, *a) != table_name(prefix, None, table_name("", *b)) or table_name("", *b) == a[1]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["42"], "users-42"),
        ([42], "users-42"),
        ([True, "x_Y"], "users-true-x_Y"),
        ([None], "users-null"),
        ([UUID], f"users-{UUID}"),
        (["x" * 194], "users-" + "x" * 194),
    ],
)
def test_ordinary_keys_are_legible(parts: list[object], expected: str) -> None:
    """People find their records again."""
    assert expected == identifier(None, "users", parts)


@pytest.mark.parametrize(
    ("namespace", "stream", "parts", "readable"),
    [
        ("public", "users", ["42"], "public-users-42"),
        (None, "my users", ["42"], "my_users-42"),
        (None, "users", ["a/../b%2F\0"], "users-a_b_2F_"),
        (None, "users", [HEX16], f"users-{HEX16}"),
        (None, "users", [HEX16.upper()], f"users-{HEX16.upper()}"),
        (None, "users", UUID.split("-"), f"users-{UUID}"),
        (None, "users", [""], "users"),
        (None, "users", [], "users"),
        (None, "💥", ["\ud800"], "_-_"),
        (None, "", [], "_"),
        (None, "users", ["x" * 195], "users-" + "x" * 176),
        (None, "users", ["é" * 10_000], "users-_"),
    ],
)
def test_other_keys_carry_a_digest(namespace: Any, stream: str, parts: list[object], readable: str) -> None:
    """Before it stands what can be read of them; nothing else contains `--`."""
    assert re.fullmatch(re.escape(readable) + "--[0-9a-f]{16}", identifier(namespace, stream, parts))


def test_ids_never_change_between_versions() -> None:
    """A changed id would leave every document behind and write it again under another name."""
    assert "users-a_b--b6f07ecc5304410b" == identifier(None, "users", ["a/b"])
    assert "users-3d92f6368f93f3cb" == record_identifier(None, "users", {"b": [1, None], "a": "é"})
    assert "public-users--d8b57cc7aa3b9970" == record_identifier("public", "users", {"b": [1, None], "a": "é"})
    assert "airbyte_public_users_eepnhhnogbndpfbc" == table_name("airbyte_", "public", "users")


@pytest.mark.parametrize(
    ("namespace", "key", "expected"),
    [
        (None, "42", "users-42"),
        (None, "-7", "users-_7--1c7f3c60042fd33b"),
        (None, "0", "users-0"),
        (None, "18446744073709551615", "users-18446744073709551615"),
        (None, "18446744073709551616", "users-18446744073709551616"),
        (None, "1" + "0" * 30, "users-1" + "0" * 30),
        (None, "9" * 5000, "users-" + "9" * 176 + "--b8c66faa114a6edb"),
        (None, '"42"', "users-42"),
        (None, '"1.0"', "users-1_0--10552a1e8355a303"),
        (None, '"7E+3"', "users-7E_3--54cd3f58c9ddbc1a"),
        (None, '"-0"', "users-_0--9283a99c2db27098"),
        (None, "0.1", "users-0_1--d5d30dc547e3dcd4"),
        (None, "-2.5e-9", "users-_2_5e_9--f98ed16efdaecd31"),
        (None, "12345678901234567890.1", "users-12345678901234567890_1--b2c819137602b6ae"),
        (None, "NaN", "users-_NaN_--28f214c97d3a1b18"),
        (None, "true", "users-true"),
        (None, '{"a":[1,0.5]}', "users-_a_1_0_5_--660ebd46f9aaf3e4"),
        ("public", "42", "public-users-42--95f35556bade27f1"),
    ],
)
def test_ids_are_those_of_version_0_1(namespace: str | None, key: str, expected: str) -> None:
    """Keys that were one number then are called as they were."""
    assert expected == identifier(namespace, "users", [loads(key.encode())])


@pytest.mark.parametrize(
    "spellings",
    [
        ["7000", "7E+3", "7000.0", "7e3", "70000e-1"],
        ["1", "1.0", "1.000000000000000000000000000"],
        ["0", "0.0", "-0", "-0.0", "0e5", "-0.000000000000000000000000000000"],
        ["12345678901234567890.1", "12345678901234567890.10", "123456789012345678901e-1"],
        ["10000000000000000000000", "1e22", "1E+22", "10000000000000000000000.0"],
        ["1e1000000", "10e999999", "0.1e1000001"],
        ["1" + "0" * 9000, "1e9000"],
        ['{"a":[1.0,{"b":-0.0}]}', '{"a":[1,{"b":0}]}'],
    ],
)
def test_equal_numbers_are_one_key(spellings: list[str]) -> None:
    """However they are written, at any depth; nobody expands the largest ones."""
    assert 1 == len({identifier(None, "s", [loads(text.encode())]) for text in spellings})
    assert len(spellings) == len({identifier(None, "s", [text]) for text in spellings})


def test_unequal_numbers_are_different_keys() -> None:
    """Also if float64 cannot tell them apart; so are numbers and booleans."""
    texts = ["1", "-1", "true", "1.5", "0.1", "0.1000000000000000055511151231257827", "1e22", "10000000000000000000001"]

    assert len(texts) == len({identifier(None, "s", [loads(text.encode())]) for text in texts})


def test_the_order_of_fields_does_not_matter() -> None:
    """At any depth, for keys as well as for whole records."""
    a, b = {"x": 1, "y": {"p": 1, "q": [{"r": 1, "s": 2}]}}, {"y": {"q": [{"s": 2, "r": 1}], "p": 1}, "x": 1}

    assert record_identifier(None, "s", a) == record_identifier(None, "s", b)
    assert identifier(None, "s", [a]) == identifier(None, "s", [b])


def test_odd_records_have_ids() -> None:
    """Lone surrogates, NaN, huge numbers and great depth stop nothing."""
    record = loads(b'{"a":"\\ud800","n":NaN,"big":' + b"9" * 50 + b',"deep":' + b"[" * 240 + b"]" * 240 + b"}")

    assert re.fullmatch("s-[0-9a-f]{16}", record_identifier(None, "s", record))
    assert identifier(None, "s", [record]) != identifier(None, "s", [{**record, "a": "\ud801"}])


@pytest.mark.parametrize(
    ("prefix", "namespace", "stream", "pattern"),
    [
        ("airbyte_", None, "users", "airbyte_users"),
        ("airbyte_", "", "foo__c", "airbyte_foo__c"),
        ("", None, "order", "order"),
        ("airbyte_", None, "2024", "airbyte_2024"),
        ("airbyte_", None, "Users", "airbyte_users_[a-p]{16}"),
        ("airbyte_", "public", "users", "airbyte_public_users_[a-p]{16}"),
        ("Ä-", None, "café crème", "a_cafe_creme_[a-p]{16}"),
        ("", None, "2024", "t_2024_[a-p]{16}"),
        ("", None, "💥", "t_[a-p]{16}"),
        ("", None, "", "t_[a-p]{16}"),
        ("airbyte_", None, "", "airbyte_[a-p]{16}"),
        ("airbyte_", None, "users_abcdefghijklmnop", "airbyte_users_abcdefghijklmnop_[a-p]{16}"),
        ("airbyte_", None, "x" * 193, "airbyte_x{173}_[a-p]{16}"),
    ],
)
def test_tables_have_plain_names(prefix: str, namespace: str | None, stream: str, pattern: str) -> None:
    """Agents write SQL with them."""
    assert re.fullmatch(pattern, table_name(prefix, namespace, stream))


def test_the_longest_plain_id_fits() -> None:
    """The limit applies to the joined key, whether it is a number or not."""
    assert [199, 200, 200] == [len(identifier(None, "s" * length, [123])) for length in (195, 196, 197)]
    assert MAX_LENGTH == len(identifier(None, "s", ["x" * 198]))
    assert MAX_LENGTH == len(identifier(None, "s", ["x" * 199]))
