"""Fields become columns that are distinct, stable, and kept as they are by Dust."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from destination_dust.mapping.tables.columns import ColumnNames, column_tags, keeps, remembered_columns

FIELDS = [
    "Foo.Bar",
    "foo_bar",
    "FOO BAR",
    "é",
    "e",
    "address1",
    "address_1",
    "a__b",
    "createdAt",
    "order",
    "💥",
    "番号",
    "",
]

names = st.text(max_size=12) | st.sampled_from([*FIELDS, "__dust_id", "_airbyte_loaded_at", "a" * 300, "\ud800"])


def dusts_slug(name: str) -> str:
    """The slug that Dust's server makes of a column name on each read."""
    decomposed = unicodedata.normalize("NFKD", name.lower())
    plain = "".join(character for character in decomposed if not "\u0300" <= character <= "\u036f")
    spaced = re.sub("(?<=[a-z])(?=[0-9])", "_", plain.lower().strip())
    return re.sub("_+", "_", re.sub("[^a-z0-9_]", "_", re.sub(r"\s+", "_", spaced)))


@given(st.lists(names, unique=True), st.lists(names, unique=True))
def test_every_column_is_distinct_and_kept_by_dust(declared: list[str], others: list[str]) -> None:
    """Names are plain, unchanged by Dust's slugs, and distinct, the reserved ones included."""
    columns = ColumnNames(declared, reserved=["_airbyte_loaded_at"])
    given_names = {field: columns.name_of(field) for field in [*declared, *others]}

    for name in given_names.values():
        assert re.fullmatch("[a-z0-9_]+", name)
        assert dusts_slug(name) == name
        assert len(name) <= 1024
        assert name not in ("__dust_id", "_airbyte_loaded_at")
    assert len(given_names) == len(set(given_names.values()))


@given(st.lists(names, unique=True), st.lists(names, unique=True))
def test_names_do_not_depend_on_the_order_of_records(declared: list[str], others: list[str]) -> None:
    """Neither the order of the declared fields nor that in which others turn up matters."""
    columns = ColumnNames(declared)
    first = {field: columns.name_of(field) for field in others}
    columns = ColumnNames(declared[::-1])
    second = {field: columns.name_of(field) for field in others[::-1]}

    assert first == second


@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("createdAt", "created_at"),
        ("HTTPServer2", "http_server_2"),
        ("address1", "address_1"),
        ("Straße", "stra_e"),
        ("Crème brûlée", "creme_brulee"),
        ("(USD)", "usd"),
        ("_ab_cdc_lsn", "_ab_cdc_lsn"),
        ("2fa", "2fa"),
        ("order", "order"),
        ("💥", "column"),
        ("番号", "fan_hao"),
        ("Дата заказа", "data_zakaza"),
        ("客户ID", "ke_hu_id"),
        ("__dust_id", "_dust_id"),
    ],
)
def test_a_declared_field_gets_the_name_that_is_nearest(field: str, column: str) -> None:
    """Alone, it needs no letters of a hash."""
    assert column == ColumnNames([field]).name_of(field)


def test_of_declared_fields_that_meet_the_unchanged_one_keeps_its_name() -> None:
    """The others end in six letters of their hash."""
    columns = ColumnNames(["Foo.Bar", "foo_bar", "FOO BAR"])

    assert "foo_bar" == columns.name_of("foo_bar")
    for field in ("Foo.Bar", "FOO BAR"):
        assert re.fullmatch("foo_bar_[a-p]{6}", columns.name_of(field))


def test_an_undeclared_field_is_only_called_as_it_is() -> None:
    """If anything had to change, or a declared field has the name, it gets letters."""
    columns = ColumnNames(["createdAt"])

    assert "plain_name" == columns.name_of("plain_name")
    for field in ("created_at", "updatedAt"):
        assert re.fullmatch("[a-z_]+_[a-p]{6}", columns.name_of(field))


def test_fields_called_otherwise_are_listed() -> None:
    """For the log, which says once what became of each name."""
    columns = ColumnNames(["createdAt", "id"])

    assert {"createdAt": "created_at"} == columns.changed
    assert keeps("id")


catalogs = st.lists(st.tuples(st.lists(names, unique=True), st.lists(names, unique=True)), min_size=2, max_size=4)


