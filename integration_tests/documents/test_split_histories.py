"""Histories of records that grow and shrink, found by search: killed anywhere, Dust ends up with all of their parts.

Records are set to texts of all sizes, which often share their beginning, and are deleted. Syncs bring what no
acknowledged state covers, sometimes as a refresh that removes old records, and may be killed at any request.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from integration_tests.harness.contents import documents
from integration_tests.harness.messages import catalog, complete, record, state, stream
from integration_tests.harness.simulation import Death, Simulation
from integration_tests.harness.tables import GONE

FEW, MANY = 150, 3_000
SIZES = (10, 14_000, 40_000, 80_000)
SETTINGS: dict[str, Any] = {"on_record_error": "split", "text_format": "markdown"}


def body(chance: random.Random) -> str:
    """A few texts of each size, so that a record often gets one again that it had."""
    size, variant = chance.choice(SIZES), chance.randint(0, 1)
    return f"{'same ' * (size // 10)}{f'v{variant} ' * (size // 6)}".strip()


class History:
    """One history, chosen by a seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.simulation = Simulation(seed)
        # Not a whole number of megabytes, so that the limit is found by halves.
        limits: Any = self.simulation.world.limits
        limits.text_mb = 0.02
        self.rows: dict[int, str] = {}
        self.log: list[tuple[int, str | None]] = []
        self.acknowledged = 0
        self.generation = 1

    def run(self) -> None:
        """Syncs; the last one ends well."""
        for _ in range(self.chance.randint(1, 4)):
            for _ in range(self.chance.randint(1, 4)):
                self._change()
            dies = self.chance.random() < 0.7
            self._sync(Death(self.chance.randint(0, 25), late=self.chance.random() < 0.5) if dies else None)
        self._sync(None)

    def _change(self) -> None:
        number = self.chance.randint(1, 3)
        if number in self.rows and self.chance.random() < 0.25:
            del self.rows[number]
            self.log.append((number, None))
        else:
            self.rows[number] = body(self.chance)
            self.log.append((number, self.rows[number]))

    def _sync(self, death: Death | None) -> None:
        if self.chance.random() < 0.25:
            self._refresh(death)
            return
        messages = []
        for position, (number, text) in enumerate(self.log[self.acknowledged :], self.acknowledged + 1):
            values: dict[str, Any] = GONE if text is None else {"body": text}
            messages.append(record("users", id=number, name=f"User {number}", **values))
            messages.append(state("users", position))
        self._write(messages, 0, death)

    def _refresh(self, death: Death | None) -> None:
        """All rows anew. What it does not bring goes, if it comes to its end."""
        self.generation += 1
        rows = [record("users", id=number, name=f"User {number}", body=text) for number, text in self.rows.items()]
        self._write([*rows, state("users", len(self.log)), complete("users")], self.generation, death)

    def _write(self, messages: list[dict[str, Any]], minimum: int, death: Death | None) -> None:
        streams = catalog(stream("users", generation=self.generation, minimum=minimum, sync=self.generation))
        finished = self.simulation.sync(streams, messages, death=death, **SETTINGS)
        assert finished.failure in (None, "killed"), finished.message
        self.acknowledged = max((each["id"] for each in finished.states), default=self.acknowledged)

    def expected(self) -> dict[str, str]:
        """The texts of the rows."""
        return {f"users-{number}": text for number, text in self.rows.items()}

    def found(self) -> dict[str, str]:
        """The texts in Dust, each of its parts, which must be those up to its last one."""
        texts: dict[str, dict[int, str]] = {}
        for each, stored in documents(self.simulation.world).items():
            document_id, _, number = each.partition("--part-")
            # The title is the prefix of each part.
            texts.setdefault(document_id, {})[int(number or 1)] = stored.text.partition("\n\n")[2]
        assert all(sorted(parts) == [*range(1, len(parts) + 1)] for parts in texts.values())
        return {each: _body("".join(parts[number] for number in sorted(parts))) for each, parts in texts.items()}


def _body(text: str) -> str:
    """The field alone: a short text and the id are lines of their own, a long text has a heading."""
    lines = [line for line in text.split("\n") if line and not line.startswith(("- id: ", "## "))]
    return "".join(lines).removeprefix("- body: ")


def check(seed: int) -> None:
    history = History(seed)
    history.run()

    assert history.expected() == history.found(), seed


def test_dust_has_each_record_in_its_parts() -> None:
    """No part is missing, of an older text, or left over."""
    for seed in range(FEW):
        check(seed)


def test_a_cleanup_that_dies_leaves_no_part_behind() -> None:
    """Of dozens of parts, which the record does not need when it comes again: each is found, wherever it ended."""
    number = 95
    large, small = "some text " * (number * 1_638 - 100), "small"
    for death in (10, 39, 50, 70, 92, 98):
        simulation = Simulation(death)
        limits: Any = simulation.world.limits
        limits.text_mb = 0.02
        simulation.sync(catalog("users"), [record("users", id=1, name="User 1", body=large)], **SETTINGS)
        assert number == len(documents(simulation.world))
        refresh = catalog(stream("users", generation=2, minimum=2))
        simulation.sync(refresh, [complete("users")], death=Death(death, late=False), **SETTINGS)

        simulation.sync(catalog("users"), [record("users", id=1, name="User 1", body=small)], **SETTINGS)

        assert {"users-1"} == documents(simulation.world).keys(), death


@pytest.mark.long
def test_dust_has_each_record_in_its_parts_in_many_histories() -> None:
    """The same, for long."""
    for seed in range(FEW, MANY):
        check(seed)
