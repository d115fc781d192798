"""The settings of documents: for all streams, overridden for some, and refused if invalid."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any, get_args

import pytest

from destination_dust.airbyte.messages import StreamKey
from destination_dust.config import Config
from destination_dust.config.documents import SHAPE_FIELDS, DocumentOptions
from destination_dust.config.fields import InvalidConfig
from destination_dust.mapping.documents.document import DocumentShape, TextFormat
from unit_tests.builders import ORDERS, USERS, settings

SPEC = json.loads(resources.files("destination_dust").joinpath("spec.json").read_text("utf-8"))
FORM: dict[str, Any] = SPEC["connectionSpecification"]["properties"]
OVERRIDE_FORM: dict[str, Any] = FORM["stream_overrides"]["items"]
ALL_CHOSEN: dict[str, Any] = {
    "title_field": "subject",
    "text_fields": ["subject", "body.text"],
    "text_format": "markdown",
    "source_url_field": "links.web",
    "tag_fields": ["status"],
    "timestamp_field": "updated_at",
}
SHAPE = DocumentShape("subject", ("subject", "body.text"), "markdown", "links.web", ("status",), "updated_at")
PUBLIC_USERS = StreamKey("public", "users")


def options(**chosen: Any) -> DocumentOptions:
    """What a configuration with these settings says of documents."""
    return Config.parse(settings(**chosen)).documents


def refusal(**chosen: Any) -> str:
    """The message that refuses settings."""
    with pytest.raises(InvalidConfig) as caught:
        options(**chosen)
    return str(caught.value)


def test_the_chosen_fields_apply_to_every_stream() -> None:
    """In all of its fields."""
    assert set(ALL_CHOSEN) == SHAPE_FIELDS
    assert SHAPE == options(**ALL_CHOSEN).shape_of(USERS)


def test_nothing_chosen_is_the_record_as_json() -> None:
    """The default that no upgrade changes."""
    assert DocumentShape() == options().shape_of(USERS)
    assert "json" == options().shape.text_format


@pytest.mark.parametrize("emptied", ["", None, []])
def test_an_emptied_field_of_the_form_is_a_field_left_out(emptied: object) -> None:
    """Whatever the form sends for it: for all streams, and in an override."""
    emptied_fields = {
        name: emptied for name in SHAPE_FIELDS if not (emptied == [] and FORM[name]["type"] == "string")
    } | {name: [] for name in ("text_fields", "tag_fields") if emptied == ""}

    assert DocumentShape() == options(**emptied_fields).shape
    assert SHAPE == options(**ALL_CHOSEN, stream_overrides=[{"stream": "users", **emptied_fields}]).shape_of(USERS)


def test_an_override_changes_its_own_stream_only() -> None:
    """And of that only the fields that it names."""
    chosen = options(
        **ALL_CHOSEN, stream_overrides=[{"stream": "users", "title_field": "email", "tag_fields": ["role"]}]
    )

    assert SHAPE == chosen.shape_of(ORDERS)
    assert ("email", ("role",)) == (chosen.shape_of(USERS).title_field, chosen.shape_of(USERS).tag_fields)
    assert ("subject", "body.text") == chosen.shape_of(USERS).text_fields


def test_options_can_be_those_of_some_streams() -> None:
    """A sync of these must not warn of overrides for others."""
    overrides = [{"stream": "users", "title_field": "email"}, {"stream": "orders", "title_field": "number"}]
    chosen = options(stream_overrides=overrides)

    assert ["users"] == [each.stream for each in chosen.of([USERS]).overrides]
    assert chosen.shape_of(USERS) == chosen.of([USERS]).shape_of(USERS)


def test_an_override_without_a_namespace_is_for_all_and_one_with_it_outranks_that() -> None:
    """Field by field, in whatever order they stand."""
    general = {"stream": "users", "title_field": "email", "text_format": "markdown"}
    special = {"stream": "users", "namespace": "public", "title_field": "login"}
    for overrides in ([general, special], [special, general]):
        chosen = options(stream_overrides=overrides)

        assert DocumentShape("login", text_format="markdown") == chosen.shape_of(PUBLIC_USERS)
        assert DocumentShape("email", text_format="markdown") == chosen.shape_of(USERS)


@pytest.mark.parametrize("name", ["title_field", "source_url_field", "timestamp_field"])
@pytest.mark.parametrize("value", ["  ", 5, ["subject"], {}])
def test_a_field_is_named_by_a_text(name: str, value: object) -> None:
    """Not by a list, which its neighbours take."""
    assert f"{name} must be a name, without quotes or brackets around it." == refusal(**{name: value})


@pytest.mark.parametrize("name", ["text_fields", "tag_fields"])
@pytest.mark.parametrize("value", ["subject", 5, [5], [None], {"a": 1}])
def test_several_fields_are_named_by_a_list(name: str, value: object) -> None:
    """The message shows one."""
    assert refusal(**{name: value}) == f'{name} must be a list of field names, such as ["subject", "customer.name"].'


@pytest.mark.parametrize("name", ["text_fields", "tag_fields"])
def test_an_entry_of_a_list_must_name_a_field(name: str) -> None:
    """A blank one is a slip in the form; the whole record it would stand for is not meant."""
    assert refusal(**{name: ["subject", " "]}).startswith(f"{name} has an entry without a field name.")


def test_a_field_that_is_chosen_twice_is_chosen_once() -> None:
    """At its first place."""
    assert ("b", "a") == options(text_fields=["b", "a", "b"]).shape.text_fields


def test_blanks_in_the_name_of_a_field_are_part_of_it() -> None:
    """Columns of spreadsheets have such names."""
    assert " Full name " == options(title_field=" Full name ").shape.title_field


@pytest.mark.parametrize("value", ["html", "JSON", 5, ["json"]])
def test_an_unknown_format_is_refused_with_those_that_are_known(value: object) -> None:
    """All of them, and they are those of the form."""
    assert "text_format must be one of: auto, markdown, json." == refusal(text_format=value)
    formats = ["auto", "markdown", "json"]
    assert formats == FORM["text_format"]["enum"] == OVERRIDE_FORM["properties"]["text_format"]["enum"]
    assert sorted(formats) == sorted(get_args(TextFormat))
    assert formats == [options(text_format=value).shape.text_format for value in formats]


def test_the_form_proposes_what_a_configuration_without_the_field_does_not_mean() -> None:
    """New connections get `auto`; saved ones, of earlier versions, keep what they have in Dust."""
    assert "auto" == FORM["text_format"]["default"]
    assert "json" == options().shape.text_format


@pytest.mark.parametrize("value", [{"stream": "users"}, "users", ["users"], [None], 5])
def test_overrides_are_a_list_of_objects(value: object) -> None:
    """The message shows one."""
    message = refusal(stream_overrides=value)

    assert message.startswith("stream_overrides must be a list of objects, ")
    assert json.loads(message[message.index("[") : message.rindex("]") + 1])


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"title_field": "x"}, "the name of the stream is missing. Put it into the field stream."),
        ({"stream": "", "title_field": "x"}, "the name of the stream is missing. Put it into the field stream."),
        ({"stream": 5}, "stream must be a name"),
        ({"stream": "users", "namespace": ["a"]}, "namespace must be a name"),
        ({"stream": "users", "text_format": "html"}, "text_format must be one of: auto, markdown, json."),
        ({"stream": "users", "text_fields": [""]}, "text_fields has an entry without a field name."),
    ],
)
def test_a_refused_override_is_told_by_its_number(entry: dict[str, Any], told: str) -> None:
    """Counted as people count."""
    message = refusal(stream_overrides=[{"stream": "orders"}, entry])

    assert message.startswith(f"stream_overrides, entry 2: {told}")


def test_two_overrides_of_one_stream_are_refused() -> None:
    """Or one of them would have to win."""
    twice = [{"stream": "users", "namespace": "public"}, {"stream": "users", "namespace": "public", "title_field": "x"}]

    assert refusal(stream_overrides=twice).startswith("stream_overrides has two entries for the stream public.users.")


def test_unknown_fields_of_an_override_are_tolerated_and_named() -> None:
    """As at the top of the configuration."""
    config = Config.parse(settings(stream_overrides=[{"stream": "users", "color": "red"}], z=1))

    assert ("z", "stream_overrides.color") == config.unknown


def test_an_override_has_the_fields_of_all_streams_and_its_stream() -> None:
    """Of the same types, titles and examples; without defaults, which the form would send for every entry."""
    properties = OVERRIDE_FORM["properties"]

    assert {*SHAPE_FIELDS, "stream", "namespace"} == set(properties)
    assert ["stream"] == OVERRIDE_FORM["required"]
    assert not any("default" in field or "group" in field for field in properties.values())
    assert [*range(len(properties))] == sorted(field["order"] for field in properties.values())
    for name in SHAPE_FIELDS:
        for part in ("type", "title", "items", "enum", "examples"):
            assert FORM[name].get(part) == properties[name].get(part)
