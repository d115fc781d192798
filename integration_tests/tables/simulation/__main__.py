"""Runs seeds again: `python -m integration_tests.tables.simulation SEED …`, or `FIRST-LAST`."""

from __future__ import annotations

import faulthandler
import sys
import time

from integration_tests.tables.simulation.run import Connection

# Seconds of a seed, which takes a fraction of one: what takes longer hangs, in a place that its traceback shows.
LONGEST = 60


def main(arguments: list[str]) -> int:
    """Returns how many seeds failed. One alone shows its log."""
    seeds = [
        seed
        for argument in arguments
        for first, _, last in [argument.partition("-")]
        for seed in range(int(first), int(last or first) + 1)
    ]
    failed, began = 0, time.perf_counter()
    for seed in seeds:
        connection = Connection(seed)
        faulthandler.dump_traceback_later(LONGEST, exit=True)
        try:
            connection.run()
        except AssertionError as error:
            failed += 1
            print(f"seed {seed}: {error}")
        if len(seeds) == 1:
            print("\n".join(connection.log))
    print(f"{len(seeds)} seeds, {failed} failed, {(time.perf_counter() - began) / len(seeds) * 1000:.0f} ms each")
    return min(failed, 100)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
