"""The routes of Dust's public API: the checks, in their order, and the answers."""