@given(catalogs)
@example([([], ["planTier"]), (["planTier"], [])])
@example([(["userName"], []), (["userName", "user_name"], [])])
@example([([], ["plan"]), (["Plan"], ["plan"])])
@example([(["a\0"], []), (["a\0"], ["a"])])
def test_a_field_keeps_its_column_and_never_shares_it(syncs: list[tuple[list[str], list[str]]]) -> None:
    """Whatever is declared later or turns up in records: the tags of the table, and its columns, are all that stays."""
    tags: list[str] = []
    columns_of: dict[str, str] = {}
    for declared, others in syncs:
        existing = ["_airbyte_loaded_at", *columns_of.values()]
        remembered = remembered_columns(tags)
        columns = ColumnNames(declared, reserved=["_airbyte_loaded_at"], remembered=remembered, existing=existing)
        now = {field: columns.name_of(field) for field in [*declared, *others]}
        for field, name in now.items():
            if "\0" not in field and "\ud800" not in field:
                assert name == columns_of.get(field, name)
        columns_of |= now
        known = {field: name for field, name in columns_of.items() if "\0" not in field and "\ud800" not in field}
        assert len(known) == len(set(known.values()))
        tags = column_tags(columns.changed)


@given(st.dictionaries(names, st.from_regex("[a-z0-9_]{1,9}", fullmatch=True)))
def test_tags_tell_the_columns(changed: dict[str, str]) -> None:
    """Except for fields whose names no tag can hold; without our tag, nothing is known."""
    told = remembered_columns(["mine", *column_tags(changed)])

    assert {f: name for f, name in changed.items() if "\0" not in f and "\ud800" not in f} == told
    assert remembered_columns(["airbyte:column:a:b"]) is None


def test_columns_that_may_have_moved_are_named() -> None:
    """If a table's names are not known, a field may get another column than before."""
    before = ColumnNames().name_of("planTier")

    moved = list(ColumnNames(["planTier", "id"]).moved([before, "id"]))

    assert [("planTier", "plan_tier", before)] == moved
    assert [] == list(ColumnNames(["planTier"]).moved(["plan_tier", before]))


@pytest.mark.parametrize(
    ("declared", "columns"),
    [
        (["番号"], {"番号": "column"}),
        (["番号", "名前"], {"番号": "column_heiaip", "名前": "column_klfakf"}),
        ([], {"番号": "column_heiaip"}),
        (["番号", "id"], {"番号": "column", "id": "id"}),
    ],
)
def test_a_field_keeps_the_column_that_version_0_1_0_gave_it(declared: list[str], columns: dict[str, str]) -> None:
    """It left out letters of other scripts, and no tags. From the next sync on, tags tell."""
    names = ColumnNames(declared, existing=["id", *columns.values()])

    assert columns == {field: names.name_of(field) for field in columns}
    remembered = remembered_columns(column_tags(names.changed))
    later = ColumnNames(declared, existing=["id", *columns.values()], remembered=remembered)
    assert columns == {field: later.name_of(field) for field in columns}


@pytest.mark.parametrize(
    ("existing", "remembered"),
    [(["column", "fan_hao"], None), (["other"], None), ([], None), (["column"], {})],
)
def test_without_proof_a_field_has_the_name_of_today(existing: list[str], remembered: dict[str, str] | None) -> None:
    """The table has a column under that name, has none of the earlier one, or its tags name another field."""
    names = ColumnNames(["番号"], existing=existing, remembered=remembered)

    assert "fan_hao" == names.name_of("番号")


def test_no_field_gets_the_column_of_another_one_that_is_declared() -> None:
    """A field may be called `column`."""
    names = ColumnNames(["番号", "column"], existing=["column"])

    assert {"column": "column", "番号": "fan_hao"} == {field: names.name_of(field) for field in ("column", "番号")}


@given(
    st.lists(names, unique=True), st.lists(names, unique=True), st.lists(st.sampled_from(["column", "foo_bar", "e"]))
)
def test_columns_stay_distinct_in_a_table_without_tags(
    declared: list[str], others: list[str], existing: list[str]
) -> None:
    """Whatever columns it has."""
    columns = ColumnNames(declared, reserved=["_airbyte_loaded_at"], existing=existing)
    given_names = {field: columns.name_of(field) for field in ["番号", *declared, *others]}

    assert all(keeps(name) for name in given_names.values())
    assert len(given_names) == len(set(given_names.values()))
