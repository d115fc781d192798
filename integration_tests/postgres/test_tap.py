"""A real tap of singer-python, pipelinewise-tap-postgres, between a real PostgreSQL and the target."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import psycopg2.extensions
import pytest

from integration_tests.harness.contents import contents
from integration_tests.harness.launcher import ROOT, environment
from integration_tests.harness.tables import settings as of_tables
from integration_tests.harness.tables import stored as stored_rows
from integration_tests.harness.target import Target, written
from integration_tests.postgres.source import Source
from local_dust import LocalDust

TAP = ROOT / ".hosts-venv" / "tap-postgres" / "bin" / "tap-postgres"
SETTINGS: dict[str, dict[str, Any]] = {"documents": {}, "tables": of_tables()}


class Tap:
    """The tap for a database, with a table `users`: it reads all of it, or the news."""

    def __init__(self, source: Source, folder: Path) -> None:
        parts = psycopg2.extensions.parse_dsn(source.dsn)
        named = {"host": parts["host"], "port": 5432, "user": "postgres", "password": "none"}
        self._folder = folder
        self._write("tap.json", {**named, "dbname": parts["dbname"], "filter_schemas": "public"})

    def choose(self, method: str, **more: str) -> None:
        """Discover the tables, and choose how they are read: FULL_TABLE or INCREMENTAL."""
        catalog = json.loads(self._run("--discover"))
        for stream in catalog["streams"]:
            for entry in stream["metadata"]:
                if not entry["breadcrumb"]:
                    entry["metadata"].update({"selected": True, "replication-method": method, **more})
        self._write("catalog.json", catalog)

    def lines(self, state: object = None) -> list[bytes]:
        """What it writes, going on from a state."""
        self._write("state.json", state or {})
        return self._run("--catalog", "catalog.json", "--state", "state.json").splitlines()

    def _run(self, *arguments: str) -> bytes:
        command = [str(TAP), "--config", "tap.json", *arguments]
        done = subprocess.run(command, cwd=self._folder, env=environment(), capture_output=True, timeout=120)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def _write(self, name: str, content: object) -> None:
        (self._folder / name).write_text(json.dumps(content))


@pytest.fixture
def tap(source: Source, tmp_path: Path) -> Tap:
    """The tap for a database with a table."""
    assert TAP.exists(), "run `make test-postgres`, which installs the tap"
    source.execute("CREATE TABLE users (id int PRIMARY KEY, name text, price numeric, at timestamptz DEFAULT now())")
    source.execute("INSERT INTO users SELECT i, 'user ' || i, 0.12345678901234567 FROM generate_series(1, 3) i")
    return Tap(source, tmp_path)


@pytest.fixture(params=["documents", "tables"])
def settings(request: pytest.FixtureRequest, dust: LocalDust) -> dict[str, Any]:
    """Those of both formats, one after the other."""
    return dust.config(**SETTINGS[request.param])


def users(dust: LocalDust) -> dict[int, str]:
    tables = [*dust.world.tables()]
    rows = (stored_rows(dust.world, tables[0]) if tables else contents(dust.world)).values()
    return {row["id"]: row["name"] for row in rows}


def test_a_full_table_is_replaced(
    source: Source, tap: Tap, dust: LocalDust, settings: dict[str, Any], tmp_path: Path
) -> None:
    """The tap activates its version behind the records, in the first run also before them."""
    tap.choose("FULL_TABLE")
    first = written(tmp_path, settings, *tap.lines())
    assert {1: "user 1", 2: "user 2", 3: "user 3"} == users(dust)

    source.execute("DELETE FROM users WHERE id = 1; UPDATE users SET name = 'two' WHERE id = 2")
    second = written(tmp_path, settings, *tap.lines(first.states[-1]))

    assert {2: "two", 3: "user 3"} == users(dust)
    assert second.states
    assert "kept" not in first.log + second.log


def test_a_table_that_breaks_off_is_brought_again(
    source: Source, tap: Tap, dust: LocalDust, settings: dict[str, Any], tmp_path: Path
) -> None:
    """Were its state to go out, the tap would go on in the middle, and activate a version that Dust has a part of."""
    tap.choose("FULL_TABLE")
    state = written(tmp_path, settings, *tap.lines()).states[-1]
    source.execute("DELETE FROM users WHERE id = 1; UPDATE users SET name = 'three' WHERE id = 3")
    lines = tap.lines(state)
    last = max(at for at, line in enumerate(lines) if json.loads(line)["type"] == "RECORD")

    with Target(tmp_path, settings) as broken:
        broken.finish(*lines[:last], b'{"type":"STATE","value":{"bookmarks":{"public-users":{"xmin":1}}}}')
    assert {"user 1", "user 2"} <= {*users(dust).values()}
    assert not [each for each in broken.states if each["bookmarks"].get("public-users", {}).get("xmin")]

    written(tmp_path, settings, *tap.lines(broken.states[-1] if broken.states else state))
    assert {2: "user 2", 3: "three"} == users(dust)


def test_an_incremental_table_goes_on_and_keeps_what_it_does_not_bring(
    source: Source, tap: Tap, dust: LocalDust, tmp_path: Path
) -> None:
    """The tap activates its version in front of the records."""
    tap.choose("INCREMENTAL", **{"replication-key": "id"})
    first = written(tmp_path, dust.config(), *tap.lines())
    source.execute("INSERT INTO users VALUES (4, 'user 4'); DELETE FROM users WHERE id = 1")

    lines = tap.lines(first.states[-1])
    written(tmp_path, dust.config(), *lines)

    assert 3 > sum(json.loads(line)["type"] == "RECORD" for line in lines)
    assert {1, 2, 3, 4} == users(dust).keys()
