"""Dust's HTTP API, without a word of Airbyte: documents, tables, limits, retries."""
