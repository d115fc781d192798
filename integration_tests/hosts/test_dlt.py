"""Pipelines of the real dlt: what it counts as loaded is in Dust."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from datetime import date, datetime, time, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import dlt
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from destination_dust.hosts.dlt import dust as destination
from integration_tests.harness import tables
from integration_tests.harness.contents import contents
from integration_tests.harness.launcher import ROOT, environment
from integration_tests.hosts.dlt_pipeline import pipeline, users
from local_dust import LocalDust
from local_dust.control.arrivals import Arrival

PATIENCE = 120.0


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """dlt calls no one else."""
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")


def rows(*numbers: int, **more: Any) -> list[dict[str, Any]]:
    return [{"id": number, **more} for number in numbers]


def stored(dust: LocalDust) -> dict[int, Any]:
    return {record["id"]: record for record in contents(dust.world).values()}


def test_merge_adds_and_updates_by_the_primary_key(dust: LocalDust, tmp_path: Path) -> None:
    """Without the columns of dlt's own."""
    loads = pipeline(tmp_path, dust.config())

    loads.run(users(rows(1, 2, v="a")))
    loads.run(users(rows(2, 3, v="b")))

    assert {1: {"id": 1, "v": "a"}, 2: {"id": 2, "v": "b"}, 3: {"id": 3, "v": "b"}} == stored(dust)


@pytest.mark.parametrize(
    ("mark", "gone", "kept"),
    [("bool", True, False), ("timestamp", datetime(2026, 1, 1, tzinfo=timezone.utc), None), ("bigint", 0, None)],
    ids=["boolean", "time", "number"],
)
def test_a_hard_delete_deletes(dust: LocalDust, tmp_path: Path, mark: str, gone: object, kept: object) -> None:
    """The column that says so is not stored."""
    columns = {"gone": {"data_type": mark, "hard_delete": True}}
    loads = pipeline(tmp_path, dust.config())
    loads.run(users(rows(1, 2, gone=kept), columns=columns))
    assert {1: {"id": 1}, 2: {"id": 2}} == stored(dust)

    loads.run(users([*rows(1, gone=gone), *rows(3, gone=kept)], columns=columns))

    assert {2, 3} == stored(dust).keys()


def test_a_hard_delete_without_a_key_is_refused_in_words(dust: LocalDust, tmp_path: Path) -> None:
    """dlt need not try it again."""
    columns = {"gone": {"data_type": "bool", "hard_delete": True}}
    loads = pipeline(tmp_path, dust.config())

    with pytest.raises(PipelineStepFailed, match="hint hard_delete, which Dust cannot keep: it has no primary_key"):
        loads.run([{"v": "a", "gone": True}], table_name="notes", columns=columns)


def test_records_without_a_key_are_appended(dust: LocalDust, tmp_path: Path) -> None:
    """Each is told apart by its content."""
    loads = pipeline(tmp_path, dust.config())

    loads.run([{"v": "a"}, {"v": "b"}], table_name="notes")
    loads.run([{"v": "b"}, {"v": "c"}], table_name="notes")

    assert ["a", "b", "c"] == sorted(record["v"] for record in contents(dust.world).values())


def test_values_of_python_arrive_as_they_are(dust: LocalDust, tmp_path: Path) -> None:
    """Decimals with all their digits, and lists in one piece."""
    number = Decimal("12345678901234567890.123456789")
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    row = {"id": 1, "n": number, "at": at, "day": date(2026, 1, 2), "hour": time(3, 4), "parts": [{"a": [1]}]}

    pipeline(tmp_path, dust.config(text_format="json")).run(users([row]))

    (document,) = dust.world.documents().values()
    assert str(number) in document.text
    assert {
        "id": 1,
        "at": "2026-01-02T03:04:05+00:00",
        "day": "2026-01-02",
        "hour": "03:04:00",
        "parts": [{"a": [1]}],
    } == {name: value for name, value in json.loads(document.text).items() if name != "n"}


def test_tables_have_the_types_of_dlt(dust: LocalDust, tmp_path: Path) -> None:
    """Dust makes times of texts that are declared as such."""
    dust.world.limits.quiet_seconds = tables.QUIET
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)

    pipeline(tmp_path, dust.config(**tables.settings())).run(users([{"id": 1, "v": 1.5, "at": at}]))

    (row,) = tables.stored(dust.world).values()
    assert (1, 1.5) == (row["id"], row["v"])
    assert row["at"].startswith("2026-01-02")


@pytest.mark.parametrize(
    ("hints", "why"),
    [
        ({"write_disposition": "replace"}, "dlt never says when a table is complete. Use merge"),
        ({"write_disposition": {"disposition": "merge", "strategy": "scd2"}}, "Dust keeps one version of each record"),
        ({"primary_key": None, "merge_key": "id"}, "it has no primary_key"),
        ({"merge_key": "v"}, "Dust finds records by their primary_key only"),
        ({"columns": {"v": {"dedup_sort": "desc"}}}, "the last counts"),
    ],
    ids=["replace", "history", "no key", "merge key", "dedup_sort"],
)
def test_what_dust_cannot_keep_is_refused(dust: LocalDust, tmp_path: Path, hints: dict[str, Any], why: str) -> None:
    """In words; and nothing is lost, since dlt can extract it again."""
    loads = pipeline(tmp_path, dust.config())

    with pytest.raises(PipelineStepFailed, match=why):
        loads.run(users(rows(1, v="a"), **hints))

    assert {} == stored(dust)
    assert loads.has_pending_data
    loads.abort_packages()
    assert not loads.has_pending_data


