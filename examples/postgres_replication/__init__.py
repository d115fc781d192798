"""Keeps tables of PostgreSQL in Dust by logical replication: a copy first, then every change (README.md)."""
