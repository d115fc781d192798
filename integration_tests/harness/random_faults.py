"""Faults of a local Dust, chosen by a seed, that pass within the time that the connector gives them."""

from __future__ import annotations

import random
from typing import Any

from local_dust import LocalDust

# All waits are a part of this, where it is small: a write without an answer keeps others away for a fifteenth of it.
BUDGET = 10.0
LATEST_LANDING = 0.4
LONGEST_OUTAGE = 3.0
# A table whose rows alone fail for a fifth of the budget counts as unreadable.
LONGEST_ERRORS = 0.8
ODD_WORDS = (
    "Whoa there",
    "",
    '{"error": "calm down"}',
    '{"error": {"type": "rate_limit_error", "message": "Zu viel"}}',
)


def begin_faults(dust: LocalDust, chance: random.Random, *, tables: bool) -> list[str]:
    """Begin some faults, and say which. `tables`: for a sync into tables, whose requests can be too large."""
    begun = []
    for _ in range(chance.randint(1, 3)):
        name, fault = chance.choice([*_faults(chance, tables=tables).items()])
        rule = {
            "path": chance.choice(["", "/(documents|rows)"]),
            "share": chance.uniform(0.1, 0.9),
            "seed": chance.randrange(1000),
            "starts": chance.uniform(0, 2),
            "lasts": chance.uniform(0.5, LONGEST_OUTAGE),
            **fault,
        }
        dust.faults.add(**rule)
        begun += [name, str(rule)]
    return begun


def _faults(chance: random.Random, *, tables: bool) -> dict[str, dict[str, Any]]:
    page = {"kind": "html", "status": chance.choice([500, 502, 503, 504])}
    goes_on = {"kind": chance.choice(["html", "reset"]), "status": 504}
    faults: dict[str, dict[str, Any]] = {
        "partial outage": {**page, "effect": chance.random() < 0.5},
        "errors of Dust": {
            "kind": "status",
            "status": 500,
            "effect": chance.random() < 0.3,
            "lasts": chance.uniform(0.2, LONGEST_ERRORS),
        },
        "resets": {"kind": "reset", "effect": chance.random() < 0.5},
        "gateway": {**goes_on, "method": "POST", "lands_after": chance.uniform(0, LATEST_LANDING), "times": 5},
        "slow headers": {"kind": "slow_headers", "seconds": chance.uniform(0.001, 0.02), "times": 10},
        "wrong 200": {"kind": chance.choice(["html", "ok_error", "body"]), "status": 200, "body": "{}", "times": 5},
        "cut off": {"kind": "truncated", "times": 5},
        "limit": {"kind": "body", "status": 429, "body": chance.choice(ODD_WORDS), "times": 3},
    }
    if tables:
        faults["too large"] = {
            "kind": "html",
            "status": 413,
            "method": "POST",
            "path": "/rows",
            "larger_than": 3500,
        }
    return faults
