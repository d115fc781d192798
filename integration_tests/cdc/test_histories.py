"""Histories of a captured table, found by search: killed anywhere, Dust ends up with what Postgres has.

A history is a list of changes of rows with a large text, sent as the default replica identity has it: updates without
the text if they left it alone, tombstones with nothing but the key. Syncs bring what no acknowledged state covers, and
may be killed at any request. In the end Dust must have the very values of Postgres; where it cannot, the log says so.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from integration_tests.harness.contents import contents
from integration_tests.harness.messages import state
from integration_tests.harness.postgres import UNAVAILABLE_TEXT, changed, gone, table
from integration_tests.harness.simulation import Death, Simulation
from integration_tests.harness.tables import stored

FEW, MANY = 120, 5_000
FORMATS = [("documents", "hard"), ("tables", "hard"), ("tables", "soft")]


@dataclass
class Postgres:
    """A table, and its log of changes as a source reads it."""

    chance: random.Random
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    deleted: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Rows that are gone, as they were, and when they went."""
    log: list[dict[str, Any]] = field(default_factory=list)
    version: int = 0
    seconds: int = 0

    def change(self) -> None:
        """Insert, update or delete a row."""
        number = self.chance.randint(1, 4)
        self.version += 1
        self.seconds += self.chance.randint(1, 90)
        now = {"at": f"2026-05-02T00:{self.seconds // 60:02}:{self.seconds % 60:02}.000000Z"}
        title, body = f"title {self.version}", f"body {self.version}"
        if number not in self.rows:
            self.deleted.pop(number, None)
            self.rows[number] = {"title": title, "body": body}
            self.log.append(changed(number, **now, **self.rows[number]))
        elif self.chance.random() < 0.25:
            deleted_at = now["at"].replace("T", " ").removesuffix(".000000Z")
            self.deleted[number] = {**self.rows.pop(number), "_ab_cdc_deleted_at": deleted_at}
            self.log.append(gone(number, **now))
        elif self.chance.random() < 0.3:
            self.rows[number] = {"title": title, "body": body}
            self.log.append(changed(number, **now, **self.rows[number]))
        else:
            self.rows[number]["title"] = title
            self.log.append(changed(number, **now, title=title, body=UNAVAILABLE_TEXT))


class History:
    """One history, chosen by a seed."""

    def __init__(self, seed: int, data_format: str, deletes: str) -> None:
        self.chance = random.Random(seed)
        self.postgres = Postgres(self.chance)
        self.simulation = Simulation(seed)
        self.settings: dict[str, Any] = {"data_format": data_format, "cdc_deletes": deletes}
        self.acknowledged = 0
        self.warnings: list[str] = []

    def run(self) -> None:
        """Syncs; the last one ends well."""
        for _ in range(self.chance.randint(1, 4)):
            for _ in range(self.chance.randint(1, 8)):
                self.postgres.change()
            dies = self.chance.random() < 0.6
            self._sync(Death(self.chance.randint(0, 12), late=self.chance.random() < 0.5) if dies else None)
            if self.chance.random() < 0.5:
                # Not merged, the rows of a killed sync are behind what the next one sends.
                self.simulation.time.pause(self.chance.choice([1.0, 30.0]))
        self.warnings.clear()
        self._sync(None)

    def _sync(self, death: Death | None) -> None:
        messages: list[dict[str, Any]] = []
        for position, change in enumerate(self.postgres.log[self.acknowledged :], self.acknowledged + 1):
            messages.append(change)
            if self.chance.random() < 0.3 or position == len(self.postgres.log):
                messages.append(state("tickets", position))
        finished = self.simulation.sync(table(), messages, death=death, **self.settings)
        assert finished.failure == ("killed" if finished.failure else None), finished.message
        self.acknowledged = max((each["id"] for each in finished.states), default=self.acknowledged)
        self.warnings += finished.warnings

    def expected(self) -> dict[str, dict[str, Any]]:
        """The rows of Postgres, and with soft deletes those that it had."""
        found = {f"tickets-{number}": {"id": number, **row} for number, row in self.postgres.rows.items()}
        if self.settings["cdc_deletes"] == "soft":
            for number, row in self.postgres.deleted.items():
                found[f"tickets-{number}"] = {"id": number, **row}
        return found

    def found(self) -> dict[str, dict[str, Any]]:
        """The documents or rows in Dust."""
        world = self.simulation.world
        if self.settings["data_format"] == "documents":
            return contents(world)
        hidden = ("_ab_cdc_lsn", "_ab_cdc_updated_at")
        rows = stored(world, "airbyte_tickets").items() if world.tables() else ()
        return {each: {name: cell for name, cell in row.items() if name not in hidden} for each, row in rows}


def check(seed: int, data_format: str, deletes: str) -> None:
    history = History(seed, data_format, deletes)
    history.run()

    assert history.expected() == history.found(), (seed, json.dumps(history.postgres.log))


@pytest.mark.parametrize(("data_format", "deletes"), FORMATS)
def test_dust_has_what_postgres_has(data_format: str, deletes: str) -> None:
    """Each value, also those that the last update did not bring, and those of rows that were deleted softly."""
    for seed in range(FEW):
        check(seed, data_format, deletes)


@pytest.mark.long
@pytest.mark.parametrize(("data_format", "deletes"), FORMATS)
def test_dust_has_what_postgres_has_in_many_histories(data_format: str, deletes: str) -> None:
    """The same, for long."""
    for seed in range(FEW, MANY):
        check(seed, data_format, deletes)
