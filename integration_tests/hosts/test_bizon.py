"""Pipelines of the real bizon: what it counts as written is in Dust."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from bizon.engine.backend.adapters.sqlalchemy.backend import SQLAlchemyBackend
from bizon.engine.backend.models import JobStatus

from integration_tests.harness import tables
from integration_tests.hosts.bizon_pipeline import Pipeline, refuse, things, wait_for
from local_dust import LocalDust


def upserts(dust: LocalDust) -> list[str | None]:
    return [arrival.document_id for arrival in [*dust.world.arrivals] if arrival.is_upsert]


def test_a_record_has_bizons_id_and_time(pipeline: Pipeline, dust: LocalDust) -> None:
    """The id is the key, so the same record is the same document, in whose text it says nothing; numbers are exact."""
    pipeline.pages(things(1, big=12345678901234567890123))
    assert pipeline.run().is_success

    assert ["pages_things-1"] == [*dust.world.documents()]
    (document,) = dust.world.documents().values()
    assert '{"id":1,"big":12345678901234567890123}' == document.text
    assert 1767312000000 == document.timestamp


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


def test_an_incremental_sync_that_was_cut_short_goes_on(pipeline: Pipeline) -> None:
    """To bizon it is done, and the next run would ask only for what is newer than its beginning."""
    pipeline.pages(things(1), things(2), things(3))
    assert pipeline.run("incremental", source={"max_iterations": 1}).is_success
    assert {"1", "2"} == {*pipeline.stored}
    assert ["running"] == pipeline.jobs

    assert pipeline.run("incremental").is_success

    assert {"1", "2", "3"} == {*pipeline.stored}
    assert ["succeeded"] == pipeline.jobs


@pytest.mark.parametrize("buffer_size", [0, 50])
def test_an_incremental_sync_that_dies_before_its_job_succeeds_goes_on(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, buffer_size: int
) -> None:
    """bizon by itself has the last cursor written by then, and cannot resume the job behind it."""
    pipeline.pages(things(1), things(2))
    update = SQLAlchemyBackend.update_stream_job_status

    def die(backend: Any, job_id: str, job_status: Any, *others: Any, **more: Any) -> Any:
        if job_status == JobStatus.SUCCEEDED:
            raise RuntimeError("the process died")
        return update(backend, job_id, job_status, *others, **more)

    with monkeypatch.context() as dying:
        dying.setattr(SQLAlchemyBackend, "update_stream_job_status", die)
        assert not pipeline.run("incremental", buffer_size=buffer_size).is_success
    assert ["running"] == pipeline.jobs

    assert pipeline.run("incremental", buffer_size=buffer_size).is_success

    assert ["succeeded"] == pipeline.jobs
    assert {"1", "2"} == {*pipeline.stored}
    assert [(2,)] == pipeline.state("SELECT sum(rows_written) FROM destination_cursors")


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
    settings = tables.settings(confirmation_delay=0.2, batch_age=0.1)
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
