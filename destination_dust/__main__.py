"""Starts the connector: `python -m destination_dust spec | check | write | preview`."""

import gc
import sys

from destination_dust import signals

# Collections, by default one for each 700 new objects, would look at all records that wait.
NEW_OBJECTS = 50_000


def main() -> None:
    """Run the command that the arguments name."""
    signals.exit_at_once()
    if sys.argv[1:] == ["spec"] and sys.stdout:  # if it is closed, `commands.run` says so
        _print_specification()
        return
    # Imports take seconds on a busy machine, and signals must be heeded meanwhile.
    from destination_dust.command_line import parse

    options = parse(sys.argv[1:])
    from destination_dust.commands import run

    # Only in a process of our own: how a host collects garbage is up to it.
    gc.freeze()  # what was imported lives as long as the process
    gc.set_threshold(NEW_OBJECTS)

    try:
        sys.exit(run(options))
    finally:
        signals.stand_down()


def _print_specification() -> None:
    """Exits with 1 if no one reads it, as the other commands do."""
    from destination_dust.specification import specification

    try:
        with open(sys.stdout.fileno(), "wb", closefd=False) as output:
            output.write(specification() + b"\n")
    except BrokenPipeError:
        sys.exit(1)


if __name__ == "__main__":
    main()
