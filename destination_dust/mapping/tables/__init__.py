"""From a record to a row."""
