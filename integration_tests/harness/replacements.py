"""The stream of users, as it is replaced."""

from __future__ import annotations

from typing import Any

from integration_tests.harness.messages import record, stream

USERS = stream("users")


def users(*numbers: int, **more: Any) -> list[dict[str, Any]]:
    """A record for each number."""
    return [record("users", id=number, **more) for number in numbers]


def ids(*numbers: int) -> set[str]:
    return {f"users-{number}" for number in numbers}


def truncating(generation: int, **more: Any) -> dict[str, Any]:
    """The stream of users, to be replaced in the way the platform asks for it."""
    return stream("users", generation=generation, minimum=generation, **more)
