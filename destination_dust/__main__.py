"""Starts the connector: `python -m destination_dust spec | check | write | preview`."""

import sys

from destination_dust import signals


def main() -> None:
    """Run the command that the arguments name."""
    signals.exit_at_once()
    # It takes seconds on a busy machine, and signals must be heeded meanwhile.
    from destination_dust.destination import DestinationDust

    try:
        DestinationDust().run(sys.argv[1:])
    finally:
        signals.stand_down()


if __name__ == "__main__":
    main()
