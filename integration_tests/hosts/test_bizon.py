"""Pipelines of the real bizon: what it counts as written is in Dust."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from destination_dust.loading import NotStored
from integration_tests.harness import tables
from integration_tests.harness.launcher import ROOT
from integration_tests.hosts.bizon_pipeline import Pipeline, things
from local_dust import LocalDust

PATIENCE = 60.0
PAGE = (ROOT / "docs" / "bizon.md").read_text(encoding="utf-8")


@pytest.fixture
def pipeline(tmp_path: Path, dust: LocalDust, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """A pipeline of bizon to the local Dust."""
    monkeypatch.setenv("PAGES", str(tmp_path / "pages.json"))  # where its source, which bizon makes, finds it
    return Pipeline(tmp_path, dust)


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def refuse(dust: LocalDust, number: int) -> Callable[[], object]:
    """Have Dust refuse a thing. Returns what makes it stop."""
    rule = dust.faults.add(
        "status", method="POST", path=f"things-{number}", status=403, type="data_source_auth_error", message="no"
    )
    return lambda: dust.faults.remove(rule)


def upserts(dust: LocalDust) -> list[str | None]:
    return [arrival.document_id for arrival in [*dust.world.arrivals] if arrival.is_upsert]


def test_a_full_refresh_replaces(pipeline: Pipeline) -> None:
    """bizon has all records written down as such once they are in Dust."""
    pipeline.pages(things(1, 2, v="a"), things(3, v="a"))
    assert pipeline.run().is_success
    assert {"1", "2", "3"} == {*pipeline.stored}

    pipeline.pages(things(2, v="a"), things(4, v="a"))
    assert pipeline.run().is_success

    assert {"2", "4"} == {*pipeline.stored}
    assert ["succeeded"] * 2 == pipeline.jobs
    assert [(5,)] == pipeline.state("SELECT sum(rows_written) FROM destination_cursors")


def test_a_record_has_bizons_id_and_time(pipeline: Pipeline, dust: LocalDust) -> None:
    """The id is the key, so the same record is the same document, in whose text it says nothing; numbers are exact."""
    pipeline.pages(things(1, big=12345678901234567890123))
    assert pipeline.run().is_success

    assert ["pages_things-1"] == [*dust.world.documents()]
    (document,) = dust.world.documents().values()
    assert '{"id":1,"big":12345678901234567890123}' == document.text
    assert 1767312000000 == document.timestamp


def test_a_full_refresh_of_a_failing_source_changes_nothing(pipeline: Pipeline) -> None:
    """The next one begins anew."""
    pipeline.pages(things(1), things(2))
    assert pipeline.run().is_success

    pipeline.pages(things(9), "fail")
    assert not pipeline.run().is_success
    assert {"1", "2"} == {*pipeline.stored}

    pipeline.pages(things(9))
    assert pipeline.run().is_success
    assert {"9"} == {*pipeline.stored}


def test_a_full_refresh_that_was_cut_short_changes_nothing(pipeline: Pipeline) -> None:
    """To bizon, reaching `max_iterations` looks like the end of the source."""
    pipeline.pages(things(1), things(2), things(3))
    assert pipeline.run().is_success

    status = pipeline.run(source={"max_iterations": 1})

    assert "destination_error" == status.consumer.value
    assert {"1", "2", "3"} == {*pipeline.stored}
    assert ["succeeded", "running"] == pipeline.jobs


@pytest.mark.parametrize("buffer_size", [0, 50])
def test_a_source_that_is_empty_empties_the_stream(pipeline: Pipeline, buffer_size: int) -> None:
    """bizon by itself would leave the job running, and the old records where they are."""
    pipeline.pages(things(1))
    assert pipeline.run(buffer_size=buffer_size).is_success

    pipeline.pages([])
    assert pipeline.run(buffer_size=buffer_size).is_success

    assert {} == pipeline.stored
    assert ["succeeded"] * 2 == pipeline.jobs


@pytest.mark.parametrize("buffer_size", [0, 50])
def test_an_incremental_sync_adds_and_updates(pipeline: Pipeline, buffer_size: int) -> None:
    """bizon appends elsewhere; here a later version takes the place of the earlier one."""
    pipeline.pages(things(1, v=1), things(2, v=1), new=[things(2, v=2), things(3, v=1)])
    assert pipeline.run("incremental", buffer_size=buffer_size).is_success
    assert pipeline.run("incremental", buffer_size=buffer_size).is_success

    assert {"1": 1, "2": 2, "3": 1} == {number: thing["v"] for number, thing in pipeline.stored.items()}
    assert ["succeeded"] * 2 == pipeline.jobs


def test_an_incremental_sync_resumes_after_what_is_in_dust(pipeline: Pipeline, dust: LocalDust) -> None:
    """Iterations that failed, and those behind them, are sent by the next run."""
    pipeline.pages(things(1), things(2), things(3), things(4))
    allow = refuse(dust, 3)
    status = pipeline.run("incremental", buffer_size=0)
    assert "destination_error" == status.consumer.value
    assert {"1", "2"} == {*pipeline.stored}
    cursors = "SELECT to_source_iteration, success FROM destination_cursors ORDER BY 1"
    assert [(0, 1), (1, 1), (2, 0)] == pipeline.state(cursors)
    assert ["running"] == pipeline.jobs

    allow()
    before = len(upserts(dust))
    assert pipeline.run("incremental", buffer_size=0).is_success

    assert ["pages_things-3", "pages_things-4"] == upserts(dust)[before:]
    assert ["succeeded"] == pipeline.jobs


def test_a_reset_replaces(pipeline: Pipeline) -> None:
    """And later syncs go on from it."""
    pipeline.pages(things(1), things(2), new=[things(3)])
    assert pipeline.run("incremental").is_success
    assert pipeline.run("incremental").is_success

    pipeline.pages(things(7), things(3), new=[things(8)])
    assert pipeline.run("incremental", source={"reset": True}).is_success
    assert {"3", "7"} == {*pipeline.stored}
    assert pipeline.run("incremental").is_success

    assert {"3", "7", "8"} == {*pipeline.stored}


def test_a_reset_that_fails_is_begun_anew(pipeline: Pipeline, dust: LocalDust) -> None:
    """Or the next sync would go on behind records that Dust never had."""
    pipeline.pages(things(1), things(2))
    assert pipeline.run("incremental").is_success
    pipeline.pages(things(7), things(3), new=[things(8)])
    allow = refuse(dust, 3)
    assert not pipeline.run("incremental", source={"reset": True}).is_success
    assert {"1", "2"} <= {*pipeline.stored}
    assert ["succeeded", "running"] == pipeline.jobs

    allow()
    assert pipeline.run("incremental").is_success
    assert {"3", "7"} == {*pipeline.stored}
    assert pipeline.run("incremental").is_success

    assert {"3", "7", "8"} == {*pipeline.stored}


def test_a_reset_that_is_killed_while_it_replaces_is_begun_anew(pipeline: Pipeline, dust: LocalDust) -> None:
    """bizon by itself has the job succeed before it lets the destination replace anything."""
    pipeline.pages(things(1), things(2))
    assert pipeline.run("incremental").is_success
    pipeline.pages(things(7), things(3), new=[things(8)])
    hold = dust.hold(lambda arrival: arrival.is_upsert and arrival.document_id == "pages_things-3")
    process = pipeline.start("incremental", "--reset")
    hold.wait_for(1, PATIENCE)
    process.kill()
    process.communicate()
    hold.let_go()
    assert ["succeeded", "running"] == pipeline.jobs

    assert pipeline.run("incremental").is_success

    assert {"3", "7"} == {*pipeline.stored}
    assert ["succeeded"] * 2 == pipeline.jobs


def test_an_incremental_sync_that_is_killed_goes_on(pipeline: Pipeline) -> None:
    """What was acknowledged is not asked for again."""
    pipeline.pages(things(1), things(2), "wait", things(4))
    process = pipeline.start("incremental", buffer_size=0)
    written = "SELECT count(*) FROM destination_cursors WHERE success"
    wait_for(lambda: len(pipeline.stored) == 2 and pipeline.state(written) == [(2,)])
    process.kill()
    process.communicate()

    pipeline.pages("fail", "fail", things(3), things(4))
    assert pipeline.run("incremental", buffer_size=0).is_success

    assert {"1", "2", "3", "4"} == {*pipeline.stored}


def test_a_full_refresh_that_is_killed_changes_nothing(pipeline: Pipeline, dust: LocalDust) -> None:
    """Its records were in a file that is gone with it."""
    pipeline.pages(things(1), things(2))
    assert pipeline.run().is_success
    pipeline.pages(things(5), "wait")
    before = len(dust.world.arrivals)
    process = pipeline.start("full_refresh", buffer_size=0)
    wait_for(lambda: len(dust.world.arrivals) > before)  # its check: the source waits for ever by then, or soon
    process.kill()
    process.communicate()

    assert {"1", "2"} == {*pipeline.stored}
    pipeline.pages(things(5), things(6))
    assert pipeline.run().is_success
    assert {"5", "6"} == {*pipeline.stored}


def test_records_are_routed_by_their_destination(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream is committed once Dust has the records of all destinations."""
    monkeypatch.setenv("ENVIRONMENT", "production")
    pipeline.pages([*things(1, to="a"), *things(2, to="b")], things(1, to="a", v=2))

    assert pipeline.run("stream", runner="stream", stream="routed", source={"max_iterations": 1}).is_success

    assert {"a-1", "b-2"} == {*pipeline.stored}
    assert 2 == pipeline.stored["a-1"]["v"]
    assert ["1", "2"] == Path(os.environ["PAGES"] + ".commits").read_text().split()


