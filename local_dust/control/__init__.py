"""Controls for tests: the log of arrivals, faults, held answers."""
