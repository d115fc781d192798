"""Tables as Dust's server keeps them: a queue, its merges, CSV files that are read again each time."""