def test_a_stream_is_not_committed_if_dust_refuses(
    pipeline: Pipeline, dust: LocalDust, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its source brings the records again."""
    monkeypatch.setenv("ENVIRONMENT", "production")
    dust.faults.add("status", method="POST", path="b-2", status=400, type="invalid_request_error", message="no")
    pipeline.pages([*things(1, to="a"), *things(2, to="b")])

    with pytest.raises(Exception, match="b-2"):
        pipeline.run("stream", runner="stream", stream="routed", source={"max_iterations": 0})

    assert not Path(os.environ["PAGES"] + ".commits").exists()


def test_records_become_rows(pipeline: Pipeline, dust: LocalDust) -> None:
    """One table for the stream."""
    dust.world.limits.quiet_seconds = 0.1
    settings = tables.settings(confirmation_delay=0.2, burst_interval=0.1)
    pipeline.pages(things(1, 2, name="x"), things(3, name="z"), new=[things(2, name="y")])

    assert pipeline.run("incremental", **settings).is_success
    assert pipeline.run("incremental", **settings).is_success

    rows = tables.stored(dust.world, "airbyte_pages_things")
    assert ["x", "y", "z"] == [rows[f"pages_things-{number}"]["name"] for number in (1, 2, 3)]
    assert {"_source_record_id", "id", "name"} == {*rows["pages_things-1"]}


def test_a_bad_record_stops_the_run(pipeline: Pipeline, dust: LocalDust) -> None:
    """As it does in Airbyte, unless the settings say `skip`."""
    dust.faults.add("status", method="POST", path="things-2", status=400, type="invalid_request_error", message="bad")
    pipeline.pages(things(1, 2))

    assert "destination_error" == pipeline.run("incremental").consumer.value
    assert pipeline.run("incremental", on_record_error="skip").is_success

    assert {"1"} == {*pipeline.stored}


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
    pipeline: Pipeline, dust: LocalDust, settings: dict[str, Any], message: str
) -> None:
    """pydantic quotes its input otherwise."""
    code, output = pipeline.validate(pipeline.config(**settings))

    assert 1 == code
    assert message in output
    assert dust.config()["api_key"][3:15] not in output


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
