"""The routes of Dust's public API: the checks in Dust's order, and the answers."""
