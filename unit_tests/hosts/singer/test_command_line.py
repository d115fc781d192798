"""The arguments of the target, and what it says of itself."""

from __future__ import annotations

import json

import pytest

from destination_dust.hosts.singer.command_line import REPLACES, about, parse


def test_the_settings_are_those_of_the_form_and_one_more() -> None:
    """Except for the one that has no meaning in Singer."""
    content = json.loads(about())

    properties = content["settings"]["properties"]
    assert "target-dust" == content["name"]
    assert {"api_key", "data_format", REPLACES} <= properties.keys()
    assert "end_of_input_is_complete" not in properties


@pytest.mark.parametrize("arguments", [["--config", "dust.json"], ["--about"], ["--about", "--format=json"]])
def test_arguments_are_those_of_other_targets(arguments: list[str]) -> None:
    """Meltano passes them."""
    options = parse(arguments)

    assert ("--about" in arguments) is options.about


def test_the_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing is written."""
    with pytest.raises(SystemExit) as ended:
        parse(["--version"])

    assert 0 == ended.value.code
    assert capsys.readouterr().out.startswith("target-dust ")


def test_settings_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Everything else has a default."""
    with pytest.raises(SystemExit) as ended:
        parse([])

    assert 2 == ended.value.code
    assert "--config is missing" in capsys.readouterr().err
