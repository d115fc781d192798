"""Dust's HTTP API: documents, tables, limits, retries. Nothing here knows Airbyte."""
