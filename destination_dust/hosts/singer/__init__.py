"""Dust as a target of Singer's taps, and so of Meltano: `target-dust` on the command line."""
