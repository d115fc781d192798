"""The levers of tests: the log of arrivals, faults, held answers."""
