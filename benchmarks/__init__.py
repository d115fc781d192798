"""Measurements of the connector against a local Dust. They print figures, and fail only where a bound is promised."""
