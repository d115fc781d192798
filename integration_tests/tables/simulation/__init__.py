"""Syncs into tables in a world where everything goes wrong, each chosen by a seed and judged by an oracle.

    python -m integration_tests.tables.simulation SEED …

runs seeds again, with what happened.
"""