@pytest.mark.parametrize(("status", "kind"), [(403, "data_source_auth_error"), (503, "service_unavailable")])
def test_a_package_that_dust_refused_is_finished_by_the_next_run(
    dust: LocalDust, tmp_path: Path, status: int, kind: str
) -> None:
    """Whether it passes by itself or not, and also if the next run brings nothing."""
    loads = pipeline(tmp_path, dust.config(timing={"retry_budget": 0.1}))
    rule = dust.faults.add("status", method="POST", path="users-2", status=status, type=kind)
    with pytest.raises(PipelineStepFailed):
        loads.run(users(rows(1, 2, 3)))
    assert 2 not in stored(dust)
    dust.faults.remove(rule)

    loads.run()

    assert {1, 2, 3} == stored(dust).keys()


def test_a_cursor_does_not_go_on_behind_what_is_not_stored(dust: LocalDust, tmp_path: Path) -> None:
    """An incremental resource loads each row once, although a load failed."""
    loads = pipeline(tmp_path, dust.config())
    source = [{"id": number, "at": number} for number in (1, 2)]

    def resource() -> Any:
        resource = users(source)
        resource.apply_hints(incremental=dlt.sources.incremental("at"))
        return resource

    rule = dust.faults.add("status", method="POST", path="users-2", status=403, type="data_source_auth_error")
    with pytest.raises(PipelineStepFailed):
        loads.run(resource())
    dust.faults.remove(rule)
    source.append({"id": 3, "at": 3})
    loads.run(resource())

    loads.run(resource())

    assert {1, 2, 3} == stored(dust).keys()


def test_a_killed_pipeline_goes_on_where_it_was(dust: LocalDust, tmp_path: Path) -> None:
    """Its package waits on disk; what is in Dust already is not sent again."""

    def is_third(arrival: Arrival) -> bool:
        return arrival.is_upsert and arrival.document_id == "users-3"

    hold = dust.hold(is_third)
    (tmp_path / "config.json").write_text(json.dumps(dust.config(max_concurrency=1)))
    command = [sys.executable, "-m", "integration_tests.hosts.dlt_pipeline", str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin
        process.stdin.write(json.dumps(rows(1, 2, 3, 4)))
        process.stdin.close()
        hold.wait_for(1)
        process.send_signal(signal.SIGKILL)
    hold.let_go()

    pipeline(tmp_path, dust.config()).run()

    assert {1, 2, 3, 4} == stored(dust).keys()
    sent = [arrival.document_id for arrival in dust.world.arrivals if arrival.is_upsert]
    assert 1 == sent.count("users-1")


def test_batches_may_be_smaller(dust: LocalDust, tmp_path: Path) -> None:
    """dlt notes how far it is after each, also when a later one fails."""
    loads = pipeline(tmp_path, dust.config(skip_unchanged=False), batch_size=2)
    rule = dust.faults.add("status", method="POST", path="users-4", status=403, type="data_source_auth_error")
    with pytest.raises(PipelineStepFailed):
        loads.run(users(rows(1, 2, 3, 4)))
    dust.faults.remove(rule)

    loads.run()

    sent = [arrival.document_id for arrival in dust.world.arrivals if arrival.is_upsert]
    assert {1, 2, 3, 4} == stored(dust).keys()
    assert [1, 1] == [sent.count(f"users-{number}") for number in (1, 2)]


def test_the_example_of_the_page_loads(dust: LocalDust, tmp_path: Path) -> None:
    """With settings in the file and the section that it names."""
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "dlt.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "example.py").write_text(example)
    (tmp_path / ".dlt").mkdir()
    lines = [f"{name} = {json.dumps(value)}" for name, value in dust.config().items()]
    (tmp_path / ".dlt" / "secrets.toml").write_text("\n".join(["[destination.dust.settings]", *lines]))

    subprocess.run(
        [sys.executable, "example.py"],
        cwd=tmp_path,
        env=environment(PYTHONPATH=str(ROOT), HOME=str(tmp_path)),
        check=True,
        timeout=PATIENCE,
    )

    assert {1: "Printer on fire"} == {number: record["subject"] for number, record in stored(dust).items()}


def test_settings_that_cannot_work_are_refused_without_the_key(dust: LocalDust, tmp_path: Path) -> None:
    """At the first batch, and the package waits."""
    loads = pipeline(tmp_path, dust.config(documents_per_minute="many"))

    with pytest.raises(PipelineStepFailed, match="documents_per_minute") as caught:
        loads.run(users(rows(1)))

    assert dust.config()["api_key"] not in str(caught.value)


def test_the_name_of_the_destination_is_that_of_its_section() -> None:
    """`[destination.dust.settings]` in `.dlt/secrets.toml`."""
    assert "dust" == destination(settings={}).destination_name
