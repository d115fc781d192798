"""The example of PyAirbyte on a schedule, run as systemd runs it: in a folder that it keeps."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integration_tests.airbyte_tools.clients import CLIENTS, Client, Source
from integration_tests.airbyte_tools.conftest import QuickDust
from integration_tests.harness.contents import contents
from integration_tests.harness.launcher import ROOT


def _attempt(client: Client, faker: Source, config: dict[str, Any]) -> int:
    """The exit code of one turn of the schedule."""
    example = json.loads((ROOT / "examples" / "pyairbyte" / "settings.example.json").read_text(encoding="utf-8"))
    settings = {"count": 20, "seed": 1, "parallelism": 1}
    example["source"] |= {"local_executable": str(faker.executable), "config": settings, "streams": ["users"]}
    example["destination"] |= {"local_executable": str(client.connector()), "config": config}
    (client.folder / "settings.json").write_text(json.dumps(example))
    code, _ = client.attempt(CLIENTS / "python", ROOT / "examples" / "pyairbyte" / "sync.py", "settings.json")
    return code


@pytest.mark.timeout(600)  # PyAirbyte starts six processes in it, which takes minutes on a busy machine
def test_each_turn_leaves_the_source_in_dust(dust: QuickDust, client: Client, faker: Source) -> None:
    """The first brings it; a second, which goes on from the state that was kept, loses nothing."""
    config = dust.settings("documents")

    assert 0 == _attempt(client, faker, config), client.output
    first = contents(dust.world)
    assert 0 == _attempt(client, faker, config), client.output

    assert 20 == len(first)
    assert first.keys() == contents(dust.world).keys()


def test_a_turn_that_stores_nothing_fails(dust: QuickDust, client: Client, faker: Source) -> None:
    """So that systemd sees it and tries again."""
    assert 0 != _attempt(client, faker, {**dust.settings("documents"), "api_key": "sk-wrong"})
    assert {} == contents(dust.world)
