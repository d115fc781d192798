"""Starts the connector: `python -m destination_dust spec | check | write | preview`."""

import gc
import sys

from destination_dust import signals

# Collections, by default one for each 700 new objects, would look at all records that wait.
NEW_OBJECTS = 50_000


def main() -> None:
    """Run the command that the arguments name."""
    signals.exit_at_once()
    if sys.argv[1:] == ["spec"] and sys.stdout:  # if it is closed, `DestinationDust.run` says so
        _print_specification()
        return
    # It takes seconds on a busy machine, and signals must be heeded meanwhile.
    from destination_dust.destination import DestinationDust

    # Only in a process of our own: how a host collects garbage is up to it.
    gc.freeze()  # what was imported lives as long as the process
    gc.set_threshold(NEW_OBJECTS)

    try:
        DestinationDust().run(sys.argv[1:])
    finally:
        signals.stand_down()


def _print_specification() -> None:
    """Exits with 1 if no one reads it, as the other commands do."""
    from destination_dust.specification import specification

    try:
        with open(sys.stdout.fileno(), "wb", closefd=False) as output:
            output.write(specification())
    except BrokenPipeError:
        sys.exit(1)


if __name__ == "__main__":
    main()
