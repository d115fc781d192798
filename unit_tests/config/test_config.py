"""The settings: what works is parsed, what does not is refused in words that help, and the key is never shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from destination_dust.config import Config, DataFormat, OnRecordError, Timing
from destination_dust.config.config import KNOWN
from destination_dust.config.documents import SHAPE_FIELDS
from destination_dust.config.fields import InvalidConfig
from unit_tests.builders import settings

ROOT = Path(__file__).parents[2]
SPEC = json.loads((ROOT / "destination_dust" / "spec.json").read_text(encoding="utf-8"))
PROPERTIES: dict[str, dict[str, Any]] = SPEC["connectionSpecification"]["properties"]
KEY = "sk-0123456789abcdef"


def refusal(**changes: Any) -> str:
    """The message that refuses a configuration."""
    with pytest.raises(InvalidConfig) as caught:
        Config.parse(settings(**changes))
    return str(caught.value)


def _set(config: Config, name: str) -> Any:
    """The value of a setting; those of documents stand together."""
    return getattr(config.documents.shape if name in SHAPE_FIELDS else config, name)


def _shown(default: object) -> str:
    """A default as JSON has it, texts without quotes."""
    return default if isinstance(default, str) else json.dumps(default)


def test_four_settings_are_enough() -> None:
    """All others have defaults."""
    config = Config.parse(settings())

    assert KEY == config.connection.api_key
    assert ("0ec9852c2f", "vlt_Yo3hzZLsWPhm") == (config.connection.workspace_id, config.connection.space_id)
    assert ("dts_bBpgsT7yvrYM", "https://dust.tt") == (config.connection.data_source_id, config.connection.base_url)


def test_defaults_are_those_of_the_form() -> None:
    """A setting that is left out takes the default that the user sees."""
    in_the_form = {
        name: schema["default"] for name, schema in PROPERTIES.items() if "default" in schema and name != "base_url"
    }
    # The form's is for new connections: those of earlier versions, without the setting, keep what they have in Dust.
    del in_the_form["text_format"]
    config = Config.parse(settings())
    parsed = {name: getattr(_set(config, name), "value", _set(config, name)) for name in in_the_form}

    assert in_the_form == parsed
    assert PROPERTIES["base_url"]["default"] == config.connection.base_url
    assert config == Config(config.connection)


def test_default_times_are_those_of_the_form() -> None:
    """The hidden ones as well."""
    schema = PROPERTIES["timing"]["properties"]

    assert {name: field["default"] for name, field in schema.items()} == {
        name: getattr(Timing(), name) for name in Timing.__slots__
    }


def test_the_form_and_the_parser_know_the_same_settings() -> None:
    """A setting that is only in one of them does nothing, or cannot be set."""
    assert set(PROPERTIES) == KNOWN


def test_the_form_and_the_parser_have_the_same_choices_and_bounds() -> None:
    """Both accept values on the bounds and refuse values beyond them."""
    assert PROPERTIES["data_format"]["enum"] == [choice.value for choice in DataFormat]
    assert PROPERTIES["on_record_error"]["enum"] == [choice.value for choice in OnRecordError]
    for name, schema in PROPERTIES.items():
        if schema["type"] == "integer":
            for accepted in (schema["minimum"], schema["maximum"]):
                assert accepted == getattr(Config.parse(settings(**{name: accepted})), name)
            for refused in (schema["minimum"] - 1, schema["maximum"] + 1):
                assert name in refusal(**{name: refused})


def test_every_setting_is_in_the_readme() -> None:
    """With its default, in the table of settings."""
    rows = {
        cells[0].strip("`"): cells[1].strip("`")
        for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `") and len(cells := [cell.strip() for cell in line.strip("|").split("|")]) >= 2
    }
    expected = {
        name: "required" if name in SPEC["connectionSpecification"]["required"] else _shown(schema.get("default", ""))
        for name, schema in PROPERTIES.items()
    }

    assert expected == {name: rows.get(name, "no row") for name in PROPERTIES}


@pytest.mark.parametrize("name", ["api_key", "workspace_id", "space_id", "data_source_id"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_required_setting_must_be_there(name: str, value: object) -> None:
    """The message names it, and says where to find what belongs there."""
    message = refusal(**{name: value})

    assert message.startswith(f"The setting {name} is missing. ")
    assert "Dust" in message or "address" in message


@pytest.mark.parametrize("name", ["api_key", "workspace_id", "space_id", "data_source_id"])
@pytest.mark.parametrize("value", [1234567890, True, ["x"], {}])
def test_a_required_setting_of_another_type_is_not_called_missing(name: str, value: object) -> None:
    """YAML makes a number of an ID whose digits happen to be decimal."""
    assert refusal(**{name: value}).startswith(f"{name} must be a text, in quotes. ")


@pytest.mark.parametrize("name", ["api_key", "workspace_id", "space_id", "data_source_id", "base_url"])
def test_blanks_around_a_pasted_value_do_not_matter(name: str) -> None:
    """They come with copying from a browser."""
    value = settings(base_url="https://dust.tt")[name]

    assert value == getattr(Config.parse(settings(**{name: f" {value}\n"})).connection, name)


@pytest.mark.parametrize("pasted", [f"Bearer {KEY}", f"bearer {KEY}", f" Bearer  {KEY}\n"])
def test_the_word_bearer_may_precede_the_key(pasted: str) -> None:
    """Dust's pages for other tools say to paste both."""
    assert KEY == Config.parse(settings(api_key=pasted)).connection.api_key


