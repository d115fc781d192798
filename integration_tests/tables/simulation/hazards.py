"""What goes wrong in a simulated sync. All of it passes, within the time that the connector gives it."""

from __future__ import annotations

import random
from typing import Any

from integration_tests.harness.source import FAILS, REFUSED
from integration_tests.harness.tables import is_look
from integration_tests.harness.virtual_sync import VirtualSimulation
from local_dust import Arrival
from local_dust.control.faults import Kind

ROWS = r"/rows(/|$)"
# A write whose answer was lost lands within a minute: that is as long as the connector leaves its table alone.
LATEST_LANDING = 50.0
# Shorter than the retry budget, together with what else happens to one call.
LONGEST_OUTAGE = 240.0
# Shorter than three minutes, after which a table whose rows alone fail counts as unreadable.
LONGEST_PARTIAL_OUTAGE = 150.0
# A row that cannot be read twice, around a read of its table that succeeds, is taken to be gone.
WELL = 10.0


def limits(chance: random.Random, tables: int) -> dict[str, Any]:
    """How large and how slow this Dust is. Merges are serial, so those of many tables have to be quick."""
    rates = [None, 100_000.0, 20.0] if tables > 3 else [None, 100_000.0, 20.0, 2.0]
    return {
        "merge_rows_per_second": chance.choice(rates),
        "pending_files": chance.choice([100, 100, 100, 90]),
        "pass_cells": chance.choice([5_000_000, 5_000_000, 60]),
    }


# A merge of 30 rows takes 86 s: it outlives the lock of 60 s, but not by another minute.
OUTLIVING: dict[str, Any] = {"merge_rows_per_second": 0.35}
SLUGGISH: dict[str, Any] = {"merge_rows_per_second": 0.5}


def poison(simulation: VirtualSimulation) -> None:
    """Dust refuses bad rows, whatever comes with them."""
    add = simulation.world.faults.add
    add("status", method="POST", path=ROWS, containing=FAILS, message="Failed to upsert database rows.")
    add("status", method="POST", path=ROWS, containing=REFUSED, status=400, type="invalid_request_error", message="bad")


def let_loose(
    simulation: VirtualSimulation, chance: random.Random, *, tables: list[str], seconds: float, lossy: bool
) -> list[str]:
    """Begin some troubles, and say which. `seconds`: how long there is input.

    `lossy`: also lose rows without a word, which the connector must see.
    """
    begun = [_core_outage(simulation, chance, seconds) for _ in range(chance.choice([0, 0, 0, 0, 0, 1, 1, 3]))]
    for share, hazard in (
        (0.4, _partial_outage),
        (0.15, _partial_outage),
        (0.2, _gateway),
        (0.35, _late_landing),
        (0.1, _no_connection),
        (0.2, _slow_network),
        (0.3, outage_at_looks),
        (0.2, _no_file_yet),
    ):
        if chance.random() < share:
            begun.append(hazard(simulation, chance))
    if lossy and chance.random() < 0.3:
        table, what = chance.choice(tables), chance.choice(["first", "last", "Too many columns"])
        which, error = (None, what) if " " in what else (what, None)
        simulation.world.lose_rows(table, which=which, error=error)
        begun.append(f"{table} loses: {what}")
    return begun


def clear(simulation: VirtualSimulation) -> None:
    """End them all, except that what is under way still lands."""
    simulation.world.faults.clear()
    simulation.world.table_faults.clear()
    simulation.world.lose_no_rows()
    simulation.dust.slow, simulation.dust.unreachable = 0.02, (0.0, 0.0)
    simulation.dust.on_arrival = lambda _: None


def _partial_outage(simulation: VirtualSimulation, chance: random.Random) -> str:
    kinds: list[tuple[Kind, int]] = [("status", 500), ("html", 502), ("html", 503), ("html", 504), ("reset", 0)]
    kind, status = chance.choice(kinds)
    landing = chance.uniform(0, LATEST_LANDING) if status != 500 and chance.random() < 0.4 else None
    rule: dict[str, Any] = {
        "path": chance.choice(["/tables", ROWS]),
        "share": chance.uniform(0.1, 0.95),
        "seed": chance.randrange(1000),
        "starts": chance.uniform(0, 60),
        "lasts": chance.uniform(10, LONGEST_PARTIAL_OUTAGE),
        "status": status,
        "effect": chance.random() < 0.3,
        "lands_after": landing,
    }
    simulation.world.faults.add(kind, **rule)
    return f"partial outage: {kind} {rule}"


def _core_outage(simulation: VirtualSimulation, chance: random.Random, seconds: float) -> str:
    begins, lasts = chance.uniform(0, seconds + 90), chance.uniform(5, LONGEST_OUTAGE)
    simulation.time.at(simulation.time.now + begins, lambda: simulation.world.table_faults.outage(lasts))
    return f"core outage: from {begins:.0f} s on for {lasts:.0f} s"


def outage_at_looks(simulation: VirtualSimulation, chance: random.Random) -> str:
    """A row that cannot be read then is not there, as far as the answer says. Dust is well for some time after each."""
    share, lasts, left = chance.uniform(0.3, 0.9), chance.choice([0.3, 0.3, 2.0, 60.0]), chance.randint(1, 8)
    well_until = 0.0

    def arrived(arrival: Arrival) -> None:
        nonlocal left, well_until
        if left and arrival.time >= well_until and is_look(arrival) and chance.random() < share:
            left, well_until = left - 1, arrival.time + lasts + WELL
            simulation.world.table_faults.outage(lasts)

    simulation.dust.on_arrival = arrived
    return f"core outage: for {lasts} s when a row is read, {left} times"


def _gateway(simulation: VirtualSimulation, chance: random.Random) -> str:
    size, status = chance.randint(2500, 6000), chance.choice([413, 504])
    landing = chance.uniform(0, LATEST_LANDING) if status == 504 and chance.random() < 0.5 else None
    simulation.world.faults.add("html", status=status, method="POST", path=ROWS, larger_than=size, lands_after=landing)
    return f"gateway: {status} above {size} bytes, which land after {landing}"


def _late_landing(simulation: VirtualSimulation, chance: random.Random) -> str:
    seconds, status = chance.uniform(0, LATEST_LANDING), 504
    if chance.random() < 0.2:
        seconds, status = 0.0, 500  # an error of Dust's own is its last word
    rule: dict[str, Any] = {
        "truncates": chance.choice([None, True, True, False]),
        "status": status,
        "skip": chance.choice([0, 0, 1, 3]),
        "times": chance.choice([1, 1, 2]),
    }
    simulation.world.table_faults.land_late(seconds, **rule)
    return f"late landing: after {seconds:.0f} s {rule}"


def _no_connection(simulation: VirtualSimulation, chance: random.Random) -> str:
    begins = simulation.time.now + chance.uniform(0, 90)
    simulation.dust.unreachable = (begins, begins + chance.uniform(5, LONGEST_OUTAGE))
    return f"no connection: {simulation.dust.unreachable}"


def _slow_network(simulation: VirtualSimulation, chance: random.Random) -> str:
    simulation.dust.slow = chance.uniform(0.1, 0.6)
    return f"slow network: {simulation.dust.slow:.1f}"


def _no_file_yet(simulation: VirtualSimulation, _chance: random.Random) -> str:
    simulation.world.table_faults.fails_while_empty = True
    return "rows of empty tables cannot be listed"
