"""Full refreshes and resets of the real bizon: a stream is replaced by all of it, or not at all."""

from __future__ import annotations

import pytest

from integration_tests.hosts.bizon_pipeline import PATIENCE, Pipeline, refuse, things, wait_for
from local_dust import LocalDust


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
