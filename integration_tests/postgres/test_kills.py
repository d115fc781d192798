"""Killed at any moment, the example loses nothing, and PostgreSQL forgets nothing that Dust does not have."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import pytest

from integration_tests.harness.contents import contents
from integration_tests.postgres.source import LARGE, USERS, Replicator, Source, caught_up
from local_dust import LocalDust

KILLS = 20
IN_COPY = 4


def write(source: Source, chance: random.Random, numbers: list[int]) -> int:
    """Change some rows, each in a transaction, and add one that no later transaction touches. Returns its id."""
    for _ in range(chance.randint(1, 6)):
        number = chance.choice(numbers)
        match chance.randint(0, 4):
            case 0:
                source.execute("INSERT INTO users VALUES (%s, 'new', %s) ON CONFLICT DO NOTHING", number, "b" * 3000)
            case 1:
                source.execute("UPDATE users SET name = name || '.' WHERE id = %s", number)
            case 2:
                source.execute("DELETE FROM users WHERE id = %s", number)
            case 3:
                other = chance.choice(numbers)
                source.execute(
                    "UPDATE users SET id = %s WHERE id = %s AND NOT EXISTS (SELECT 1 FROM users WHERE id = %s)",
                    *(other, number, other),
                )
            case 4:
                source.execute(f"UPDATE users SET body = {LARGE} || id WHERE id = %s", number)
    ((untouched,),) = source.execute("INSERT INTO users SELECT max(id) + 1000, 'untouched' FROM users RETURNING id")
    return int(untouched)


def is_time(source: Source, dust: LocalDust, at: int, arrivals: int | None) -> bool:
    """Whether Dust has got so many calls in all, or everything up to an LSN is confirmed."""
    return source.confirmed() >= at or (arrivals is not None and len(dust.world.arrivals) >= arrivals)


@pytest.mark.timeout(580)
def test_twenty_kills_lose_nothing(source: Source, dust: LocalDust, tmp_path: Path) -> None:
    """Wherever they strike: in the copy, in a call, between Dust's answer and the confirmation, after it."""
    chance = random.Random(20)
    settings = dust.config(max_concurrency=2)
    source.execute(USERS)
    source.execute("ALTER TABLE users ALTER body SET STORAGE EXTERNAL")
    source.execute(f"INSERT INTO users SELECT i, 'user', {LARGE} FROM generate_series(1, 8) i")
    untouched: dict[int, int] = {}
    confirmed = [0]
    unconfirmed = 0

    for kill in range(KILLS):
        if kill == IN_COPY:
            caught_up(source, settings, tmp_path)
        number = write(source, chance, [*range(1, 13)])
        untouched[number] = at = source.position()
        arrivals, after = len(dust.world.arrivals) + chance.randint(0, 8), chance.random() < 0.3
        # However fast the machine is, some strike before anything is confirmed.
        hold = dust.hold(lambda arrival: arrival.is_upsert) if kill % 5 == 2 else None
        with Replicator(source, settings, tmp_path) as replicator:
            if hold:
                hold.wait_for(1)
            else:
                replicator.wait_for(partial(is_time, source, dust, at, None if after else arrivals))
            replicator.kill()
        if hold:
            hold.let_go()
        confirmed.append(source.confirmed())
        unconfirmed += confirmed[-1] < at
        stored = contents(dust.world)
        # PostgreSQL sends again what was not confirmed; the rest must be in Dust.
        assert [] == [each for each, at in untouched.items() if at <= confirmed[-1] and f"users-{each}" not in stored]
    caught_up(source, settings, tmp_path)

    assert sorted(confirmed) == confirmed
    assert 3 < len({*confirmed}), "kills must come after a confirmation"
    assert KILLS // 5 <= unconfirmed, "and before one"
    rows = source.execute("SELECT id, name, body FROM users ORDER BY id")
    found = sorted((each["id"], each["name"], each["body"]) for each in contents(dust.world).values())
    assert rows == found
