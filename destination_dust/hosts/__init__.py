"""Adapters for programs that move data, each with its own packages (docs/python.md)."""
