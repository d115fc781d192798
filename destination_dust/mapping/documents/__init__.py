"""From a record to a document."""
