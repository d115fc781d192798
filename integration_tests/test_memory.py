"""The memory of the real process while states wait."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration_tests.harness.connector import Connector
from integration_tests.harness.messages import catalog, record, state
from local_dust import LocalDust

# Together, they are many times what may wait in memory.
STATES = 100
STATE_BYTES = 900_000
MOST_MB = 40

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs the /proc of Linux")


def resident(connector: Connector, field: str) -> float:
    """The resident memory of a process in MB: VmRSS now, VmHWM at its peak."""
    status = Path(f"/proc/{connector.process.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


def test_states_that_wait_take_no_memory(dust: LocalDust, tmp_path: Path) -> None:
    """A state of 0.9 MB after each record, while Dust answers nothing. All of them come back in the end."""
    held = dust.hold(lambda arrival: arrival.is_upsert)
    connector = Connector("write", tmp_path, config=dust.config(), catalog=catalog("users"))
    connector.send(record("users", id=0))
    held.wait_for(1)
    before = resident(connector, "VmRSS")

    for number in range(1, STATES):
        connector.send(state("users", number, filler="x" * STATE_BYTES), record("users", id=number))

    assert MOST_MB > resident(connector, "VmHWM") - before
    held.let_go()
    assert 0 == connector.finish(state("users", STATES))
    assert [*range(1, STATES + 1)] == [each["id"] for each in connector.states()]
