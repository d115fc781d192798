"""Airbyte's protocol: messages, the catalog, states. Nothing here knows Dust."""
