"""Airbyte's own clients drive the connector as users do: `make test-clients`."""
