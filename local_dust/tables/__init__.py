"""Tables as Dust's server stores them: a queue, its merges, and CSV files that are re-read each time."""
