"""Syncs recorded records of a real source into a local Dust: `make demo`."""
