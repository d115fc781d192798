"""What becomes of a record: a document or a table row. The loop knows these by their protocol only."""
