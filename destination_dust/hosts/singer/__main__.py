"""Starts the target: `target-dust --config config.json`, or `python -m destination_dust.hosts.singer`."""

import sys

from destination_dust import signals


def main() -> None:
    """Do what the arguments say."""
    signals.exit_at_once()
    # It takes seconds on a busy machine, and signals must be heeded meanwhile.
    from destination_dust.hosts.singer.target import run

    try:
        sys.exit(run(sys.argv[1:]))
    finally:
        signals.stand_down()


if __name__ == "__main__":
    main()
