"""The specification: what Airbyte's own acceptance tests ask of it, said again here, where it runs in no time."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.models import ConnectorSpecificationSerializer

from destination_dust.airbyte.catalog import Mode
from destination_dust.config import Config
from unit_tests.builders import settings

SPEC: dict[str, Any] = json.loads(resources.files("destination_dust").joinpath("spec.json").read_text("utf-8"))
FORM: dict[str, Any] = SPEC["connectionSpecification"]
# The acceptance tests refuse them, because the form of the platform cannot show them.
FORBIDDEN = {
    *("not", "anyOf", "patternProperties", "prefixItems", "allOf", "if", "then", "else"),
    *("dependentSchemas", "dependentRequired", "$ref"),
}


def _objects(schema: dict[str, Any], name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The form, and each object in it, with its path."""
    yield name, schema
    for key, field in schema.get("properties", {}).items():
        if field.get("type") == "object":
            yield from _objects(field, f"{name}/{key}")


OBJECTS = list(_objects(FORM))
FIELDS = {f"{path}/{name}": field for path, schema in OBJECTS for name, field in schema["properties"].items()}


def _with(keyword: str) -> list[Any]:
    """The fields that have a keyword, as parameters."""
    return [pytest.param(field, id=path) for path, field in FIELDS.items() if keyword in field]


def _keywords(schema: object) -> Iterator[str]:
    """Every key of a JSON schema, at any depth, except the names of fields."""
    if isinstance(schema, list):
        for item in schema:
            yield from _keywords(item)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            yield key
            yield from _keywords(list(value.values()) if key == "properties" else value)


def test_the_specification_survives_the_cdk() -> None:
    """Its models drop what they do not know, and fail on sync modes that they do not know."""
    assert SPEC == ConnectorSpecificationSerializer.dump(ConnectorSpecificationSerializer.load(SPEC))


def test_the_sync_modes_are_those_of_the_catalog() -> None:
    """Every offered mode works, and every working mode that the protocol of Python's CDK knows is offered."""
    unknown_to_the_cdk = {Mode.OVERWRITE_DEDUP}
    assert SPEC["supported_destination_sync_modes"] == [mode.value for mode in Mode if mode not in unknown_to_the_cdk]
    assert SPEC["supportsIncremental"] is True


def test_the_documentation_has_an_address() -> None:
    """The form links to it."""
    assert re.match(r"https://\S+$", SPEC["documentationUrl"])


def test_secrets_are_marked() -> None:
    """By the CDK's own judgement; marked settings are stored as secrets and masked in logs."""
    package = importlib.util.find_spec("airbyte_cdk.test.standard_tests")
    assert package
    assert package.origin
    # Loaded from its file, because its package brings pytest marks that are unknown here.
    module = importlib.util.spec_from_file_location("spec_lint", Path(package.origin).with_name("_spec_lint.py"))
    assert module
    assert module.loader
    lint = importlib.util.module_from_spec(module)
    sys.modules["spec_lint"] = lint
    module.loader.exec_module(lint)

    assert [] == lint.find_secret_marking_errors(FORM)
    assert FORM["properties"]["api_key"]["airbyte_secret"] is True


def test_no_keyword_is_used_that_the_platform_cannot_show() -> None:
    """The form is flat and plain."""
    assert set() == FORBIDDEN & set(_keywords(FORM))


@pytest.mark.parametrize(("path", "schema"), OBJECTS)
def test_unknown_settings_are_not_refused(path: str, schema: dict[str, Any]) -> None:
    """A setting that a later version drops must not break the configurations that still have it."""
    assert schema.get("additionalProperties", True) is True, path


@pytest.mark.parametrize(("path", "schema"), OBJECTS)
def test_an_object_has_fields_each_with_a_place_of_its_own(path: str, schema: dict[str, Any]) -> None:
    """The form shows fields in their order, by group; two of one order change places at random."""
    places = Counter((field.get("group"), field["order"]) for field in schema["properties"].values())

    assert places, path
    assert [] == [place for place, count in places.items() if count > 1], path


def test_required_settings_exist() -> None:
    """And have no default, which would make them optional."""
    assert ["api_key", "workspace_id", "space_id", "data_source_id"] == FORM["required"]
    assert not any("default" in FORM["properties"][name] for name in FORM["required"])


