"""bizon's command line and configuration, with Dust."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from destination_dust.loading import NotStored
from integration_tests.harness.launcher import ROOT
from integration_tests.hosts.bizon_pipeline import PATIENCE, Pipeline, things
from local_dust import LocalDust

PAGE = (ROOT / "docs" / "bizon.md").read_text(encoding="utf-8")


def test_processes_know_dust_as_well(pipeline: Pipeline) -> None:
    """bizon starts them anew, with the configuration but without what this process has imported."""
    pipeline.pages(things(1), things(2))

    assert pipeline.run(runner="process").is_success

    assert {"1", "2"} == {*pipeline.stored}


def test_the_command_line_is_bizons(pipeline: Pipeline, tmp_path: Path) -> None:
    """With its options, and its own and our words in one log."""
    pipeline.pages(things(1), things(2))

    process = pipeline.start("full_refresh", "--runner", "process", "--result-json", str(tmp_path / "result.json"))
    output, _ = process.communicate(timeout=PATIENCE)

    assert 0 == process.returncode, output
    assert '"records_written":2' in (tmp_path / "result.json").read_text().replace(" ", "")
    assert "Stream pages_things: 2 records read, 2 upserted" in output
    assert '"type":"LOG"' not in output


def test_a_wrong_key_fails_with_our_words(pipeline: Pipeline) -> None:
    """Before any record is written."""
    pipeline.pages(things(1))

    with pytest.raises(NotStored, match="does not know the API key"):
        pipeline.run(api_key="sk-wrong")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"text_feilds": ["a"]}, "There is no setting text_feilds"),
        ({"documents_per_minute": 0}, "documents_per_minute must be"),
        ({"buffer_size": "much"}, "buffer_size"),
        ({"unnest": True, "record_schemas": []}, "record_schemas"),
    ],
    ids=["unknown", "invalid", "bizons", "unnest"],
)
def test_a_mistyped_setting_is_named_and_the_key_is_not_shown(
    pipeline: Pipeline, settings: dict[str, Any], message: str
) -> None:
    """pydantic quotes its input otherwise."""
    config = pipeline.config(**settings)
    destination = config["destination"]["config"]
    key = destination.pop("api_key")
    destination["api_key"] = key  # as the last one: pydantic shows the beginning and the end of its input

    code, output = pipeline.validate(config)

    assert 1 == code
    assert message in output
    assert key[-10:] not in output


@pytest.mark.parametrize("reference", ["env://DUST_API_KEY", "BIZON_ENV_DUST_API_KEY"])
def test_a_configuration_can_be_validated_without_its_secrets(pipeline: Pipeline, reference: str) -> None:
    """As in a pipeline's own tests."""
    pipeline.pages()

    code, output = pipeline.validate(pipeline.config(api_key=reference), "--skip-references")

    assert (0, "is valid" in output) == (code, True), output


def test_the_pipeline_of_the_page_runs(pipeline: Pipeline, dust: LocalDust, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is, with references to the environment in place of ids."""
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    config = yaml.safe_load(text.replace("# base_url: https://eu.dust.tt", "base_url: env://DUST_BASE_URL"))
    for name in re.findall(r"env://(DUST_[A-Z_]+)", str(config)):
        monkeypatch.setenv(name, dust.config()[name.removeprefix("DUST_").lower()])

    code, output = pipeline.run_as_command(config)

    assert 0 == code, output
    assert dust.world.documents()
    assert {each.split("-")[0] for each in dust.world.documents()} == {"dummy_creatures"}
