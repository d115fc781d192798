"""Starts the connector: `python main.py spec | check | write | preview`."""

from destination_dust.__main__ import main

if __name__ == "__main__":
    main()