def test_every_setting_is_in_a_group_that_exists() -> None:
    """Groups are for the top level only."""
    groups = {group["id"]: group["title"] for group in FORM["groups"]}

    assert set(groups) == {field["group"] for field in FORM["properties"].values()}
    assert all(groups.values())
    assert not any("group" in field for field in FORM["properties"]["timing"]["properties"].values())


@pytest.mark.parametrize(("path", "field"), FIELDS.items())
def test_a_field_has_one_type_a_title_and_a_description(path: str, field: dict[str, Any]) -> None:
    """The form is all that most users read."""
    assert field["type"] in ("string", "integer", "number", "boolean", "object", "array"), path
    assert field["title"].strip()
    assert field["description"].strip().endswith((".", "…"))


@pytest.mark.parametrize("field", _with("pattern"))
def test_a_pattern_is_explained_and_fits_its_examples(field: dict[str, Any]) -> None:
    """The form says the descriptor where a value does not match."""
    examples = [*field["examples"], *([field["default"]] if "default" in field else [])]

    assert field["pattern_descriptor"]
    assert [] == [example for example in examples if not re.search(field["pattern"], example)]


@pytest.mark.parametrize("field", _with("enum"))
def test_choices_are_distinct_and_hold_the_default(field: dict[str, Any]) -> None:
    """Of one type, too."""
    assert len(set(field["enum"])) == len(field["enum"])
    assert field.get("default", field["enum"][0]) in field["enum"]
    assert {str} == {type(choice) for choice in field["enum"]}


@pytest.mark.parametrize("field", _with("minimum"))
def test_a_default_lies_within_its_bounds(field: dict[str, Any]) -> None:
    """Or the form could not be sent."""
    assert field["minimum"] <= field["default"] <= field["maximum"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("api_key", "0123456789abcdef"),
        ("api_key", "sk-"),
        ("api_key", "Bearersk-0123"),
        ("workspace_id", "https://dust.tt/w/0ec9852c2f"),
        ("workspace_id", "a/b"),
        ("space_id", "vlt x"),
        ("data_source_id", "../dts_x"),
        ("data_source_id", "a?b"),
        ("base_url", "dust.tt"),
        ("base_url", "https://user@dust.tt"),
        ("base_url", "https://dust.tt/w/0ec9852c2f"),
    ],
)
def test_typical_mistakes_do_not_match_a_pattern(name: str, value: str) -> None:
    """The form finds them before anything runs."""
    assert not re.search(FORM["properties"][name]["pattern"], value)


@pytest.mark.parametrize("name", ["api_key", "workspace_id", "space_id", "data_source_id", "base_url"])
def test_the_parser_accepts_every_value_that_fits_a_pattern(name: str) -> None:
    """Blanks of a pasted value included."""
    for example in FORM["properties"][name]["examples"]:
        pasted = f" {example}\n"
        assert re.search(FORM["properties"][name]["pattern"], pasted)
        assert example == getattr(Config.parse(settings(**{name: pasted})).connection, name)


@pytest.mark.parametrize("word", ["Bearer", "bearer"])
def test_the_form_takes_a_key_as_dusts_pages_for_other_tools_have_it_pasted(word: str) -> None:
    """With the word that precedes it in a header."""
    assert re.search(FORM["properties"]["api_key"]["pattern"], f"{word} sk-0123456789abcdef")


def test_the_form_asks_in_the_order_in_which_dust_shows_the_values() -> None:
    """The first three with a new key, the last two in the menu of the folder."""
    fields = [name for name, field in FORM["properties"].items() if field["group"] == "connection"]

    assert ["api_key", "workspace_id", "base_url", "space_id", "data_source_id"] == fields
    assert fields == sorted(fields, key=lambda name: FORM["properties"][name]["order"])


def test_the_form_says_which_key_is_right() -> None:
    """With the names of Dust's own page."""
    text = FORM["properties"]["api_key"]["description"]

    assert [] == [word for word in ("Dust API Keys", "Read-only", "role user", "Spaces") if word not in text]
    assert "builder" not in json.dumps(SPEC)
