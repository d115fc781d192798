"""Pure functions from records to what Dust stores: ids, documents, rows."""