@pytest.mark.parametrize(
    "key",
    ["0123456789abcdef", "sk-", "sk-12 34", "SK-123", "sk-é", "Bearer sk-12 34", "Bearersk-123", "sk-1\r\nX: y"],
)
def test_a_key_that_dust_cannot_accept_is_refused_without_being_shown(key: str) -> None:
    """A secret with a typing error is a secret."""
    message = refusal(api_key=key)

    assert "api_key" in message
    assert key.removeprefix("Bearer ") not in message.replace("begin with sk- and", "")


@pytest.mark.parametrize(
    "broken",
    [
        {"workspace_id": None},
        {"base_url": f"https://{KEY}@dust.tt"},
        {"base_url": f"https://user:{KEY}@dust.tt"},
        {"base_url": KEY},
        {"base_url": f"https://dust.tt/{KEY}"},
        {"base_url": f"https://dust.tt?key={KEY}"},
        {"base_url": f"https://dust.tt#{KEY}"},
        {"base_url": f"https://dust.tt:{KEY}"},
        {"base_url": f"https://{KEY} x"},
        {"data_format": KEY},
        {"on_record_error": KEY},
        {"documents_per_minute": KEY},
        {"timing": {"retry_budget": KEY}},
    ],
)
def test_no_refusal_shows_the_key(broken: dict[str, Any]) -> None:
    """Not even where it was typed into the wrong field."""
    assert KEY not in refusal(**broken)


def test_no_representation_shows_the_key() -> None:
    """Settings end up in tracebacks and logs."""
    config = Config.parse(settings())

    assert KEY not in f"{config!r} {config} {config.connection!r} {config.connection}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("data_format", "csv"),
        ("data_format", ["tables"]),
        ("on_record_error", "ignore"),
        ("documents_per_minute", 0),
        ("documents_per_minute", 1.5),
        ("documents_per_minute", "fast"),
        ("documents_per_minute", True),
        ("max_concurrency", 65),
        ("timing", {"retry_budget": 0}),
        ("timing", {"retry_budget": "long"}),
        ("timing", {"progress_interval": True}),
        ("timing", {"progress_interval": float("nan")}),
        ("timing", {"progress_interval": float("inf")}),
        ("timing", "fast"),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_name(name: str, value: object) -> None:
    """And with what would do."""
    message = refusal(**{name: value})

    assert message.startswith(name)
    assert "must be" in message


@pytest.mark.parametrize("name", sorted(KNOWN - {"api_key", "workspace_id", "space_id", "data_source_id"}))
def test_a_setting_of_null_is_a_setting_left_out(name: str) -> None:
    """Forms send fields that were emptied as null."""
    assert Config.parse(settings()) == Config.parse({**settings(), name: None})


def test_an_emptied_base_url_is_the_default() -> None:
    """A form sends an emptied field as an empty text."""
    assert "https://dust.tt" == Config.parse(settings(base_url="")).connection.base_url


def test_times_may_be_set() -> None:
    """Each on its own."""
    timing = {"retry_budget": 5, "check_limit": "2.5", "batch_age": None}

    assert Timing(retry_budget=5.0, check_limit=2.5) == Config.parse(settings(timing=timing)).timing


def test_settings_of_other_versions_are_tolerated_and_named() -> None:
    """A saved configuration outlives the version that it was made for."""
    assert ("field_from_the_future", "z") == Config.parse(settings(z=1, field_from_the_future=2)).unknown
