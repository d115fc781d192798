"""Starts the connector: `python -m destination_dust spec | check | write | preview`."""

import sys

from destination_dust.destination import DestinationDust


def main() -> None:
    """Run the command that the arguments name."""
    DestinationDust().run(sys.argv[1:])


if __name__ == "__main__":
    main()
